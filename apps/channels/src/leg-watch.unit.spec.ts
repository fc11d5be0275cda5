import type { ChannelProvider, Receipt, Reports, SendOrder, SendResult } from "./provider.port.js";
import { sendAndWatch } from "./leg-watch.js";

const order = { receiptTimeoutMs: 1_000 } as SendOrder;

function provider(send: (reports: Reports) => Promise<SendResult>): ChannelProvider {
  return {
    name: "scripted",
    time: "wall",
    send: (_order, reports) => send(reports),
    close: () => Promise.resolve(),
  };
}

function watch(send: (reports: Reports) => Promise<SendResult>, waitMs = 5_000) {
  const late: Receipt[] = [];
  const failures: unknown[] = [];
  const w = sendAndWatch(provider(send), order, {
    waitMs,
    onLateReceipt: (r) => late.push(r),
    onResponse: () => undefined,
    onFailure: (e) => failures.push(e),
  });
  return { ...w, late, failures };
}

describe("waiting for what a provider says", () => {
  it("takes a final answer", async () => {
    expect(await watch(() => Promise.resolve({ status: "delivered", afterMs: 5 })).result).toEqual({
      status: "delivered",
      afterMs: 5,
    });
  });

  it("takes the receipt after an acceptance, and the first of two", async () => {
    let reports!: Reports;
    const w = watch((r) => {
      reports = r;
      return Promise.resolve({ status: "accepted", afterMs: 1 });
    });
    await w.answered;
    reports.receipt({ status: "delivered", afterMs: 7 });
    reports.receipt({ status: "rejected", reason: "undelivered", afterMs: 9 });
    expect(await w.result).toEqual({ status: "delivered", afterMs: 7 });
    expect(w.late).toHaveLength(1);
  });

  it("is silent when nothing positive comes in time; what comes later is only reported", async () => {
    let reports!: Reports;
    const w = watch((r) => {
      reports = r;
      return Promise.resolve({ status: "accepted", afterMs: 1 });
    }, 5);
    expect(await w.result).toEqual({ status: "silent", afterMs: 1_000 });
    reports.receipt({ status: "delivered", afterMs: 1_500 });
    expect(w.late).toHaveLength(1);
  });

  it("counts a receipt as late by its own time, however fast the wall is", async () => {
    const w = watch((r) => {
      r.receipt({ status: "delivered", afterMs: 1_001 });
      return Promise.resolve({ status: "accepted", afterMs: 1 });
    }, 20);
    expect((await w.result).status).toBe("silent");
    expect(w.late).toHaveLength(1);
  });

  it("does not know after an exception: it may have been sent", async () => {
    const w = watch(() => {
      throw new Error("broken");
    });
    expect(await w.result).toMatchObject({ status: "unknown", reason: "provider_failed" });
    expect(w.failures).toHaveLength(1);
  });

  it("has an answer when a provider hangs", async () => {
    const w = watch(() => new Promise(() => undefined), 5);
    await w.answered;
    expect((await w.result).status).toBe("silent");
  });
});
