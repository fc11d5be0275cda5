/**
 * A histogram of latencies in the manner of HdrHistogram (log-linear buckets): constant memory, relative error below
 * 1 / 128, nothing thrown away. Values are microseconds; below 256 they are exact.
 */
const LINEAR = 256;
const PER_OCTAVE = 128;

export class Histogram {
  readonly #counts: number[] = [];
  count = 0;
  max = 0;

  record(micros: number): void {
    const value = Math.max(0, Math.round(micros));
    const i = indexOf(value);
    this.#counts[i] = (this.#counts[i] ?? 0) + 1;
    this.count++;
    if (value > this.max) this.max = value;
  }

  /** The smallest recorded value (to the bucket's upper edge, never above the maximum) that `percent` of all do not exceed. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.count));
    let passed = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      passed += this.#counts[i] ?? 0;
      if (passed >= wanted) return Math.min(upperEdge(i), this.max);
    }
    return 0;
  }

  /** p50, p95, p99 and the maximum, ms. */
  summary(): LatencySummary {
    const ms = (micros: number): number => micros / 1_000;
    return {
      count: this.count,
      p50Ms: ms(this.percentile(50)),
      p95Ms: ms(this.percentile(95)),
      p99Ms: ms(this.percentile(99)),
      maxMs: ms(this.max),
    };
  }
}

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Linear up to 256, then 128 buckets for each doubling. */
function indexOf(value: number): number {
  if (value < LINEAR) return value;
  const octave = Math.floor(Math.log2(value)) - 7;
  return LINEAR + (octave - 1) * PER_OCTAVE + (Math.floor(value / 2 ** octave) - PER_OCTAVE);
}

function upperEdge(i: number): number {
  if (i < LINEAR) return i;
  const octave = Math.floor((i - LINEAR) / PER_OCTAVE) + 1;
  const within = ((i - LINEAR) % PER_OCTAVE) + PER_OCTAVE;
  return (within + 1) * 2 ** octave - 1;
}
