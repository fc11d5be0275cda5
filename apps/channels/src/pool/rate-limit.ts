/**
 * How fast a provider may be asked: a token bucket, as the generic cell rate algorithm counts it (ITU-T I.371). It is shared by all
 * processes through Redis, and by itself in each while Redis is away: then a provider may hear up to its rate from each.
 */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

export interface Rate {
  readonly perSecond: number;
  /** So many at once after a pause. */
  readonly burst: number;
}

export interface RateLimit {
  /**
   * A turn within `withinMs`: how long to wait for it, ms. `undefined`: there is none so soon, and none was taken.
   */
  turn(withinMs: number): Promise<number | undefined>;
}

/** The arithmetic, on a clock in ms. `free`: when the bucket is full again. */
export function takeTurn(
  free: number,
  now: number,
  { perSecond, burst }: Rate,
  withinMs: number,
): { readonly free: number; readonly waitMs: number } | undefined {
  const interval = 1_000 / perSecond;
  const next = Math.max(free, now) + interval;
  const waitMs = Math.max(0, next - now - burst * interval);
  return waitMs > withinMs ? undefined : { free: next, waitMs };
}

/** Counted by this process alone. */
export class OwnRateLimit implements RateLimit {
  #free = 0;

  constructor(
    private readonly rate: Rate,
    private readonly now: () => number = () => performance.now(),
  ) {}

  turn(withinMs: number): Promise<number | undefined> {
    const taken = takeTurn(this.#free, this.now(), this.rate, withinMs);
    if (taken) this.#free = taken.free;
    return Promise.resolve(taken?.waitMs);
  }
}

/** KEYS: when the bucket is full again (µs of Redis's clock). ARGV: interval and burst (µs), how long a turn may be away (µs). */
const TAKE_TURN = `
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
local interval, burst, within = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + interval
local wait = math.max(0, free - now - burst)
if wait > within then return -1 end
redis.call('SET', KEYS[1], string.format('%d', free), 'PX', math.ceil((free - now) / 1000) + 1000)
return math.ceil(wait)
`;
const TAKE_TURN_SHA = createHash("sha1").update(TAKE_TURN).digest("hex");

/** Counted by all processes that share this Redis. */
export class SharedRateLimit implements RateLimit {
  readonly #own: OwnRateLimit;

  constructor(
    private readonly redis: Pick<Redis, "evalsha" | "eval">,
    private readonly provider: string,
    private readonly rate: Rate,
  ) {
    this.#own = new OwnRateLimit(rate);
  }

  async turn(withinMs: number): Promise<number | undefined> {
    const interval = 1_000_000 / this.rate.perSecond;
    const numbers = [interval, interval * this.rate.burst, withinMs * 1_000];
    const args = [`segue:rate:{${this.provider}}`, ...numbers.map((n) => String(Math.round(n)))] as const;
    let waitUs: number;
    try {
      waitUs = (await this.redis.evalsha(TAKE_TURN_SHA, 1, ...args).catch((error: unknown) => {
        if (!(error as Error).message.startsWith("NOSCRIPT")) throw error;
        return this.redis.eval(TAKE_TURN, 1, ...args);
      })) as number;
    } catch {
      return this.#own.turn(withinMs);
    }
    return waitUs < 0 ? undefined : waitUs / 1_000;
  }
}
