/** The in-app channel on real NATS; the gateway is played by the test. */
import { momentReplyV1, subjects, type Command, type MomentReply } from "#contracts";
import type { Service } from "#service";
import { ChannelBench } from "../testing/channel-bench.js";

describe("commands on the in-app channel", () => {
  let bench: ChannelBench;
  let service: Service;
  let stop: (() => void)[] = [];
  let n = 0;

  beforeAll(async () => {
    bench = await ChannelBench.open();
    service = await bench.start();
  });
  afterEach(() => {
    for (const end of stop) end();
    stop = [];
    bench.gate.judge = () => ({ answer: "go", reason: "permitted" });
  });
  afterAll(async () => {
    await service.stop();
    await bench.close();
  });

  /** A gateway at which one caller waits; answers what `taken` says, or not at all. */
  const gateway = (
    taken: (reply: MomentReply) => boolean | undefined,
  ): { to: string; told: MomentReply[] } => {
    const to = subjects.momentReply("test", ++n);
    const told: MomentReply[] = [];
    const subscription = bench.servers.nc.subscribe(to, {
      callback: (_, m) => {
        const reply = momentReplyV1.parse(m.json());
        told.push(reply);
        const answer = taken(reply);
        if (answer !== undefined) m.respond(JSON.stringify({ taken: answer }));
      },
    });
    stop.push(() => subscription.unsubscribe());
    return { to, told };
  };
  const command = (more: Partial<Command> = {}): Command => {
    const now = Date.now();
    return bench.command(["inapp"], { expiresAt: now + 5_000, validUntil: now + 900_000, ...more });
  };

  it("answers the caller after the gate, and is delivered when the gateway says that the caller got it (I5, I8)", async () => {
    const { to, told } = gateway(() => true);
    let toldBeforeGate = -1;
    bench.gate.judge = () => {
      toldBeforeGate = told.length;
      return { answer: "go", reason: "permitted" };
    };
    const c = command({ replyTo: to });
    await bench.order(c);
    const { outcome } = await bench.ended(c);
    expect(outcome).toMatchObject({ kind: "delivered", channel: "inapp", reason: "receipt" });
    expect(toldBeforeGate).toBe(0);
    expect(told).toEqual([
      {
        decision: {
          decisionId: c.decisionId,
          commandId: c.commandId,
          action: c.action,
          channel: "inapp",
          title: "Hello",
          body: "You moved 120",
          expiresAt: c.validUntil,
        },
        reason: "act",
      },
    ]);
  });

  it("has expired when the gateway says that it was too late, and goes to no other channel", async () => {
    const { to } = gateway(() => false);
    const now = Date.now();
    const c = bench.command(["inapp", "push"], { replyTo: to, expiresAt: now + 5_000 });
    await bench.order(c);
    expect((await bench.ended(c)).outcome).toMatchObject({ kind: "expired", reason: "too_late", tried: [] });
    expect(bench.ledger(c)).toEqual([]);
  });

  it("has expired when nobody waits there any more", async () => {
    const c = command({ replyTo: subjects.momentReply("nobody", 1) });
    await bench.order(c);
    expect((await bench.ended(c)).outcome).toMatchObject({ kind: "expired", reason: "caller_gone" });
  });

  it("asks again when the confirmation is lost, and is delivered once it hears", async () => {
    const { to, told } = gateway(() => (told.length > 1 ? true : undefined));
    const c = command({ replyTo: to });
    await bench.order(c);
    expect((await bench.ended(c)).outcome).toMatchObject({ kind: "delivered" });
    expect(told).toHaveLength(2);
  });

  it("fails without a caller, so that the plan goes on", async () => {
    const alone = command();
    await bench.order(alone);
    expect((await bench.ended(alone)).outcome).toMatchObject({ kind: "failed", reason: "no_caller" });
    // Nor is anything sent to a subject that no gateway waits at.
    const forged = command({ replyTo: subjects.evtOfCustomer("c1") });
    await bench.order(forged);
    expect((await bench.ended(forged)).outcome).toMatchObject({ kind: "failed", reason: "no_caller" });
  });

  it("tells the caller at once that the gate has stopped it", async () => {
    const { to, told } = gateway(() => false);
    bench.gate.judge = () => ({ answer: "stop", reason: "hold_opt_out" });
    const c = command({ replyTo: to });
    await bench.order(c);
    expect((await bench.ended(c)).outcome).toMatchObject({ kind: "suppressed", reason: "hold_opt_out" });
    expect(told).toEqual([{ decision: null, reason: "hold_opt_out", commandId: c.commandId }]);
  });

  it("ends a command that comes too late as what the gateway knows of an earlier delivery (I8)", async () => {
    const asked = bench.gate.asked.length;
    const told = gateway((reply) => reply.decision === null);
    const before = command({ replyTo: told.to, expiresAt: Date.now() - 1 });
    await bench.order(before);
    expect((await bench.ended(before)).outcome).toMatchObject({ kind: "delivered" });
    const never = command({ replyTo: gateway(() => false).to, expiresAt: Date.now() - 1 });
    await bench.order(never);
    expect((await bench.ended(never)).outcome).toMatchObject({ kind: "expired" });
    expect(bench.gate.asked).toHaveLength(asked);
  });
});
