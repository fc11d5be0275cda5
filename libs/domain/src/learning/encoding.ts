/**
 * From features to a vector of numbers. A category gets a column when a value is first seen, up to a bound; numbers are
 * scaled by the mean and variance of what was learnt so far; what is missing has a column of its own.
 */
import { HORIZONS } from "./base-rate.js";
import type { FeatureSpec, FeatureValue, Features, ModelSpec } from "./model-spec.js";
import { within } from "./numeric.js";

/** The first columns are the intercept and one per horizon of the base rate (model.ts). */
export const BASE_COLUMNS = 1 + HORIZONS.length;
/** Bounds the state: 64 columns are 2,080 covariances. */
export const MAX_COLUMNS = 64;
const MAX_VALUES_PER_CATEGORY = 20;

/** Numbers are judged against the last 2,000 or so, and beyond three deviations all are alike. */
const SCALE_HORIZON = 2_000;
const MOST_DEVIATIONS = 3;
const LARGEST = 1e12;

/** Columns by feature and key: a category's value after "=", "value" of a number, or "missing". */
export interface Columns {
  readonly count: number;
  readonly of: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface Scale {
  readonly seen: number;
  readonly mean: number;
  readonly variance: number;
}

export interface Encoding {
  readonly columns: Columns;
  readonly scales: Readonly<Record<string, Scale>>;
}

/** The columns that are not 0, and their values; `unseen` is the sum of squares of what has no column yet. */
export interface Vector {
  readonly index: number[];
  readonly value: number[];
  unseen: number;
}

export const emptyEncoding = (spec: ModelSpec): Encoding => ({
  columns: {
    count: BASE_COLUMNS,
    of: Object.fromEntries(Object.keys(spec.features).map((name) => [name, {}])),
  },
  scales: {},
});

/** The declared features as a vector, without the base columns. */
export function encoded(encoding: Encoding, spec: ModelSpec, features: Features): Vector {
  const vector: Vector = { index: [], value: [], unseen: 0 };
  for (const name in spec.features) append(vector, encoding, name, spec.features[name]!, features[name]);
  return vector;
}

/** Appends what one feature says: at most one column. */
function append(
  vector: Vector,
  encoding: Encoding,
  name: string,
  feature: FeatureSpec,
  given: FeatureValue,
): void {
  const value = readable(feature, given);
  const x = typeof value === "number" ? deviations(encoding.scales[name], value) : 1;
  if (x === 0) return;
  const column = columnOf(encoding.columns, name, keyOf(value));
  if (column !== undefined) {
    vector.index.push(column);
    vector.value.push(x);
  } else if (encoding.columns.count < MAX_COLUMNS) vector.unseen += x * x;
}

/** The encoding once these features have a column each, as far as the bound allows; the same object when they have already. */
export function grown(encoding: Encoding, spec: ModelSpec, features: Features): Encoding {
  let { columns } = encoding;
  for (const name in spec.features) {
    const key = keyOf(readable(spec.features[name]!, features[name]));
    if (columns.count >= MAX_COLUMNS || columnOf(columns, name, key) !== undefined) continue;
    const known = columns.of[name]!;
    const full = Object.keys(known).length >= MAX_VALUES_PER_CATEGORY;
    columns = {
      count: columns.count + 1,
      of: { ...columns.of, [name]: { ...known, [full ? "other" : key]: columns.count } },
    };
  }
  return columns === encoding.columns ? encoding : { ...encoding, columns };
}

/** The encoding with the numbers of these features counted into their scales. */
export function rescaled(encoding: Encoding, spec: ModelSpec, features: Features): Encoding {
  let { scales } = encoding;
  for (const name in spec.features) {
    const value = readable(spec.features[name]!, features[name]);
    if (typeof value === "number") scales = { ...scales, [name]: withNumber(scales[name], value) };
  }
  return { ...encoding, scales };
}

/** A feature's value as its kind reads it: a number, the text of a category or flag, or undefined when it says nothing. */
function readable(feature: FeatureSpec, value: FeatureValue): number | string | undefined {
  if (value === undefined || value === null) return undefined;
  if (feature.kind !== "number") return Number.isNaN(value) ? undefined : String(value);
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  const bounded = within(value, -LARGEST, LARGEST);
  return feature.scale === "log" ? Math.sign(bounded) * Math.log1p(Math.abs(bounded)) : bounded;
}

function keyOf(value: number | string | undefined): string {
  if (value === undefined) return "missing";
  return typeof value === "number" ? "value" : `=${value}`;
}

function columnOf(columns: Columns, name: string, key: string): number | undefined {
  const known = columns.of[name]!;
  return known[key] ?? known.other;
}

function deviations(scale: Scale | undefined, value: number): number {
  if (scale === undefined || scale.variance <= 0) return 0;
  return within((value - scale.mean) / Math.sqrt(scale.variance), -MOST_DEVIATIONS, MOST_DEVIATIONS);
}

/** Mean and variance of all so far, then exponentially weighted over the horizon (B. P. Welford's recurrence). */
function withNumber(scale: Scale | undefined, value: number): Scale {
  if (scale === undefined) return { seen: 1, mean: value, variance: 0 };
  const seen = Math.min(scale.seen + 1, SCALE_HORIZON);
  const distance = value - scale.mean;
  return {
    seen,
    mean: scale.mean + distance / seen,
    variance: (1 - 1 / seen) * (scale.variance + (distance * distance) / seen),
  };
}
