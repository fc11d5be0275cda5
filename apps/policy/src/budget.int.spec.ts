import { Redis } from "ioredis";
import type { EvaluateReply } from "#contracts";
import { startRedisServer } from "#embedded";
import { eventually } from "#testing";
import { DAY, NOON, consenting, startFixture, type PolicyFixture } from "./testing/policy-fixture.js";

const reserved = (replies: readonly EvaluateReply[]): string[] =>
  replies.flatMap((r) => r.reservationId ?? []);
const CAP = 3;

describe("the contact budget, on real NATS and Redis", () => {
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

  const ids = (customer: string, n: number): string[] =>
    Array.from({ length: n }, (_, i) => `${customer}.${i}.0`);

  it("never reserves above the cap under concurrency, over two instances (I6)", async () => {
    const replies = await Promise.all(
      ids("c1", 60).map((decisionId) => f.evaluate({ customerId: "c1", decisionId })),
    );
    expect(reserved(replies)).toHaveLength(CAP);
    const denied = replies.find((r) => !r.chosen);
    expect(denied?.verdicts.map((v) => [v.channel, v.reason, v.rule])).toEqual([
      ["push", "cap_reached", "house/marketing/caps/0"],
      ["sms", "cap_reached", "house/marketing/caps/0"],
      ["email", "cap_reached", "house/marketing/caps/0"],
    ]);
    expect(denied?.packs).toEqual([expect.stringMatching(/^house@2:[A-Za-z0-9_-]{24}$/)]);
  });

  it("counts a rolling window: a place is free one period after the first contact, not before (I6)", async () => {
    const at = (decision: number, time: number): Promise<EvaluateReply> =>
      f.evaluate({ customerId: "c2", decisionId: `c2.${decision}.0`, at: time });
    for (const n of [0, 1, 2]) expect((await at(n, NOON + n * DAY)).chosen).toBeDefined();
    expect((await at(3, NOON + 7 * DAY - 1)).chosen).toBeUndefined();
    expect((await at(4, NOON + 7 * DAY)).chosen).toBeDefined();
    expect((await at(5, NOON + 7 * DAY)).chosen).toBeUndefined();
  });

  it("ends a run of decisions with the first that reserves; what is behind it reserves nothing (I6)", async () => {
    const run = (...ns: number[]): Promise<readonly EvaluateReply[]> =>
      f.reserveRun(ns.map((n) => ({ customerId: "run", decisionId: `run.${n}.0` })));
    // Each presumes that the ones before it are refused, so each of the first three runs ends at once.
    for (const n of [0, 1, 2]) expect(reserved(await run(n, n + 1, n + 2))).toEqual([`run.${n}.0`]);
    const full = await run(3, 4, 5, 6, 7);
    expect(full).toHaveLength(5);
    expect(reserved(full)).toEqual([]);
    expect(full.every((r) => r.verdicts.every((v) => v.reason === "cap_reached"))).toBe(true);
    // A place is free again from the fourth of these on: it is reserved, and the fifth is not asked.
    const times = [1, 2, 3, 7 * DAY, 7 * DAY].map((after, i) => ({
      customerId: "run",
      decisionId: `run.${10 + i}.0`,
      at: NOON + after,
    }));
    const later = await f.reserveRun(times);
    expect(later).toHaveLength(4);
    expect(reserved(later)).toEqual(["run.13.0"]);
    expect(await redis.hexists("policy:{run}:contacts", "run.14.0")).toBe(0);
    // Asked again, after a crash: the reservation that stands ends the run where it did.
    expect(reserved(await f.reserveRun(times))).toEqual(["run.13.0"]);
  });

  it("answers the same decision again without counting it twice", async () => {
    const ask = (): Promise<EvaluateReply> => f.evaluate({ customerId: "c3", decisionId: "c3.0.0" });
    const first = await ask();
    expect(first.chosen).toEqual({ action: "offer", channels: ["push", "sms", "email"] });
    const repeated = await Promise.all([ask(), ask(), ask(), ask()]);
    for (const r of repeated) expect(r).toEqual(first);
    const others = await Promise.all(
      [1, 2, 3].map((n) => f.evaluate({ customerId: "c3", decisionId: `c3.${n}.0` })),
    );
    expect(reserved(others)).toHaveLength(CAP - 1);
  });

  it("chooses the first action with room, leaves out a channel that is full, and explains the rest", async () => {
    const sms = {
      action: "sms-offer",
      purpose: "marketing" as const,
      channels: ["sms" as const],
      urgent: false,
    };
    await f.evaluate({ customerId: "c4", decisionId: "c4.0.0", options: [sms] });
    const both = { ...sms, action: "both", channels: ["sms" as const, "push" as const] };
    const third = { ...both, action: "third" };
    const reply = await f.evaluate({ customerId: "c4", decisionId: "c4.1.0", options: [sms, both, third] });
    expect(reply.chosen).toEqual({ action: "both", channels: ["push"] });
    expect(
      reply.verdicts.map((v) =>
        `${v.actions.join("+")} ${v.channel} ${v.verdict} ${v.reason} ${v.rule ?? ""}`.trim(),
      ),
    ).toEqual([
      "sms-offer+both sms denied cap_reached house/marketing/caps/1",
      "both push permitted permitted",
      "third sms permitted outranked",
      "third push permitted outranked",
    ]);
  });

  it("counts a journey's cap, and neither counts nor caps what is no contact", async () => {
    const cap = { journey: "rescue", count: 1, periodMs: DAY };
    const ask = (n: number, channel: "push" | "agent"): Promise<EvaluateReply> =>
      f.evaluate({
        customerId: "c5",
        decisionId: `c5.${n}.0`,
        journey: "rescue",
        cap,
        options: [{ action: "help", purpose: "service", channels: [channel], urgent: true }],
      });
    for (const n of [0, 1, 2]) expect((await ask(n, "agent")).reservationId).toBe(`c5.${n}.0`);
    expect((await ask(3, "push")).chosen).toBeDefined();
    expect((await ask(4, "push")).verdicts).toMatchObject([
      { verdict: "denied", reason: "journey_cap_reached" },
    ]);
    expect((await ask(5, "agent")).chosen).toBeDefined();
  });

  it("gives the budget of a failed command back, and keeps that of one that may have arrived", async () => {
    const all = ids("c6", CAP);
    await Promise.all(all.map((decisionId) => f.evaluate({ customerId: "c6", decisionId })));
    await f.outcome("c6", all[0]!, { kind: "delivered" });
    await f.outcome("c6", all[1]!, { kind: "failed", reason: "no_receipt" });
    await f.outcome("c6", all[2]!, { kind: "failed", reason: "rejected" });
    let n = 10;
    await eventually("the released budget", async () => {
      const reply = await f.evaluate({ customerId: "c6", decisionId: `c6.${++n}.0` });
      return reply.chosen;
    });
    expect((await f.evaluate({ customerId: "c6", decisionId: "c6.9.0" })).chosen).toBeUndefined();
  });

  it("keeps the caps when Redis is emptied again and again in the middle of a run (I6)", async () => {
    const customers = Array.from({ length: 12 }, (_, i) => `flush-${i}`);
    let flushing = true;
    let flushes = 0;
    const flusher = (async () => {
      while (flushing) {
        await redis.flushall();
        flushes++;
        await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 30));
      }
    })();
    const replies = await Promise.all(
      customers.map(async (customerId) => {
        const sent: string[] = [];
        const profile = await f.register(customerId);
        for (let n = 0; n < 8; n++) {
          const some = await Promise.all(
            [0, 1, 2].map((k) => f.evaluate({ customerId, profile, decisionId: `${customerId}.${n}.${k}` })),
          );
          for (const decisionId of reserved(some)) {
            const gate = () => f.gate({ customerId, decisionId }).catch(() => undefined);
            if ((await eventually("an answer of the gate", gate)).answer === "go") sent.push(decisionId);
          }
        }
        return sent;
      }),
    );
    flushing = false;
    await flusher;
    expect(flushes).toBeGreaterThan(3);
    for (const sent of replies) expect(new Set(sent).size).toBeLessThanOrEqual(CAP);
    expect(replies.flat().length).toBeGreaterThan(0);
    await redis.flushall();
    for (const [i, customerId] of customers.entries()) {
      const after = await Promise.all(
        [0, 1, 2, 3].map((k) => f.evaluate({ customerId, decisionId: `${customerId}.99.${k}` })),
      );
      const total = new Set([...replies[i]!, ...reserved(after)]).size;
      expect(total).toBeLessThanOrEqual(CAP);
    }
  }, 60_000);

  it("answers how fast it is (not asserted)", async () => {
    const times: number[] = [];
    await f.evaluate({ customerId: "speed", decisionId: "speed.0.0" });
    for (let n = 1; n <= 300; n++) {
      const start = performance.now();
      await f.evaluate({ customerId: "speed", decisionId: `speed.${n}.0`, at: NOON + n * 4 * DAY });
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const at = (q: number): string => `${times[Math.floor(q * times.length)]!.toFixed(2)} ms`;
    process.stdout.write(`evaluate with reservation: p50 ${at(0.5)}, p99 ${at(0.99)}\n`);
  });

  it("fails closed without Redis, and counts again from the ledger when another Redis comes up", async () => {
    await f.evaluate({ customerId: "down", decisionId: "down.0.0" });
    const { redis: server, dir } = f.servers;
    await server.child.stop();
    const reply = await f.evaluate({ customerId: "down", decisionId: "down.1.0", profile: consenting() });
    expect(reply.chosen).toBeUndefined();
    expect(reply.verdicts.map((v) => [v.verdict, v.reason])).toEqual(
      Array.from({ length: 3 }, () => ["denied", "policy_unavailable"]),
    );
    await expect(f.gate({ customerId: "down", decisionId: "down.0.0" })).rejects.toThrow(
      "policy_unavailable",
    );
    const again = await startRedisServer({ root: process.cwd(), dataDir: `${dir}/empty`, port: server.port });
    try {
      let n = 1;
      const chosen = new Set(["down.0.0"]);
      await eventually("Redis to be found again", async () => {
        const r = await f.evaluate({ customerId: "down", decisionId: `down.${++n}.0` });
        if (r.reservationId) chosen.add(r.reservationId);
        return r.verdicts[0]?.reason === "cap_reached";
      });
      expect(chosen.size).toBe(CAP);
    } finally {
      await again.child.stop();
    }
  });
});
