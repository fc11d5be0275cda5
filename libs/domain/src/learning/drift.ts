/**
 * Drift: what a feature means has changed, which the base rate does not explain. One sequential test per weight and
 * direction: a CUSUM of log-likelihood ratios (E. S. Page 1954; G. Lorden 1971) between "as the model says" and "this
 * weight is off by SHIFT". A column enters as its distance from its mean weighted by p(1-p): then a change of the base
 * rate cancels out, to first order, and only a change of what the feature means adds up.
 */
import { BASE_COLUMNS, MAX_COLUMNS, type Columns, type Vector } from "./encoding.js";
import { sigmoid, softplus } from "./numeric.js";

/** The change of log-odds per unit that the test is most powerful against. */
const SHIFT = 0.7;
/** A false alarm once in about a million outcomes, over all tests together (two per column). */
const THRESHOLD = Math.log(2 * MAX_COLUMNS * 1_000_000);
/**
 * A weight is watched once this much is known of it (Fisher information: its standard error is then about 0.2, whatever
 * its prior): before, the model is still learning it.
 */
const KNOWN = 20;
/** The weighted means of columns look back over this many outcomes' worth of weight. */
const FORGET = 1 / 500;
const KEPT = 10;

export interface DriftFinding {
  readonly feature: string;
  /** The value of a category or flag, when it is one. */
  readonly value?: string;
  /** The feature now raises the probability more (up) or less (down) than was learnt. */
  readonly direction: "up" | "down";
  /** How many outcomes had been learnt, and the time of the last. */
  readonly outcomes: number;
  readonly at: number;
}

export interface DriftWatch {
  readonly weight: number;
  /** Per column. */
  readonly means: readonly number[];
  readonly information: readonly number[];
  readonly up: readonly number[];
  readonly down: readonly number[];
  /** The latest findings, oldest first. */
  readonly found: readonly DriftFinding[];
}

export const EMPTY_WATCH: DriftWatch = { weight: 0, means: [], information: [], up: [], down: [], found: [] };

export interface DriftOutcome {
  readonly x: Vector;
  /** The model's log-odds before it learnt this outcome. */
  readonly logOdds: number;
  readonly label: 0 | 1;
  readonly outcomes: number;
  readonly at: number;
}

/** The watch after one outcome; `forget` is the share of what was known that the watched member forgets per outcome. */
export function watched(
  watch: DriftWatch,
  outcome: DriftOutcome,
  columns: Columns,
  forget: number,
): DriftWatch {
  const { logOdds: z, label } = outcome;
  const p = sigmoid(z);
  const w = p * (1 - p);
  const weight = watch.weight * (1 - FORGET) + w;
  const x = dense(outcome.x, columns.count);
  const means = Array.from({ length: columns.count }, () => 0);
  const information = means.slice();
  const up = means.slice();
  const down = means.slice();
  const asIs = softplus(z);
  let farthest = THRESHOLD;
  let at: { column: number; direction: "up" | "down" } | undefined;
  for (let column = 0; column < columns.count; column++) {
    const mean = watch.means[column] ?? 0;
    means[column] = mean + (w / weight) * (x[column]! - mean);
    const distance = x[column]! - mean;
    information[column] = (watch.information[column] ?? 0) * (1 - forget) + w * distance * distance;
    if (column < BASE_COLUMNS || information[column]! < KNOWN) continue;
    const shift = SHIFT * distance;
    up[column] = Math.max(0, (watch.up[column] ?? 0) + label * shift - softplus(z + shift) + asIs);
    down[column] = Math.max(0, (watch.down[column] ?? 0) - label * shift - softplus(z - shift) + asIs);
    const highest = Math.max(up[column]!, down[column]!);
    if (highest <= farthest) continue;
    farthest = highest;
    at = { column, direction: up[column] === highest ? "up" : "down" };
  }
  if (at === undefined) return { weight, means, information, up, down, found: watch.found };
  const finding = {
    ...nameOf(columns, at.column),
    direction: at.direction,
    outcomes: outcome.outcomes,
    at: outcome.at,
  };
  return { weight, means, information, up: [], down: [], found: [...watch.found, finding].slice(-KEPT) };
}

function dense({ index, value }: Vector, count: number): Float64Array {
  const x = new Float64Array(count);
  for (let a = 0; a < index.length; a++) x[index[a]!] = value[a]!;
  return x;
}

function nameOf(columns: Columns, column: number): { feature: string; value?: string } {
  for (const [feature, keys] of Object.entries(columns.of))
    for (const [key, of] of Object.entries(keys))
      if (of === column) return key.startsWith("=") ? { feature, value: key.slice(1) } : { feature };
  return { feature: "base rate" };
}
