/** Durations counted in buckets that grow by a tenth: quantiles to within 5 %, in memory that does not grow with their number. */

const GROWTH = 1.1;
const LOG_GROWTH = Math.log(GROWTH);

export class DurationHistogram {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #sum = 0;

  /** Milliseconds; what is below 1 counts as 1. */
  add(ms: number): void {
    const bucket = Math.floor(Math.log(Math.max(1, ms)) / LOG_GROWTH);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count++;
    this.#sum += Math.max(0, ms);
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** The duration below which a share of them lie: the geometric middle of its bucket; `undefined` without any. */
  quantile(share: number): number | undefined {
    let left = share * this.#count;
    for (const [bucket, n] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      left -= n;
      if (left <= 0) return bucket === 0 ? 1 : GROWTH ** (bucket + 0.5);
    }
    return undefined;
  }

  /** How many lie at or below a bound, to within a bucket. */
  atMost(ms: number): number {
    let n = 0;
    for (const [bucket, count] of this.#buckets) if (GROWTH ** (bucket + 0.5) <= ms) n += count;
    return n;
  }
}
