import { Redis } from "ioredis";
import { isTerminal, subjects, type Channel, type GateReply } from "#contracts";
import { Publisher, RpcUnavailable } from "#messaging";
import { eventually } from "#testing";
import { DAY, NOON, startFixture, type PolicyFixture } from "./testing/policy-fixture.js";

describe("the gate, on real NATS and Redis", () => {
  let f: PolicyFixture;
  let redis: Redis;
  beforeAll(async () => {
    f = await startFixture();
    redis = new Redis(f.servers.redis.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await f.stop();
  });

  const go = { answer: "go", reason: "permitted" };

  /** A registered customer with one reservation. */
  async function reserve(customerId: string, n = 0): Promise<string> {
    const profile = await f.register(customerId);
    const decisionId = `${customerId}.${n}.0`;
    const reply = await f.evaluate({ customerId, decisionId, profile });
    expect(reply.reservationId).toBe(decisionId);
    return decisionId;
  }

  it("lets the first delivery of an attempt go, again and again, and no other (I5)", async () => {
    const decisionId = await reserve("g1");
    const ask = (delivery: string): Promise<GateReply> =>
      f.gate({ customerId: "g1", decisionId, delivery, redelivered: true });
    expect(await ask("CMD:1:1")).toEqual(go);
    expect(await ask("CMD:1:1")).toEqual(go);
    expect((await ask("CMD:1:2")).answer).toBe("claimed");
  });

  it("stops what has no reservation, or is sent on a channel that was not reserved (I5)", async () => {
    const decisionId = await reserve("g2");
    expect(await f.gate({ customerId: "g2", decisionId: "g2.7.0" })).toEqual({
      answer: "stop",
      reason: "reservation_missing",
    });
    expect(await f.gate({ customerId: "g2", decisionId, channel: "ivr" })).toMatchObject({ answer: "stop" });
    expect(await f.gate({ customerId: "nobody", decisionId: "nobody.0.0" })).toMatchObject({
      answer: "stop",
    });
  });

  it.each([
    [
      "an opt-out of everything",
      "consent.changed",
      { purpose: "marketing", channel: "*", granted: false },
      "consent_refused",
    ],
    [
      "a refusal of the channel",
      "consent.changed",
      { purpose: "marketing", channel: "push", granted: false },
      "consent_refused",
    ],
    ["STOP in a reply", "message.received", { channel: "push", text: "Stop, please!" }, "consent_refused"],
    ["a fraud hold", "hold.placed", { kind: "fraud" }, "hold_fraud"],
    [
      "a hold with an end",
      "hold.placed",
      { kind: "complaint", until: "2099-01-01T00:00:00Z" },
      "hold_complaint",
    ],
  ])("stops within a second of %s acknowledged after the decision (I7)", async (name, type, data, reason) => {
    const customer = `opt-${reason}-${name.length}`;
    const decisionId = await reserve(customer);
    await f.event(customer, type, data);
    const start = performance.now();
    const delivery = (n: number) => ({ customerId: customer, decisionId, attempt: n });
    await eventually("the stop", async () => {
      const reply = await f.gate(delivery(1));
      return reply.answer === "stop" && reply.reason === reason;
    });
    expect(performance.now() - start).toBeLessThan(1_000);
    // A delivery that was let through and asks again has not sent yet: it stops too.
    expect(await f.gate(delivery(1))).toEqual({ answer: "stop", reason });
  });

  it("hears an opt-out whose envelope leaves the customer to the NATS subject, as the context does (I7)", async () => {
    const decisionId = await reserve("no-subject");
    const data = { purpose: "marketing", channel: "*", granted: false };
    const structured = { specversion: "1.0", id: "ns-1", source: "core", type: "consent.changed", data };
    const publisher = new Publisher(f.servers.nc);
    const subject = subjects.bank("core", "no-subject", "consent.changed");
    await publisher.publish(subject, JSON.stringify(structured), { msgId: "ns-1" });
    await eventually("the stop", async () => {
      const reply = await f.gate({ customerId: "no-subject", decisionId });
      return reply.answer === "stop" && reply.reason === "consent_refused";
    });
  });

  it("sees an opt-out that came while the index was empty (I7)", async () => {
    const decisionId = await reserve("g4");
    await redis.flushall();
    await f.event("g4", "consent.changed", { purpose: "marketing", channel: "*", granted: false });
    expect(await f.gate({ customerId: "g4", decisionId })).toEqual({
      answer: "stop",
      reason: "consent_refused",
    });
  });

  it("catches up with what came while no instance ran, before it answers (I7)", async () => {
    const optedOut = await reserve("r1");
    const expired = await reserve("r2");
    const claimed = await reserve("r3");
    expect(await f.gate({ customerId: "r3", decisionId: claimed, delivery: "CMD:3:1" })).toEqual(go);
    await f.restart(async () => {
      await f.event("r1", "consent.changed", { purpose: "marketing", channel: "*", granted: false });
      await f.outcome("r2", expired, { kind: "expired" });
    });
    const reason = async (customerId: string, decisionId: string): Promise<string> =>
      (await f.gate({ customerId, decisionId })).reason;
    expect(await reason("r1", optedOut)).toBe("consent_refused");
    expect(await reason("r2", expired)).toBe("reservation_released");
    expect((await f.gate({ customerId: "r3", decisionId: claimed, delivery: "CMD:3:2" })).answer).toBe(
      "claimed",
    );
  });

  it("does not let a repeated event undo a later opt-out", async () => {
    const decisionId = await reserve("g5");
    const grant = { purpose: "marketing", channel: "push", granted: true };
    await f.event("g5", "consent.changed", { purpose: "marketing", channel: "push", granted: false });
    await f.event("g5", "consent.changed", grant, "grant");
    await f.event("g5", "consent.changed", { purpose: "marketing", channel: "push", granted: false });
    await f.event("g5", "consent.changed", grant, "grant");
    const marker = await f.event("g5", "hold.placed", { kind: "complaint" });
    const profile = await eventually("the index to pass the events", async () => {
      const stored = JSON.parse((await redis.hget("policy:{g5}:index", "profile")) ?? "{}") as {
        seq?: number;
      };
      return stored.seq === marker && stored;
    });
    expect(profile).toMatchObject({ consents: { "marketing.push": false } });
    expect((await f.gate({ customerId: "g5", decisionId })).answer).toBe("stop");
    await redis.flushall();
    await f.event("g5", "hold.lifted", { kind: "complaint" });
    expect(await f.gate({ customerId: "g5", decisionId })).toEqual({
      answer: "stop",
      reason: "consent_refused",
    });
  });

  it("does not know after a rebuild whether a redelivered command was sent, but lets a first delivery go", async () => {
    const decisionId = await reserve("g6");
    const before = { customerId: "g6", decisionId, publishedAt: Date.now() - 1_000 };
    expect(await f.gate({ ...before, delivery: "CMD:6:1" })).toEqual(go);
    await redis.flushall();
    expect((await f.gate({ ...before, delivery: "CMD:6:2", redelivered: true })).answer).toBe("claimed");
    expect(await f.gate({ ...before, delivery: "CMD:7:1", redelivered: false })).toEqual(go);
  });

  it("says that it may pass when Redis answers too late, so that the same delivery asks again and goes (I8)", async () => {
    const decisionId = await reserve("slow");
    const ask = (): Promise<GateReply> => f.gate({ customerId: "slow", decisionId, delivery: "CMD:8:1" });
    await redis.call("CLIENT", "PAUSE", "800", "WRITE");
    // The claim is made once the pause is over: another delivery could not tell it from a send.
    await expect(ask()).rejects.toThrow(RpcUnavailable);
    expect(await eventually("an answer", () => ask().catch(() => undefined))).toEqual(go);
  });

  it("stops a released reservation, and leaves a settled one to its outcome", async () => {
    const released = await reserve("g7");
    const sent = await reserve("g8");
    expect(isTerminal("expired")).toBe(true);
    await f.outcome("g7", released, { kind: "expired" });
    await f.outcome("g8", sent, { kind: "delivered" });
    await eventually(
      "the release",
      async () =>
        (await f.gate({ customerId: "g7", decisionId: released })).reason === "reservation_released",
    );
    await redis.flushall();
    // Without its claims only the outcome says that it was sent.
    expect(await f.gate({ customerId: "g8", decisionId: sent, attempt: 1, channel: "sms" })).toMatchObject({
      answer: "claimed",
    });
    expect(await f.gate({ customerId: "g7", decisionId: released })).toEqual({
      answer: "stop",
      reason: "reservation_released",
    });
  });

  it("counts the channel of a fallback where it is sent (I6)", async () => {
    const first = await reserve("g9");
    const profile = {
      seq: 0,
      timezone: "Europe/Prague",
      consents: { "marketing.sms": true, "marketing.push": true },
      holds: [],
    };
    expect(await f.gate({ customerId: "g9", decisionId: first })).toEqual(go);
    expect(await f.gate({ customerId: "g9", decisionId: first, channel: "sms", attempt: 1 })).toEqual(go);
    const reply = await f.evaluate({ customerId: "g9", decisionId: "g9.1.0", profile });
    expect(reply.chosen?.channels).toEqual(["push", "email"]);
  });

  it("counts the channel of an earlier leg whose claim Redis has lost (I6)", async () => {
    const plan = { action: "offer", purpose: "marketing" as const, urgent: false };
    const profile = await f.register("leg");
    const ask = (n: number, channels: readonly Channel[]) =>
      f.evaluate({
        customerId: "leg",
        decisionId: `leg.${n}.0`,
        profile,
        options: [{ ...plan, channels: [...channels] }],
      });
    await ask(0, ["sms", "push"]);
    const first = { customerId: "leg", decisionId: "leg.0.0" };
    expect(await f.gate({ ...first, channel: "sms" })).toEqual(go);
    await redis.flushall();
    expect(await f.gate({ ...first, attempt: 1, delivery: "CMD:2:1" })).toEqual(go);
    // The SMS has no receipt, and may have arrived: the pack lets one go a day.
    expect((await ask(1, ["sms", "push"])).chosen?.channels).toEqual(["push"]);
  });

  it.each([
    ["may have been sent", undefined, ["push", "email"]],
    ["was sent", { channel: "sms", tried: [{ channel: "push", reason: "rejected" }] }, ["push", "email"]],
    ["was not sent", { channel: "push" }, ["push", "sms", "email"]],
  ] as const)("counts after a rebuild the channel on which it %s (I6)", async (_name, outcome, open) => {
    const customerId = `fallback-${open.length}-${outcome?.channel}`;
    const decisionId = await reserve(customerId);
    expect(await f.gate({ customerId, decisionId })).toEqual(go);
    if (outcome?.channel !== "push")
      expect(await f.gate({ customerId, decisionId, channel: "sms", attempt: 1 })).toEqual(go);
    if (outcome)
      await f.outcome(customerId, decisionId, {
        kind: "delivered",
        channel: outcome.channel,
        tried: "tried" in outcome ? [...outcome.tried] : [],
      });
    await redis.flushall();
    const next = await f.evaluate({ customerId, decisionId: `${customerId}.1.0` });
    expect(next.chosen?.channels).toEqual(open);
  });

  it("stops a fallback for which the channel has no room left (I6)", async () => {
    const first = await reserve("g10");
    const sms = [
      { action: "sms-offer", purpose: "marketing" as const, channels: ["sms" as const], urgent: false },
    ];
    await f.evaluate({ customerId: "g10", decisionId: "g10.1.0", options: sms });
    expect(await f.gate({ customerId: "g10", decisionId: first, channel: "sms", attempt: 1 })).toEqual({
      answer: "stop",
      reason: "cap_reached",
    });
  });

  it("counts a contact when it is sent, not when it was reserved (I6)", async () => {
    const sms = [
      { action: "offer", purpose: "marketing" as const, channels: ["sms" as const], urgent: false },
    ];
    const late = await reserve("g11");
    const ask = (n: number, at: number) =>
      f.evaluate({ customerId: "g11", decisionId: `g11.${n}.0`, at, options: sms });
    expect((await ask(1, NOON)).chosen).toBeDefined();
    expect(
      await f.gate({ customerId: "g11", decisionId: "g11.1.0", channel: "sms", at: NOON + 6 * 3_600_000 }),
    ).toEqual(go);
    expect((await ask(2, NOON + DAY)).chosen).toBeUndefined();
    expect((await ask(3, NOON + DAY + 6 * 3_600_000)).chosen).toBeDefined();
    expect(
      await f.gate({
        customerId: "g11",
        decisionId: late,
        channel: "sms",
        attempt: 1,
        at: NOON + DAY + 6 * 3_600_000,
      }),
    ).toMatchObject({ answer: "stop" });
  });

  it("counts a contact when its delivery asked last, where an answer was lost (I6)", async () => {
    const sms = [
      { action: "offer", purpose: "marketing" as const, channels: ["sms" as const], urgent: false },
    ];
    await f.register("g13");
    const ask = (n: number, at: number) =>
      f.evaluate({ customerId: "g13", decisionId: `g13.${n}.0`, at, options: sms });
    const send = (at: number) => f.gate({ customerId: "g13", decisionId: "g13.0.0", channel: "sms", at });
    expect((await ask(0, NOON)).chosen).toBeDefined();
    expect(await send(NOON)).toEqual(go);
    // The same delivery, a minute later: it is now that it sends.
    expect(await send(NOON + 60_000)).toEqual(go);
    expect((await ask(1, NOON + DAY + 30_000)).chosen).toBeUndefined();
    expect((await ask(2, NOON + DAY + 60_000)).chosen).toBeDefined();
  });

  it.each([
    [true, go],
    [false, { answer: "stop", reason: "quiet_hours" }],
  ])(
    "in quiet hours that have begun since, sends what was reserved as urgent only (urgent: %p)",
    async (urgent, answer) => {
      const customerId = `night-${urgent}`;
      const profile = await f.register(customerId);
      const ask = (n: number) =>
        f.gate({
          customerId,
          decisionId: `${customerId}.0.0`,
          purpose: "collections",
          channel: n === 0 ? "push" : "sms",
          attempt: n,
          at: NOON + n * 10 * 3_600_000,
        });
      const options = [
        {
          action: "offer",
          purpose: "collections" as const,
          channels: ["push" as const, "sms" as const],
          urgent,
        },
      ];
      await f.evaluate({ customerId, decisionId: `${customerId}.0.0`, profile, options });
      expect(await ask(0)).toEqual(go);
      // Also when the index was lost: the ledger says it as well.
      await redis.flushall();
      expect(await ask(1)).toEqual(answer);
    },
  );

  it("refuses marketing in quiet hours that have begun since, and a request that is not one", async () => {
    const decisionId = await reserve("g12");
    expect(await f.gate({ customerId: "g12", decisionId, at: NOON + 8 * 3_600_000 })).toEqual({
      answer: "stop",
      reason: "quiet_hours",
    });
    await expect(f.gate({ customerId: "not safe", decisionId })).rejects.toThrow("customerId");
  });
});
