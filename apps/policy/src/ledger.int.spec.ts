/** The gate holds the caps whatever happens between reservation, commit and send (I6; ADR 12). */
import { Redis } from "ioredis";
import { subjects, type EvaluateReply } from "#contracts";
import { Publisher } from "#messaging";
import { emptyContext } from "#domain";
import { eventually } from "#testing";
import {
  DAY,
  NOON,
  commandEntries,
  consenting,
  startFixture,
  type Asked,
  type PolicyFixture,
} from "./testing/policy-fixture.js";

const GO = { answer: "go", reason: "permitted" };
const FULL = { answer: "stop", reason: "cap_reached" };

describe("the ledger of contacts, on real NATS and Redis", () => {
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

  /** One place only: the pack's cap of one SMS a day. */
  const sms = (customerId: string, n: number): Asked & Required<Pick<Asked, "options">> => ({
    customerId,
    decisionId: `${customerId}.${n}.0`,
    options: [{ action: "offer", purpose: "marketing", channels: ["sms"], urgent: false }],
  });
  const gate = (customerId: string, n: number) =>
    f.gate({ customerId, decisionId: `${customerId}.${n}.0`, channel: "sms" });

  it("lets go what was reserved before and committed after Redis was emptied and filled again by others", async () => {
    await f.register("l1");
    const lost = sms("l1", 1);
    const reply = await f.reserve(lost);
    await redis.flushall();
    // Another gate of this customer rebuilds the index, which cannot know what is not committed.
    expect(await gate("l1", 9)).toMatchObject({ reason: "reservation_missing" });
    await f.commit(lost, reply);
    expect(await gate("l1", 1)).toEqual(GO);
    expect((await f.evaluate(sms("l1", 2))).chosen).toBeUndefined();
  });

  it.each([
    [1, 2],
    [2, 1],
  ])("lets one of two go that were each reserved without the other; %i asks first", async (first, second) => {
    const c = `l2-${first}`;
    await f.register(c);
    const reply = await f.reserve(sms(c, 1));
    await redis.flushall();
    // The second decision of the same batch: the first is neither in the index nor committed.
    const other = await f.reserve(sms(c, 2));
    expect([reply, other].map((r) => r.chosen)).toEqual([reply.chosen, reply.chosen]);
    await f.commit(sms(c, 1), reply);
    await f.commit(sms(c, 2), other);
    const answers = [await gate(c, first), await gate(c, second)];
    expect(answers).toContainEqual(GO);
    expect(answers).toContainEqual(FULL);
    expect((await f.evaluate(sms(c, 3))).chosen).toBeUndefined();
  });

  it("releases nothing that was let go, when an earlier asking comes late, after the claim was lost (I6)", async () => {
    const c = "l7";
    await f.register(c);
    // One place, two contacts, each reserved without the other.
    const lost = await f.reserve(sms(c, 1));
    await redis.flushall();
    const publishedAt = Date.now();
    await f.evaluate(sms(c, 2));
    const asks = () => f.gate({ customerId: c, decisionId: `${c}.2.0`, channel: "sms", publishedAt });
    expect(await asks()).toEqual(GO);
    await f.commit(sms(c, 1), lost);
    await redis.flushall();
    // Of the same delivery: it hung in an instance that stood still while its caller gave up and asked another.
    expect(await asks()).toEqual(FULL);
    expect(await gate(c, 1)).toEqual(FULL);
  });

  it("finds what is committed and not relayed yet in the outbox of the snapshot", async () => {
    const profile = await f.register("l3");
    const request = sms("l3", 1);
    const reply = await f.reserve(request);
    const full = { at: NOON, profile, ...request };
    const record = { entries: commandEntries(full, reply) };
    const outbox = [{ id: "l3.a1", subject: subjects.audit("l3", "contact"), body: { records: [record] } }];
    const snapshot = { ...emptyContext("l3"), profile, watermark: profile.seq, outbox };
    await new Publisher(f.servers.nc).publish(subjects.ctx("l3"), JSON.stringify(snapshot), { msgId: "l3" });
    await redis.flushall();
    expect((await f.reserve(sms("l3", 2))).chosen).toBeUndefined();
    expect(await gate("l3", 1)).toEqual(GO);
  });

  it("fails closed where a newer release wrote what this one cannot read (I6)", async () => {
    await f.register("l8");
    const request = sms("l8", 1);
    const [entry] = commandEntries({ at: NOON, profile: consenting(), ...request }, await f.reserve(request));
    const records = [{ entries: [{ ...entry, channel: "telepathy" }] }];
    const body = JSON.stringify({ records });
    await new Publisher(f.servers.nc).publish(subjects.audit("l8", "contact"), body, { msgId: "l8" });
    await redis.flushall();
    expect((await f.reserve(sms("l8", 2))).verdicts).toMatchObject([{ reason: "policy_unavailable" }]);
  });

  it("counts what was let go before Redis was emptied, and asks the ledger rather than a zombie", async () => {
    const profile = await f.register("l4");
    await f.evaluate(sms("l4", 1));
    expect(await gate("l4", 1)).toEqual(GO);
    await redis.flushall();
    // A zombie's context is from before the contact: for it this is a new customer.
    const zombie = { ...sms("l4", 1), profile, contacted: false, watermark: profile.seq };
    await f.reserve({ ...zombie, options: [{ ...zombie.options[0]!, action: "other" }] });
    const next = await f.evaluate(sms("l4", 2));
    expect(next.chosen).toBeUndefined();
    expect(
      await f.gate({ customerId: "l4", decisionId: "l4.1.0", channel: "sms", delivery: "CMD:9:1" }),
    ).not.toMatchObject({
      reason: "reservation_missing",
    });
  });

  it("replaces a zombie's content by the ledger's at the gate", async () => {
    await f.register("l5");
    const mine = sms("l5", 1);
    const reply = await f.reserve(mine);
    await redis.flushall();
    const push = { ...mine, options: [{ ...mine.options[0]!, channels: ["push" as const] }] };
    expect((await f.reserve(push)).chosen?.channels).toEqual(["push"]);
    await f.commit(mine, reply);
    expect(await gate("l5", 1)).toEqual(GO);
    expect((await f.evaluate(sms("l5", 2))).chosen).toBeUndefined();
  });

  it("forgets what no cap in force looks back to, and reads it again for one that does", async () => {
    const c = "l6";
    await f.register(c);
    const contacts = (): Promise<number> => redis.hlen(`policy:{${c}}:contacts`);
    const month = NOON + 30 * DAY;
    expect((await f.evaluate({ ...sms(c, 1), journey: "j" })).chosen).toBeDefined();
    expect((await f.evaluate({ ...sms(c, 2), journey: "j", at: month })).chosen).toBeDefined();
    expect(await contacts()).toBe(1);
    const cap = { journey: "j", count: 2, periodMs: 60 * DAY };
    const capped = await f.evaluate({ ...sms(c, 3), journey: "j", at: month + 3 * DAY, cap });
    expect(capped.chosen).toBeUndefined();
    expect(capped.verdicts).toMatchObject([{ verdict: "denied", reason: "journey_cap_reached" }]);
    // From now on so much is kept, although others do not look back that far.
    expect((await f.evaluate({ ...sms(c, 4), at: month + 5 * DAY })).chosen).toBeDefined();
    expect(await contacts()).toBe(3);
  });

  describe("a customer of whom nothing was ever ordered", () => {
    const keyOf = (customer: string): string => `policy:{${customer}}:index`;
    const ask = async (
      customerId: string,
      known: Partial<Asked> = {},
    ): Promise<{ reply: EvaluateReply; unread: boolean }> => {
      const reply = await f.evaluate({ ...sms(customerId, 1), contacted: false, ...known });
      return { reply, unread: (await redis.hget(keyOf(customerId), "unread")) === "1" };
    };
    /** The generation of the index that is open has been seen, and EVT moved on since. */
    beforeAll(async () => {
      await f.restart(async () => undefined);
    });

    it("is taken over from the request, and goes on as any other", async () => {
      const profile = await f.register("n1");
      const { reply, unread } = await ask("n1", { profile, watermark: profile.seq });
      expect(unread).toBe(true);
      expect(reply.chosen).toBeDefined();
      expect(await gate("n1", 1)).toEqual(GO);
      expect((await f.evaluate(sms("n1", 2))).chosen).toBeUndefined();
    });

    it("is read when a profile event lies after what the context has committed (I7)", async () => {
      const profile = await f.register("n2");
      await f.event("n2", "consent.changed", { purpose: "marketing", channel: "sms", granted: false });
      // Given to the tail: another customer's later event is in the index.
      const marker = await f.register("n2-marker");
      await f.evaluate({ ...sms("n2-marker", 1), profile: marker });
      const { reply, unread } = await ask("n2", { profile, watermark: profile.seq });
      expect(unread).toBe(false);
      expect(reply.verdicts).toMatchObject([{ reason: "consent_refused" }]);
    });

    it("is read when the context is older than the index, or says that something was ordered", async () => {
      const profile = await f.register("n3");
      expect((await ask("n3", { profile, watermark: 0 })).unread).toBe(false);
      const other = await f.register("n4");
      expect((await ask("n4", { profile: other, watermark: other.seq, contacted: true })).unread).toBe(false);
    });

    it("is read again once a profile event has passed, which then may be a repetition (I7)", async () => {
      const profile = await f.register("n5");
      const grant = { purpose: "marketing", channel: "sms", granted: true };
      const granted = await f.event("n5", "consent.changed", grant, "n5-grant");
      const known = { ...consenting(profile.seq), seq: profile.seq };
      // The grant changes nothing: the profile stays at the registration's sequence.
      const taken = await ask("n5", { profile: known, watermark: granted });
      expect(taken.reply.chosen).toBeDefined();
      await f.event("n5", "consent.changed", { ...grant, granted: false });
      await f.event("n5", "consent.changed", grant, "n5-grant");
      const epoch = () => redis.hget(keyOf("n5"), "epoch");
      await eventually("the entry to be unknown", async () => (await epoch()) === null);
      expect(await gate("n5", 1)).toEqual({ answer: "stop", reason: "consent_refused" });
    });
  });
});
