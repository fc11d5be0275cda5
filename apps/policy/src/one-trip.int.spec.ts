/**
 * What a verdict costs in trips: one call over NATS, one script in Redis, whatever the number of candidates and channels.
 * What it costs in time is measured by `npm run bench`.
 */
import { Redis } from "ioredis";
import type { Channel, PolicyOption } from "#contracts";
import { DAY, NOON, startFixture, type PolicyFixture } from "./testing/policy-fixture.js";

const CHANNELS: readonly Channel[] = ["push", "sms", "email"];
const twenty: PolicyOption[] = Array.from({ length: 20 }, (_, i) => ({
  action: `offer-${i}`,
  purpose: i % 2 === 0 ? "marketing" : "collections",
  channels: [...CHANNELS],
  urgent: false,
}));
const PACK = `
kind: PolicyPack
id: house
version: 1
description: for tests
source: test
rules:
  - purpose: marketing
    consent: required
    caps: [{ count: 3, period: 7d }, { count: 5, calendar: month }, { count: 1, calendar: day, channels: [sms, email] }]
    suppressAfterIgnored: { count: 5, for: 30d }
  - purpose: collections
    consent: not-refused
    caps: [{ count: 7, period: 7d, per: debt }, { count: 9, calendar: week, scope: all }]
    coolDown: [{ after: conversation, for: 7d, per: debt }]
`;

describe("a verdict for 20 candidates on 3 channels", () => {
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

  const asked = (customerId: string, n: number) => ({
    customerId,
    decisionId: `${customerId}.${n}.0`,
    at: NOON + n * DAY,
    options: twenty,
    about: { debt: "loan-1" },
    engagement: { ignored: { marketing: { n: 1, last: NOON } } },
  });

  it("takes one call and one script", async () => {
    await f.register("trip");
    for (const n of [0, 1]) await f.reserve(asked("trip", n));
    const monitor = await redis.monitor();
    const commands: string[] = [];
    monitor.on("monitor", (_time, args: string[], source: string) => {
      if (source !== "lua") commands.push(`${args[0]!.toLowerCase()} ${args[3] ?? ""}`);
    });
    const reply = await f.reserve(asked("trip", 2));
    await redis.ping();
    monitor.disconnect();
    expect(reply.chosen).toBeDefined();
    const judged = reply.verdicts.reduce((n, v) => n + v.actions.length, 0);
    expect(judged).toBe(20 * CHANNELS.length);
    // The tails write down from time to time where they are, whoever asks for what.
    expect(commands.filter((c) => !/^ping|policy:generation/.test(c))).toEqual([
      "evalsha policy:{trip}:index",
    ]);
  });
});
