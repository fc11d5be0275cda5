/** Caps of the calendar, per debt and over channels, and contacts of other systems, on real NATS and Redis. */
import { Redis } from "ioredis";
import type { ContactAbout, ContactReported, EvaluateReply } from "#contracts";
import { eventually } from "#testing";
import { DAY, NOON, startFixture, type Asked, type PolicyFixture } from "./testing/policy-fixture.js";

const PACK = `
kind: PolicyPack
id: law
version: 1
description: for tests
source: test
rules:
  - purpose: marketing
    consent: not-refused
    caps: [{ count: 2, calendar: day }, { count: 4, period: 30d, scope: all }]
  - purpose: service
    consent: not-refused
    caps: [{ count: 3, period: 3d, per: event }]
  - purpose: collections
    consent: not-refused
    channels: [ivr, agent]
    caps: [{ count: 2, period: 7d, per: debt }]
    coolDown: [{ after: conversation, for: 7d, per: debt }]
`;

describe("caps, on real NATS and Redis", () => {
  let f: PolicyFixture;
  let redis: Redis;
  beforeAll(async () => {
    f = await startFixture(PACK);
    redis = new Redis(f.servers.redis.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await f.stop();
  });

  const ask = (
    customerId: string,
    n: number,
    {
      purpose = "marketing",
      channel = "push",
      ...rest
    }: Partial<Asked> & {
      purpose?: "marketing" | "service" | "collections";
      channel?: "push" | "ivr" | "agent";
    } = {},
  ): Promise<EvaluateReply> =>
    f.evaluate({
      customerId,
      decisionId: `${customerId}.${n}.0`,
      options: [{ action: "offer", purpose, channels: [channel], urgent: true }],
      ...rest,
    });
  const reserved = (reply: EvaluateReply): boolean => reply.reservationId !== undefined;
  const report = (customer: string, data: Partial<ContactReported>, id?: string): Promise<number> =>
    f.event(
      customer,
      "contact.reported",
      { channel: "ivr", purpose: "collections", kind: "attempt", ...data },
      id,
    );

  it("counts the days of the customer's calendar, not 24 hours (I6)", async () => {
    await f.register("day");
    const at = (time: string) => Date.parse(`2026-07-01T${time}Z`);
    // Midnight in Prague is 22:00 UTC.
    expect(reserved(await ask("day", 1, { at: at("21:30:00") }))).toBe(true);
    expect(reserved(await ask("day", 2, { at: at("21:40:00") }))).toBe(true);
    expect(await ask("day", 3, { at: at("21:59:59") })).toMatchObject({
      verdicts: [{ reason: "cap_reached", rule: "law/marketing/caps/0" }],
    });
    expect(reserved(await ask("day", 4, { at: at("22:00:00") }))).toBe(true);
  });

  it("asks the calendar of the day on which a contact was reserved, when the gate's clock is behind", async () => {
    await f.register("behind");
    const late = Date.parse("2026-07-01T22:00:00Z");
    for (const n of [1, 2]) await ask("behind", n, { at: late - 60_000 });
    await ask("behind", 3, { at: late });
    expect(await f.gate({ customerId: "behind", decisionId: "behind.3.0", at: late - 1_000 })).toMatchObject({
      answer: "go",
    });
  });

  it("counts per debt, on each of the channels named, a case for an agent included", async () => {
    const about = (debt: string): { about: ContactAbout } => ({ about: { debt } });
    const collect = { purpose: "collections", channel: "ivr" } as const;
    expect(reserved(await ask("debt", 1, { ...collect, ...about("a") }))).toBe(true);
    expect(reserved(await ask("debt", 2, { ...collect, ...about("a"), channel: "agent" }))).toBe(true);
    expect(reserved(await ask("debt", 3, { ...collect, ...about("a"), channel: "agent" }))).toBe(false);
    expect(reserved(await ask("debt", 4, { ...collect, ...about("b") }))).toBe(true);
    // Not known which: every one counts.
    expect(reserved(await ask("debt", 5, collect))).toBe(false);
    await redis.flushall();
    expect(reserved(await ask("debt", 6, { ...collect, ...about("a") }))).toBe(false);
    expect(reserved(await ask("debt", 7, { ...collect, ...about("b") }))).toBe(true);
  });

  it("never lets marketing caps block a service message, and counts that per event", async () => {
    for (const n of [1, 2, 3]) await ask("service", n);
    const event = (e: string) => ({ purpose: "service", about: { event: e } }) as const;
    for (const n of [4, 5, 6]) expect(reserved(await ask("service", n, event("core:e1")))).toBe(true);
    expect(reserved(await ask("service", 7, event("core:e1")))).toBe(false);
    expect(reserved(await ask("service", 8, event("core:e2")))).toBe(true);
    // They count for marketing where its cap is about all.
    expect(reserved(await ask("service", 9, { at: NOON + 20 * DAY }))).toBe(false);
  });

  it("is silent after a conversation about the debt", async () => {
    const engagement = { last: [{ what: "conversation" as const, debt: "a", at: NOON - DAY }] };
    const reply = await ask("cool", 1, {
      purpose: "collections",
      channel: "ivr",
      about: { debt: "a" },
      engagement,
    });
    expect(reply.verdicts).toMatchObject([{ reason: "cool_down", until: NOON + 6 * DAY }]);
  });

  describe("contacts of other systems", () => {
    const collect = (c: string, n: number) =>
      ask(c, n, { purpose: "collections", channel: "ivr", about: { debt: "a" } });

    it("count within a second, each once, and at the gate", async () => {
      expect(reserved(await collect("r1", 1))).toBe(true);
      const started = performance.now();
      await report("r1", { about: { debt: "a" } }, "call-1");
      await report("r1", { about: { debt: "a" } }, "call-1");
      await eventually(
        "the report in the index",
        async () => (await redis.hlen("policy:{r1}:contacts")) === 2,
      );
      expect(performance.now() - started).toBeLessThan(1_000);
      expect(reserved(await collect("r1", 2))).toBe(false);
      await report("r1", { about: { debt: "a" } }, "call-2");
      await eventually("both", async () => (await redis.hlen("policy:{r1}:contacts")) === 3);
      const gate = {
        customerId: "r1",
        decisionId: "r1.1.0",
        purpose: "collections",
        channel: "ivr",
      } as const;
      expect(await f.gate(gate)).toEqual({ answer: "stop", reason: "cap_reached" });
    });

    it("count on caps of all channels also when it was a human who called (I6)", async () => {
      const about = { purpose: "marketing", channel: "agent" } as const;
      await ask("r6", 1, { purpose: "service" });
      await report("r6", about, "call-1");
      await report("r6", about, "call-2");
      await eventually("both", async () => (await redis.hlen("policy:{r6}:contacts")) === 3);
      expect((await ask("r6", 2)).verdicts).toMatchObject([{ reason: "cap_reached" }]);
    });

    it("are read from EVT while the context has not taken them, and from the ledger once it has (I6)", async () => {
      await report("r2", {}, "call-1");
      const seq = await report("r2", {}, "call-2");
      await redis.flushall();
      expect(reserved(await collect("r2", 1))).toBe(false);
      await f.context("r2", seq);
      await redis.flushall();
      // EVT up to the watermark is the ledger's matter.
      expect(reserved(await collect("r2", 2))).toBe(true);
      for (const id of ["call-1", "call-2"])
        await f.ledger("r2", {
          kind: "contact-reported",
          contactId: `core:${id}`,
          channel: "ivr",
          purpose: "collections",
          conversation: false,
          at: NOON,
        });
      await redis.flushall();
      expect(reserved(await collect("r2", 3))).toBe(false);
    });

    it("pass a customer who is about to be taken over unread, who is then read", async () => {
      await f.restart(async () => undefined);
      const { seq } = await f.register("r3");
      await report("r3", { about: { debt: "a" } });
      await report("r3", { about: { debt: "a" } });
      await eventually("the tail to have passed", async () => {
        const fields = await redis.hgetall("policy:generation");
        return Object.entries(fields).some(([k, v]) => k.startsWith("passed:") && Number(v) > seq + 1);
      });
      const request = { purpose: "collections", channel: "ivr", about: { debt: "a" } } as const;
      expect(reserved(await ask("r3", 1, { ...request, contacted: false, watermark: seq }))).toBe(false);
    });
  });
});
