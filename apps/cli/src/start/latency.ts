/** Percentiles of latencies by counting in buckets 2 % apart, so that memory does not grow with the run. */
const FACTOR = Math.log(1.02);

export class Latencies {
  readonly #buckets = new Map<number, number>();
  #n = 0;

  get n(): number {
    return this.#n;
  }

  /** Milliseconds; below 0 (two clocks of one machine, a rounding) counts as 0. */
  add(ms: number): void {
    const bucket = Math.round(Math.log(Math.max(0, ms) + 1) / FACTOR);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#n++;
  }

  /** The value that a share `p` (0 to 1) of all does not exceed, within 2 %; `undefined` when there are none. */
  percentile(p: number): number | undefined {
    if (this.#n === 0) return undefined;
    const rank = Math.max(1, Math.ceil(p * this.#n));
    let seen = 0;
    for (const [bucket, n] of [...this.#buckets].sort((a, b) => a[0] - b[0])) {
      seen += n;
      if (seen >= rank) return Math.exp(bucket * FACTOR) - 1;
    }
    return undefined;
  }
}
