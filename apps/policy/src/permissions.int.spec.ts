/** "May we, and why (not)" answers what policy would answer, and takes nothing, on real NATS and Redis. */
import { Redis } from "ioredis";
import { permissionsOf, NothingToSay } from "#audit";
import { wallClock } from "#clock";
import {
  catalogueV1,
  subjects,
  type Channel,
  type EvaluateReply,
  type Permissions,
  type Profile,
} from "#contracts";
import { emptyContext, emptyProfile } from "#domain";
import { Publisher, RpcClient } from "#messaging";
import { CATALOGUES, DefinitionsBucket, installDefinitions } from "#registry";
import { DAY, NOON, startFixture, type PolicyFixture } from "./testing/policy-fixture.js";

const HOUR = 3_600_000;
const CHANNELS: Channel[] = ["push", "sms", "email"];
const action = (id: string, more: object = {}): object => ({
  id,
  description: id,
  purpose: "marketing",
  value: 1,
  treatments: CHANNELS.map((channel) => ({ channel, title: id, body: id })),
  ...more,
});
const CATALOGUE = catalogueV1.parse({
  kind: "Catalogue",
  id: "offers",
  version: 1,
  description: "for tests",
  actions: [
    action("offer"),
    action("notice", { purpose: "service" }),
    action("gift", { quota: { count: 1 } }),
  ],
});

describe("what policy would answer, on real NATS and Redis", () => {
  let f: PolicyFixture;
  let redis: Redis;
  beforeAll(async () => {
    f = await startFixture();
    redis = new Redis(f.servers.redis.url);
    await installDefinitions(new DefinitionsBucket(f.servers.nc), wallClock, CATALOGUES, [CATALOGUE]);
  });
  afterAll(async () => {
    redis.disconnect();
    await f.stop();
  });

  const profiles = new Map<string, Profile>();
  /** A customer who consents, in the context too. */
  const register = async (customerId: string): Promise<void> => {
    const profile = await f.register(customerId);
    profiles.set(customerId, profile);
    const context = { ...emptyContext(customerId), profile, watermark: profile.seq };
    const publisher = new Publisher(f.servers.nc);
    await publisher.publish(subjects.ctx(customerId), JSON.stringify(context), {
      msgId: `ctx:${customerId}`,
    });
  };
  const ask = (customerId: string, at = NOON, id = "offer", channel?: Channel): Promise<Permissions> =>
    permissionsOf(f.servers.nc, new RpcClient(f.servers.nc), { customerId, action: id, at, channel });
  /** As a decision would ask: it reserves what is permitted. */
  const reserve = async (customerId: string, at: number, n: number, id = "offer"): Promise<EvaluateReply> => {
    const definition = CATALOGUE.actions.find((a) => a.id === id)!;
    const { purpose, urgent, quota } = definition;
    const limits = quota ? { limits: { quota, cost: 0 } } : {};
    return f.reserve({
      customerId,
      decisionId: `${customerId}.${n}.0`,
      at,
      options: [{ action: id, purpose, urgent, channels: CHANNELS, ...limits }],
      profile: profiles.get(customerId) ?? emptyProfile,
    });
  };
  const verdictsOf = (reply: EvaluateReply): unknown =>
    CHANNELS.map((channel) => {
      const { verdict, reason, rule } = reply.verdicts.find((v) => v.channel === channel)!;
      return { channel, verdict, reason, ...(rule ? { rule } : {}) };
    });
  const said = ({ channels }: Permissions): unknown =>
    channels.map(({ channel, verdict, reason, rule }) => ({
      channel,
      verdict,
      reason,
      ...(rule ? { rule } : {}),
    }));

  it("agrees with the policy service, whatever speaks against it", async () => {
    await register("open");
    await register("refused");
    await f.event("refused", "consent.changed", { purpose: "marketing", channel: "sms", granted: false });
    await register("held");
    await f.event("held", "hold.placed", { kind: "fraud", reason: "reported" });
    await register("full");
    for (let n = 1; n <= 3; n++)
      await f.evaluate({ customerId: "full", decisionId: `full.${n}.0`, at: NOON - n * HOUR });
    await register("night");
    const cases: [string, number, string][] = [
      ["open", NOON, "offer"],
      ["refused", NOON, "offer"],
      ["held", NOON, "offer"],
      ["held", NOON, "notice"],
      ["full", NOON, "offer"],
      ["night", NOON + 10 * HOUR, "offer"],
      ["unknown", NOON, "offer"],
    ];
    const seen = new Set<string>();
    for (const [n, [customer, at, id]] of cases.entries()) {
      const previewed = await ask(customer, at, id);
      const answered = await reserve(customer, at, 100 + n, id);
      expect(said(previewed)).toEqual(verdictsOf(answered));
      expect(previewed.permitted).toBe(answered.chosen !== undefined);
      expect(previewed.packs).toEqual(answered.packs);
      for (const { reason } of previewed.channels) seen.add(reason);
    }
    expect([...seen].sort()).toEqual([
      "cap_reached",
      "consent_refused",
      "hold_fraud",
      "no_consent_record",
      "permitted",
      "quiet_hours",
    ]);
  });

  it("reserves nothing and forgets nothing (I6)", async () => {
    await register("quiet");
    for (let n = 0; n < 5; n++) expect((await ask("quiet")).permitted).toBe(true);
    expect(await redis.keys("*quiet*:contacts")).toEqual([]);
    const [one, two, three, four] = await Promise.all([1, 2, 3, 4].map((n) => reserve("quiet", NOON, n)));
    expect([one, two, three, four].filter((r) => r!.chosen)).toHaveLength(3);
    // Asked about a day on which all of it will be long forgotten.
    await ask("quiet", NOON + 300 * DAY);
    expect((await reserve("quiet", NOON, 5)).chosen).toBeUndefined();
    expect((await ask("quiet", NOON, "gift")).channels[0]!.reason).toBe("cap_reached");
  });

  it("takes nothing of a quota, and says when it is reached", async () => {
    await register("first");
    await register("second");
    for (let n = 0; n < 3; n++) expect((await ask("first", NOON, "gift")).permitted).toBe(true);
    expect((await reserve("first", NOON, 1, "gift")).chosen?.action).toBe("gift");
    // What others took is noticed after half a second at the latest; this instance took it itself.
    const { channels } = await ask("second", NOON, "gift");
    expect(channels.map((c) => c.reason)).toEqual(["quota_reached", "quota_reached", "quota_reached"]);
    expect(channels[0]!.rule).toBe("catalogue/gift/quota");
  });

  it("says from when on it would be permitted, to the millisecond, with rule and source", async () => {
    await register("late");
    // 22:30 in Prague; the night ends at 08:00, six in the morning by UTC.
    const at = Date.parse("2026-07-01T20:30:00Z");
    const { channels } = await ask("late", at, "offer", "push");
    expect(channels).toEqual([
      expect.objectContaining({
        channel: "push",
        verdict: "deferred",
        reason: "quiet_hours",
        means: "quiet hours",
        rule: "house/marketing/quietHours",
        source: "test",
        permittedFrom: "2026-07-02T06:00:00.000Z",
      }),
    ]);
    const from = Date.parse(channels[0]!.permittedFrom!);
    expect((await ask("late", from, "offer", "push")).permitted).toBe(true);
    expect((await ask("late", from - 1, "offer", "push")).permitted).toBe(false);
  });

  it("says when a cap has room again, and no time where only people can change it", async () => {
    const { channels } = await ask("full", NOON, "offer", "push");
    // The first of its three contacts was three hours before noon, and leaves the window after seven days.
    expect(channels[0]).toMatchObject({
      reason: "cap_reached",
      permittedFrom: new Date(NOON - 3 * HOUR + 7 * DAY).toISOString(),
    });
    const refused = await ask("refused", NOON, "offer", "sms");
    expect(refused.channels[0]).toMatchObject({ reason: "consent_refused" });
    expect(refused.channels[0]!.permittedFrom).toBeUndefined();
  });

  it("refuses to answer about what cannot be said", async () => {
    await expect(ask("open", NOON, "bribe")).rejects.toThrow(NothingToSay);
    await expect(ask("open", NOON, "offer", "atm")).rejects.toThrow("offer has no text for atm");
  });
});
