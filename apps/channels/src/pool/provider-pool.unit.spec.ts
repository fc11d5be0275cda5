import fc from "fast-check";
import type { Command } from "#contracts";
import type { ChannelProvider, SendOrder, SendResult } from "../provider.port.js";
import { CircuitBreaker, type BreakerOptions } from "./circuit-breaker.js";
import { ProviderPool, ranked, type Pooled } from "./provider-pool.js";
import { OwnRateLimit, takeTurn } from "./rate-limit.js";

const breaker: BreakerOptions = { failures: 3, openForMs: 1_000, openForAtMostMs: 3_000 };
const reports = { receipt: () => undefined, response: () => undefined };
const order = (commandId: string, receiptTimeoutMs = 5_000) =>
  ({ commandId, attempt: 0, receiptTimeoutMs }) as SendOrder;

/** Answers what it is told to, and keeps what it was asked. */
class Scripted implements ChannelProvider {
  readonly name = "scripted";
  readonly asked: SendOrder[] = [];
  answer: SendResult | Error = { status: "delivered", afterMs: 1 };
  withdrawn: boolean | undefined = false;

  constructor(readonly time: ChannelProvider["time"] = "wall") {}

  send(one: SendOrder): Promise<SendResult> {
    this.asked.push(one);
    return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer);
  }

  withdraw(): Promise<boolean | undefined> {
    return Promise.resolve(this.withdrawn);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const down: SendResult = { status: "rejected", reason: "provider_unavailable", afterMs: 1 };

function pool(weights: readonly number[], over: (i: number) => Partial<Pooled> = () => ({})) {
  const providers = weights.map(() => new Scripted());
  const pooled = providers.map((provider, i): Pooled => ({
    id: `p${i}`,
    weight: weights[i]!,
    provider,
    breaker: new CircuitBreaker(breaker),
    ...over(i),
  }));
  return { providers, pooled, pool: new ProviderPool(pooled) };
}

describe("several providers of one channel", () => {
  it("share the messages by weight, and a leg that comes again finds the same first", () => {
    const { pooled } = pool([3, 1, 0]);
    const first = Array.from({ length: 20_000 }, (_, i) => ranked(pooled, order(`c${i}`))[0]!.id);
    const share = (id: string): number => first.filter((f) => f === id).length / first.length;
    expect(share("p0")).toBeCloseTo(0.75, 1);
    expect(share("p1")).toBeCloseTo(0.25, 1);
    expect(share("p2")).toBe(0);
    expect(first).toEqual(Array.from({ length: 20_000 }, (_, i) => ranked(pooled, order(`c${i}`))[0]!.id));
  });

  it("stand in for each other when one certainly did not take a message", async () => {
    const { providers, pool: p } = pool([1, 0]);
    providers[0]!.answer = down;
    expect(await p.send(order("c"), reports)).toMatchObject({ status: "delivered" });
    expect(providers.map((x) => x.asked.length)).toEqual([1, 1]);
  });

  it("never say again what may have left, or what the customer's address does not take (I8)", async () => {
    for (const answer of [
      { status: "unknown", reason: "no_answer", afterMs: 1 },
      { status: "rejected", reason: "invalid_address", afterMs: 1 },
      { status: "accepted", afterMs: 1 },
      new Error("in the middle of it"),
    ] as (SendResult | Error)[]) {
      const { providers, pool: p } = pool([1, 0]);
      providers[0]!.answer = answer;
      await p.send(order("c"), reports).catch(() => undefined);
      expect(providers.map((x) => x.asked.length)).toEqual([1, 0]);
    }
  });

  it("say so when none of them can", async () => {
    const { providers, pool: p } = pool([1, 1]);
    for (const x of providers) x.answer = down;
    expect(await p.send(order("c"), reports)).toMatchObject({
      status: "rejected",
      reason: "provider_unavailable",
    });
  });

  it("leave a failing one alone, and try it again after a while", async () => {
    let now = 0;
    const { providers, pool: p } = pool([1, 0], () => ({ breaker: new CircuitBreaker(breaker, () => now) }));
    providers[0]!.answer = down;
    for (let i = 0; i < 5; i++) await p.send(order(`c${i}`), reports);
    expect(providers[0]!.asked).toHaveLength(3);
    expect(p.states().get("p0")).toBe("open");
    now = 1_000;
    providers[0]!.answer = { status: "delivered", afterMs: 1 };
    await p.send(order("c6"), reports);
    expect(providers[0]!.asked).toHaveLength(4);
    expect(p.states().get("p0")).toBe("closed");
  });

  it("know of each other what was sent: delivered by one is delivered, not known of one is not known", async () => {
    const { providers, pool: p } = pool([1, 1]);
    const ask = () => p.withdraw({} as Command, "interrupted");
    expect(await ask()).toBe(false);
    providers[1]!.withdrawn = undefined;
    expect(await ask()).toBeUndefined();
    providers[0]!.withdrawn = true;
    expect(await ask()).toBe(true);
  });

  it("are one kind: the sandbox's time is not the wall's", () => {
    const pooled = (["wall", "segue"] as const).map((time, i) => ({
      id: `${i}`,
      weight: 1,
      provider: new Scripted(time),
      breaker: new CircuitBreaker(breaker),
    }));
    expect(() => new ProviderPool(pooled)).toThrow("a channel has one kind");
    expect(() => new ProviderPool([])).toThrow("needs a provider");
  });

  it("pace a backlog, and let go of what would come too late", async () => {
    const { providers, pool: p } = pool([1], () => ({ rate: new OwnRateLimit({ perSecond: 20, burst: 2 }) }));
    const started = performance.now();
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) => p.send(order(`c${i}`, 260), reports)),
    );
    const sent = results.filter((r) => r.status === "delivered").length;
    // Two at once, then one per 50 ms within 260 ms.
    expect(sent).toBe(7);
    expect(providers[0]!.asked).toHaveLength(7);
    expect(performance.now() - started).toBeGreaterThan(240);
    expect(results.filter((r) => r.status === "rejected" && r.reason === "rate_limited")).toHaveLength(5);
  });
});

describe("a token bucket", () => {
  it("never gives more turns in any stretch of time than its burst and what its rate adds", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 200 }),
        (perSecond, burst, pauses) => {
          const rate = { perSecond, burst };
          const turns: number[] = [];
          let free = 0;
          let now = 0;
          for (const pause of pauses) {
            now += pause;
            const taken = takeTurn(free, now, rate, 300);
            if (!taken) continue;
            free = taken.free;
            turns.push(now + taken.waitMs);
          }
          for (let i = 0; i < turns.length; i++)
            for (let j = i; j < turns.length; j++)
              expect(j - i + 1).toBeLessThanOrEqual(
                burst + ((turns[j]! - turns[i]!) * perSecond) / 1_000 + 1e-6,
              );
        },
      ),
    );
  });
});

describe("a circuit breaker", () => {
  it("lets one call through to find out, and waits longer each time it fails, up to a bound", () => {
    let now = 0;
    const b = new CircuitBreaker(breaker, () => now);
    for (let i = 0; i < 3; i++) b.failed();
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      const opened = now;
      while (!b.admit()) now += 100;
      waits.push(now - opened);
      expect(b.admit()).toBe(false);
      b.failed();
    }
    expect(waits).toEqual([1_000, 2_000, 3_000, 3_000]);
  });

  it("opens only after failures in a row, and a call that tells nothing keeps its trial open", () => {
    const b = new CircuitBreaker(breaker, () => 0);
    b.failed();
    b.failed();
    b.succeeded();
    b.failed();
    expect(b.state).toBe("closed");
    let now = 0;
    const c = new CircuitBreaker(breaker, () => now);
    for (let i = 0; i < 3; i++) c.failed();
    now = 1_000;
    expect(c.admit()).toBe(true);
    c.toldNothing();
    expect(c.admit()).toBe(true);
  });
});
