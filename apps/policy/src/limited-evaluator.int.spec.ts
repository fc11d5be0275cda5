/** Quotas and budgets through the policy service, on real NATS and Redis. */
import { Redis } from "ioredis";
import type { EvaluateReply, PolicyOption } from "#contracts";
import { eventually } from "#testing";
import { startFixture, type PolicyFixture } from "./testing/policy-fixture.js";

const limited = (action: string, count: number): PolicyOption => ({
  action,
  purpose: "service",
  channels: ["push"],
  urgent: false,
  limits: { quota: { count }, cost: 0 },
});
const unlimited: PolicyOption = { action: "note", purpose: "service", channels: ["push"], urgent: false };

describe("actions with a quota, on real NATS and Redis", () => {
  let f: PolicyFixture;
  let redis: Redis;
  beforeAll(async () => {
    f = await startFixture();
    await f.start();
    redis = new Redis(f.servers.redis.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await f.stop();
  });

  const ask = (customerId: string, options: PolicyOption[], n = 0): Promise<EvaluateReply> =>
    f.reserve({ customerId, decisionId: `${customerId}.${n}.0`, options });

  it("reserves the next best once the quota is reached, of many at once on two instances", async () => {
    const customers = Array.from({ length: 60 }, (_, i) => `q${i}`);
    const options = [limited("gift", 10), unlimited];
    const replies = await Promise.all(customers.map((c) => ask(c, options)));
    const chosen = replies.map((r) => r.chosen?.action);
    expect(chosen.filter((a) => a === "gift")).toHaveLength(10);
    expect(chosen.filter((a) => a === "note")).toHaveLength(50);
    for (const reply of replies.filter((r) => r.chosen?.action === "note"))
      expect(reply.verdicts).toContainEqual({
        actions: ["gift"],
        channel: "push",
        verdict: "denied",
        reason: "quota_reached",
        rule: "catalogue/gift/quota",
      });
    // Asked again (an answer got lost): the same answers, and nothing more is taken.
    const again = await Promise.all(customers.map((c) => ask(c, options)));
    expect(again.map((r) => r.chosen?.action)).toEqual(chosen);
    // With Redis gone and back, nobody gets one more.
    await redis.flushall();
    const later = await Promise.all(customers.map((c) => ask(c, [limited("gift", 10), unlimited], 1)));
    expect(later.filter((r) => r.chosen?.action === "gift")).toEqual([]);
  });

  it("gives back what was not delivered, and keeps what was", async () => {
    const [one, two] = [limited("voucher", 2), unlimited];
    for (const customerId of ["b1", "b2"]) {
      const request = { customerId, decisionId: `${customerId}.0.0`, options: [one, two] };
      expect((await f.evaluate(request)).chosen?.action).toBe("voucher");
    }
    expect((await ask("b3", [one, two])).chosen?.action).toBe("note");
    await f.outcome("b1", "b1.0.0", { kind: "delivered", action: "voucher" });
    await f.outcome("b2", "b2.0.0", { kind: "failed", reason: "provider_rejected", action: "voucher" });
    let n = 1;
    await eventually(
      "room again",
      async () => (await ask("b4", [one, two], n++)).chosen?.action === "voucher",
    );
    expect((await ask("b5", [one, two])).chosen?.action).toBe("note");
  });

  it("denies all when only what is used up is left, and counts no contact for it", async () => {
    const only = [limited("last-one", 1)];
    expect((await ask("d1", only)).chosen?.action).toBe("last-one");
    const reply = await ask("d2", only);
    expect(reply).toMatchObject({ verdicts: [{ verdict: "denied", reason: "quota_reached" }] });
    expect(reply.chosen).toBeUndefined();
    expect(await redis.hgetall("policy:{d2}:contacts")).toEqual({});
  });
});
