/**
 * Several providers for one channel: shared out by weight, each at its own pace, left alone while it keeps failing. What certainly
 * did not leave goes to the next provider; what may have left never does (I8).
 */
import { fnv1a32, type Command } from "#contracts";
import { sleep } from "#messaging";
import type { ChannelProvider, Reports, SendOrder, SendResult } from "../provider.port.js";
import type { BreakerState, CircuitBreaker } from "./circuit-breaker.js";
import type { RateLimit } from "./rate-limit.js";

export interface Pooled {
  readonly id: string;
  /** Share of the messages, against the weights of the others; 0: only when no other can. */
  readonly weight: number;
  readonly provider: ChannelProvider;
  readonly breaker: CircuitBreaker;
  /** Absent: as fast as there is something to send. */
  readonly rate?: RateLimit | undefined;
}

/**
 * Refusals that another provider would not repeat. Any other refusal is about the customer or the message, and the next channel has
 * the command then.
 */
const PROVIDERS_FAULT = /^(provider_|smpp_|http_|quota_)/;

export class ProviderPool implements ChannelProvider {
  readonly name: string;
  readonly time: ChannelProvider["time"];
  readonly #pooled: readonly Pooled[];

  /** Throws RangeError for an empty pool, and for one of providers that live in different times. */
  constructor(pooled: readonly Pooled[]) {
    const times = new Set(pooled.map((p) => p.provider.time));
    const [time] = times;
    if (time === undefined) throw new RangeError("a pool needs a provider");
    if (times.size > 1)
      throw new RangeError(
        "the sandbox lives in Segue's time, other providers in the wall's: a channel has one kind",
      );
    this.time = time;
    this.name = pooled.map((p) => p.id).join("|");
    this.#pooled = pooled;
  }

  /** By provider, for readiness and metrics. */
  states(): ReadonlyMap<string, BreakerState> {
    return new Map(this.#pooled.map((p) => [p.id, p.breaker.state]));
  }

  async send(order: SendOrder, reports: Reports): Promise<SendResult> {
    const started = performance.now();
    const afterMs = (): number => Math.round(performance.now() - started);
    let last: SendResult | undefined;
    for (const one of ranked(this.#pooled, order)) {
      const leftMs = order.receiptTimeoutMs - afterMs();
      if (leftMs <= 0) break;
      if (!one.breaker.admit()) continue;
      const waitMs = one.rate ? await one.rate.turn(leftMs) : 0;
      if (waitMs === undefined) {
        one.breaker.toldNothing();
        last ??= { status: "rejected", reason: "rate_limited", afterMs: afterMs() };
        continue;
      }
      if (waitMs > 0) await sleep(waitMs);
      const result = await this.#ask(
        one,
        { ...order, receiptTimeoutMs: order.receiptTimeoutMs - afterMs() },
        reports,
      );
      // Timed from here, whichever provider it was.
      if (!(result.status === "rejected" && PROVIDERS_FAULT.test(result.reason)))
        return { ...result, afterMs: afterMs() };
      last = { ...result, afterMs: afterMs() };
    }
    return last ?? { status: "rejected", reason: "provider_unavailable", afterMs: afterMs() };
  }

  async withdraw(command: Command, reason: string): Promise<boolean | undefined> {
    const asked = await Promise.all(
      this.#pooled.map(async ({ provider }) =>
        provider.withdraw ? provider.withdraw(command, reason) : reason === "interrupted" ? undefined : false,
      ),
    );
    if (asked.includes(true)) return true;
    return asked.includes(undefined) ? undefined : false;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pooled.map((p) => p.provider.close()));
  }

  async #ask({ provider, breaker }: Pooled, order: SendOrder, reports: Reports): Promise<SendResult> {
    let result: SendResult;
    try {
      result = await provider.send(order, reports);
    } catch (error) {
      breaker.failed();
      throw error;
    }
    const failed =
      result.status === "unknown" || (result.status === "rejected" && PROVIDERS_FAULT.test(result.reason));
    if (failed) breaker.failed();
    else breaker.succeeded();
    return result;
  }
}

const LARGEST = 2 ** 32;

/**
 * The providers in the order in which this leg tries them: by weighted rendezvous hashing, so that a leg that comes again
 * finds the same one first, and the shares follow the weights.
 */
export function ranked(
  pooled: readonly Pooled[],
  { commandId, attempt }: Pick<SendOrder, "commandId" | "attempt">,
): readonly Pooled[] {
  const [only] = pooled;
  if (pooled.length === 1 && only) return [only];
  const key = ({ id, weight }: Pooled): number => {
    const u = (mixed(fnv1a32(`${commandId}.${attempt}:${id}`)) + 0.5) / LARGEST;
    return weight > 0 ? -Math.log(u) / weight : Infinity;
  };
  return pooled
    .map((one) => ({ one, key: key(one) }))
    .sort((a, b) => (a.key === b.key ? 0 : a.key - b.key))
    .map(({ one }) => one);
}

/** FNV mixes its last bytes too little (finalizer of MurmurHash3). */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
