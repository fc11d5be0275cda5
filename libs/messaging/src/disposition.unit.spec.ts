import { TimeoutError } from "@nats-io/nats-core";
import { dispositionOf, RetryableFault, TerminalFault } from "./disposition.js";
import { RpcUnavailable } from "./rpc.js";

describe("disposition of a fault", () => {
  it("sends a terminal fault to DLQ at once, with its reason", () => {
    const d = dispositionOf(new TerminalFault("malformed_json", "not JSON"), { tries: 1 });
    expect(d).toMatchObject({ kind: "dead-letter", reason: "malformed_json", fault: "terminal" });
  });

  it("tries a retryable fault again for ever, later each time, up to a bound", () => {
    const delays = [1, 2, 3, 4, 50, 5_000].map((tries) => {
      const d = dispositionOf(new RetryableFault("gate away"), { tries });
      if (d.kind !== "retry") throw new Error("given up");
      return d.delayMs;
    });
    expect(delays).toEqual([250, 500, 1_000, 2_000, 30_000, 30_000]);
  });

  it("gives a retryable fault up after maxDeliver, and takes the delay that the fault asks for", () => {
    expect(dispositionOf(new RetryableFault("x", { delayMs: 7 }), { tries: 4, maxDeliver: 5 })).toMatchObject(
      { kind: "retry", delayMs: 7 },
    );
    expect(dispositionOf(new RetryableFault("x"), { tries: 5, maxDeliver: 5 })).toMatchObject({
      kind: "dead-letter",
      reason: "handler_failed",
    });
  });

  it.each([new RpcUnavailable("away"), new TimeoutError()])("takes %p for something that passes", (error) => {
    expect(dispositionOf(error, { tries: 100 })).toMatchObject({ kind: "retry", fault: "retryable" });
  });

  it("gives a defect a few tries, then DLQ (I11)", () => {
    const kinds = [1, 2, 3, 4].map(
      (tries) => dispositionOf(new TypeError("undefined is not a function"), { tries }).kind,
    );
    expect(kinds).toEqual(["retry", "retry", "dead-letter", "dead-letter"]);
    expect(dispositionOf("thrown text", { tries: 9 })).toMatchObject({
      kind: "dead-letter",
      detail: "thrown text",
    });
  });
});
