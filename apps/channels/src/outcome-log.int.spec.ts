import { TERMINAL_OUTCOMES } from "#contracts";
import { CustomerLog } from "./customer-log.js";
import { Fallback } from "./fallback.publisher.js";
import { OutcomeLog, type CommandOrigin, type OutcomeFields } from "./outcome-log.js";
import { ChannelBench } from "./testing/channel-bench.js";

const fields = <K extends OutcomeFields["kind"]>(kind: K) => ({
  kind,
  channel: "push" as const,
  tried: [],
  reason: "test",
});

describe("outcomes in EVT", () => {
  let bench: ChannelBench;
  let log: OutcomeLog;
  let fallback: Fallback;
  const origin = (): CommandOrigin => ({ sinceMs: Date.now() - 1_000, headers: {} });

  beforeAll(async () => {
    bench = await ChannelBench.open();
    const customers = new CustomerLog(bench.servers.nc);
    log = new OutcomeLog(customers, bench.publisher);
    fallback = new Fallback(customers, bench.publisher);
  });
  afterAll(() => bench.close());

  it("lets exactly one of several writers end a command, while responses of the customer come in between (I8)", async () => {
    for (let round = 0; round < 10; round++) {
      const command = bench.command(["push"]);
      const other = bench.command(["push"], {
        customerId: command.customerId,
        commandId: `${command.customerId}.9.0.c`,
      });
      const writers = TERMINAL_OUTCOMES.map((kind) => log.end(command, fields(kind), Date.now(), origin()));
      const noise = (["opened", "clicked", "converted"] as const).map((kind) =>
        log.respond(other, fields(kind), Date.now(), origin()),
      );
      const [ends] = await Promise.all([Promise.all(writers), Promise.all(noise)]);
      const written = ends.filter((e) => e.written);
      expect(written).toHaveLength(1);
      const { outcome } = await bench.ended(command);
      expect(outcome.kind).toBe(written[0]!.kind);
      expect(new Set(ends.map((e) => e.kind))).toEqual(new Set([outcome.kind]));
    }
  });

  it("finds a command's outcome below hundreds of later ones, of this customer and in more than one batch", async () => {
    const command = bench.command(["push"]);
    const since = origin();
    expect(await log.terminalOf(command, since)).toBeUndefined();
    await log.end(command, fields("delivered"), Date.now(), since);
    const later = Array.from({ length: 600 }, (_, i) => ({
      ...command,
      commandId: `${command.customerId}.${i + 2}.0.c`,
    }));
    await Promise.all(later.map((c) => log.respond(c, fields("opened"), Date.now(), since)));
    expect(await log.terminalOf(command, since)).toBe("delivered");
    expect(await log.terminalOf({ ...command, commandId: "none.1.0.c" }, since)).toBeUndefined();
    expect(await log.end(command, fields("unknown"), Date.now(), since)).toEqual({
      kind: "delivered",
      written: false,
    });
  });

  it("tells whether the next leg was ordered", async () => {
    const command = bench.command(["sms", "email"]);
    expect(await fallback.isOrdered(command, origin())).toBe(false);
    const next = fallback.next(command, "provider_rejected", command.at + 5);
    if (!next) throw new Error("the plan has a second leg");
    expect(next).toMatchObject({
      attempt: 1,
      at: command.at + 5,
      tried: [{ channel: "sms", reason: "provider_rejected" }],
    });
    await fallback.order(next, origin());
    expect(await fallback.isOrdered(command, origin())).toBe(true);
    expect(fallback.next(next, "no_receipt", command.at)).toBeUndefined();
  });
});
