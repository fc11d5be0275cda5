import type { Command, DeskOffer } from "#contracts";
import { channelConsumers, dlqHeaders, subjects } from "#contracts";
import type { Service } from "#service";
import { eventually } from "#testing";
import { jetstreamManager } from "@nats-io/jetstream";
import { ChannelBench } from "./testing/channel-bench.js";

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** Receipts and refusals within milliseconds, so that tests wait for nothing else. */
describe("commands on real NATS", () => {
  let bench: ChannelBench;
  let service: Service;

  beforeAll(async () => {
    bench = await ChannelBench.open();
    service = await bench.start({
      // A replay clock makes a minute of receipts pass in 60 ms.
      SEGUE_CLOCK: `replay:${Date.now()}:${Date.now()}:1000`,
      SANDBOX_FAULTS: "push=deliver,sms=reject,email=deliver,atm=late,ivr=lost,agent=deliver,execute=deliver",
    });
  });
  afterAll(async () => {
    await service.stop();
    await bench.close();
  });
  beforeEach(() => {
    bench.gate.judge = () => ({ answer: "go", reason: "permitted" });
  });

  it("is delivered: one send, one terminal outcome, with trace and time of Segue's clock (I8)", async () => {
    const command = bench.command(["push"]);
    await bench.order(command, { TraceParent: TRACE, "Segue-Event-Stored-At": String(Date.now()) });
    const { event, outcome, header } = await bench.ended(command);
    expect(outcome).toMatchObject({
      kind: "delivered",
      channel: "push",
      tried: [],
      reason: "receipt",
      reservationId: command.reservationId,
    });
    expect(event).toMatchObject({
      id: `${command.commandId}:delivered`,
      source: "segue",
      type: "outcome.delivered",
      subject: command.customerId,
    });
    const afterMs = Date.parse(event.time ?? "") - command.at;
    expect(afterMs).toBeGreaterThan(0);
    expect(afterMs).toBeLessThanOrEqual(300);
    expect(header("traceparent")).toContain("0af7651916cd43dd8448eb211c80319c");
    expect(bench.ledger(command)).toHaveLength(1);
    await eventually("the command acknowledged", () => bench.idle("push"));
  });

  it("asks the gate with the delivery's facts, before the provider gets anything (I5)", async () => {
    const command = bench.command(["push"]);
    let sentBefore = -1;
    bench.gate.judge = () => {
      sentBefore = bench.ledger(command).length;
      return { answer: "go", reason: "permitted" };
    };
    const before = Date.now();
    await bench.order(command);
    await bench.ended(command);
    expect(sentBefore).toBe(0);
    const asked = bench.gate.asked.filter((r) => r.commandId === command.commandId);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      attempt: 0,
      channel: "push",
      redelivered: false,
      at: command.at,
      reservationId: command.reservationId,
    });
    expect(Math.abs(asked[0]!.publishedAt - before)).toBeLessThan(5_000);
  });

  it("falls from a refusing SMS to email within the same reservation, and ends once (I8)", async () => {
    const command = bench.command(["sms", "email"]);
    await bench.order(command, { traceparent: TRACE });
    const { outcome, header } = await bench.ended(command);
    expect(outcome).toMatchObject({
      kind: "delivered",
      channel: "email",
      tried: [{ channel: "sms", reason: "provider_rejected" }],
      reservationId: command.reservationId,
    });
    expect(header("traceparent")).toContain("0af7651916cd43dd8448eb211c80319c");
    expect(bench.ledger(command).map((l) => [l.channel, l.attempt])).toEqual([
      ["sms", 0],
      ["email", 1],
    ]);
    const asked = bench.gate.asked.filter((r) => r.commandId === command.commandId);
    expect(asked.map((r) => [r.reservationId, r.attempt])).toEqual([
      [command.reservationId, 0],
      [command.reservationId, 1],
    ]);
  });

  it("goes on without a receipt in time; the late receipt neither ends it again nor sends again", async () => {
    const command = bench.command(["atm", "ivr"]);
    await bench.order(command);
    const { outcome } = await bench.ended(command);
    expect(outcome).toMatchObject({
      kind: "failed",
      channel: "ivr",
      reason: "no_receipt",
      tried: [{ channel: "atm", reason: "no_receipt" }],
    });
    // The receipt of the ATM comes at 1.2 to 3 times its 60 s: at most 180 ms of the wall after the send.
    const sentAt = bench.ledger(command)[0]!.wallMs;
    await eventually("the late receipt is past", () => Date.now() > sentAt + 250);
    await bench.ended(command);
    expect(bench.ledger(command)).toHaveLength(2);
  });

  it("is suppressed when the customer opts out between decision and send: no provider call (I5)", async () => {
    const command = bench.command(["push", "email"]);
    bench.gate.judge = () => ({ answer: "stop", reason: "hold_opt_out" });
    await bench.order(command);
    const { outcome } = await bench.ended(command);
    expect(outcome).toMatchObject({ kind: "suppressed", channel: "push", reason: "hold_opt_out" });
    expect(bench.ledger(command)).toEqual([]);
  });

  it("is suppressed on the second leg too, with what was tried before", async () => {
    const command = bench.command(["sms", "email"]);
    bench.gate.judge = (r) =>
      r.attempt === 0 ? { answer: "go", reason: "permitted" } : { answer: "stop", reason: "consent_refused" };
    await bench.order(command);
    const { outcome } = await bench.ended(command);
    expect(outcome).toMatchObject({ kind: "suppressed", channel: "email", tried: [{ channel: "sms" }] });
    expect(bench.ledger(command)).toHaveLength(1);
  });

  it("sends nothing while the gate is away, and sends once it is back (I5)", async () => {
    bench.gate.stop();
    const command = bench.command(["push"]);
    await bench.order(command);
    const jsm = await jetstreamManager(bench.servers.nc);
    await eventually(
      "the command put back",
      async () => (await jsm.consumers.info("CMD", "channel-push")).num_redelivered > 0 || undefined,
    );
    expect(bench.ledger(command)).toEqual([]);
    expect(await bench.outcomes(command)).toEqual([]);
    bench.gate.start();
    expect((await bench.ended(command)).outcome.kind).toBe("delivered");
    expect(bench.ledger(command)).toHaveLength(1);
  });

  it("is not sent again when a killed server has forgotten its delivery, and delivers it as the first (I8)", async () => {
    const command = bench.command(["push"]);
    await bench.order(command);
    await bench.ended(command);
    await eventually("the command acknowledged", () => bench.idle("push"));
    const asked = () => bench.gate.asked.filter((r) => r.commandId === command.commandId);
    const jsm = await jetstreamManager(bench.servers.nc);
    const [consumer] = channelConsumers("push");
    const { seq } = (await jsm.streams.getMessage("CMD", {
      last_by_subj: subjects.cmd("push", command.customerId),
    }))!;
    // What nats-server does by itself when it is killed before it has stored what it delivered.
    await jsm.consumers.reset(consumer!.stream, consumer!.name, seq);
    await eventually("the gate asked once more", () => asked().length === 2);
    await eventually("the command acknowledged again", () => bench.idle("push"));
    expect(asked().map((r) => r.redelivered)).toEqual([false, false]);
    expect(bench.ledger(command)).toHaveLength(1);
  });

  it("keeps the outcome that stands when the command comes again (I8)", async () => {
    const command = bench.command(["push"]);
    await bench.order(command);
    await bench.ended(command);
    // Another copy under another message id: what a publisher does that retries after the window.
    await bench.publisher.publish(subjects.cmd("push", command.customerId), JSON.stringify(command), {
      msgId: `again-${command.commandId}`,
    });
    await eventually(
      "the copy handled",
      async () =>
        bench.gate.asked.filter((r) => r.commandId === command.commandId).length === 2 && bench.idle("push"),
    );
    await bench.ended(command);
    expect(bench.ledger(command)).toHaveLength(1);
  });

  it("ends as unknown when another delivery was let through and left nothing; never a second send", async () => {
    const command = bench.command(["push"]);
    bench.gate.judge = () => ({ answer: "claimed", reason: "permitted" });
    await bench.order(command);
    expect((await bench.ended(command)).outcome).toMatchObject({ kind: "unknown", reason: "interrupted" });
    expect(bench.ledger(command)).toEqual([]);
  });

  it("puts poison into DLQ, and carries out the others (I11)", async () => {
    const poison = [
      `{"commandId":`,
      `{"commandId":"x"}`,
      JSON.stringify({ ...bench.command(["push"]), attempt: 3 }),
    ];
    for (const [i, body] of poison.entries()) {
      await bench.publisher.publish(subjects.cmd("push", "poisoned"), body, { msgId: `poison-${i}` });
    }
    const stolen: Command = bench.command(["push"]);
    await bench.publisher.publish(subjects.cmd("push", "someone-else"), JSON.stringify(stolen), {
      msgId: "stolen",
    });
    const good = bench.command(["push"]);
    await bench.order(good);
    expect((await bench.ended(good)).outcome.kind).toBe("delivered");
    const jsm = await jetstreamManager(bench.servers.nc);
    const letters = await eventually("four dead letters", async () => {
      const found: [string, string][] = [];
      for await (const m of await jsm.direct.getBatch("DLQ", {
        seq: 1,
        batch: 10,
        next_by_subj: "dlq.command.*",
      })) {
        found.push([m.header.get(dlqHeaders.reason), m.string()]);
      }
      return found.length === 4 ? found : undefined;
    });
    expect(letters.map(([reason]) => reason).sort()).toEqual([
      "customer_mismatch",
      "invalid_data",
      "invalid_data",
      "malformed_json",
    ]);
    expect(letters.map(([, body]) => body)).toEqual(expect.arrayContaining(poison));
    expect(bench.ledger(stolen)).toEqual([]);
  });

  it("offers a case to an agent with its context, and brings the agent's answer back", async () => {
    const offers: { subject: string; offer: DeskOffer }[] = [];
    const desk = bench.servers.nc.subscribe(subjects.deskAll, {
      callback: (_error, m) => {
        offers.push({ subject: m.subject, offer: m.json<DeskOffer>() });
      },
    });
    await bench.servers.nc.flush();
    const context = {
      now: 1,
      attributes: { balanceMinor: -900 },
      signals: { "account.overdrawn": { n: 1, last: 1 } },
      contacts: [
        { action: "overdraft-explain", channel: "push" as const, purpose: "service" as const, at: 1 },
      ],
    };
    const command = bench.command(["agent"], { purpose: "service", context });
    await bench.order(command);
    const { outcome } = await bench.ended(command);
    expect(outcome).toMatchObject({
      kind: "delivered",
      channel: "agent",
      result: { agentId: expect.stringMatching(/^agent-[123]$/) as unknown },
    });
    const { subject, offer } = await eventually("the offer", () =>
      offers.find((o) => o.offer.caseId === command.commandId),
    );
    expect(subject).toBe(subjects.deskOffer(offer.agentId));
    expect(offer).toMatchObject({
      customerId: command.customerId,
      parameters: command.parameters,
      event: command.event,
      context,
      body: "You moved 120",
    });
    desk.unsubscribe();
  });

  it("says the text as the decision wrote it: braces in it are a customer's, not a placeholder", async () => {
    const offers: DeskOffer[] = [];
    const desk = bench.servers.nc.subscribe(subjects.deskAll, {
      callback: (_error, m) => void offers.push(m.json<DeskOffer>()),
    });
    await bench.servers.nc.flush();
    const plain = bench.command(["agent"], { purpose: "service" });
    const plan = plain.plan.map((leg) => ({ ...leg, body: "Payment to {amount} Ltd" }));
    const command = { ...plain, plan };
    await bench.order(command);
    const offer = await eventually("the offer", () => offers.find((o) => o.caseId === command.commandId));
    expect(offer.body).toBe("Payment to {amount} Ltd");
    await bench.ended(command);
    desk.unsubscribe();
  });

  it("brings back what an execution did", async () => {
    const command = bench.command(["execute"], { purpose: "service" });
    await bench.order(command);
    expect((await bench.ended(command)).outcome).toMatchObject({
      kind: "delivered",
      result: { status: "succeeded" },
    });
  });

  it("publishes responses after the delivery, as events of their own", async () => {
    const commands = Array.from({ length: 30 }, () => bench.command(["agent"], { purpose: "service" }));
    for (const command of commands) await bench.order(command);
    for (const command of commands) await bench.ended(command);
    const kinds = await eventually(
      "responses to most of them",
      async () => {
        const all = await Promise.all(commands.map((c) => bench.outcomes(c)));
        const answered = all.filter((o) => o.length > 1);
        return answered.length > 3 ? answered.map((o) => o.map((x) => x.outcome.kind)) : undefined;
      },
      15_000,
    );
    for (const [first, second] of kinds) {
      expect(first).toBe("delivered");
      expect(["converted", "declined"]).toContain(second);
    }
  });
});

describe("commands in live time", () => {
  let bench: ChannelBench;
  let service: Service;
  beforeAll(async () => {
    bench = await ChannelBench.open();
    service = await bench.start({ SANDBOX_FAULTS: "push=deliver,sms=hang" });
  });
  afterAll(async () => {
    await service.stop();
    await bench.close();
  });

  it("expire unsent", async () => {
    const command = bench.command(["push"], { expiresAt: Date.now() - 1 });
    await bench.order(command);
    expect((await bench.ended(command)).outcome).toMatchObject({ kind: "expired", reason: "expired" });
    expect(bench.ledger(command)).toEqual([]);
  });

  it("expire while the gate stays away", async () => {
    bench.gate.stop();
    const command = bench.command(["push"], { expiresAt: Date.now() + 800 });
    await bench.order(command);
    expect((await bench.ended(command)).outcome.kind).toBe("expired");
    expect(bench.ledger(command)).toEqual([]);
    bench.gate.start();
  });

  it("go to the next channel when a provider hangs", async () => {
    const command = bench.command(["sms", "push"]);
    const plan = command.plan.map((leg) => ({
      ...leg,
      receiptTimeoutMs: leg.channel === "sms" ? 100 : 60_000,
    }));
    await bench.order({ ...command, plan });
    expect((await bench.ended(command)).outcome).toMatchObject({
      kind: "delivered",
      channel: "push",
      tried: [{ channel: "sms", reason: "no_receipt" }],
    });
  });
});
