/**
 * Gradient boosting of small trees on the log-loss (J. Friedman 2001, Newton steps), fitted anew every 250 outcomes on
 * the latest 4,000: how a bank that scores by batch keeps its model fresh.
 */
import type { FeatureSpec, Features } from "#domain";
import type { Forecaster } from "./contenders.js";

const REFIT_EVERY = 250;
const WINDOW = 4_000;
const TREES = 40;
const DEPTH = 3;
const RATE = 0.1;
const FEWEST_IN_LEAF = 20;
const RIDGE = 1;
/** Quantile bins of a number, or values of a category; 0 is missing. */
const BINS = 24;

interface Sample {
  readonly features: Features;
  readonly label: 0 | 1;
}

/** A split asks whether the bin is at most this one (number) or this one (category). */
type Node =
  | { readonly value: number }
  | { readonly feature: number; readonly bin: number; readonly yes: Node; readonly no: Node };

type Binner = (features: Features) => number;

export function refittedTrees(specs: Readonly<Record<string, FeatureSpec>>): Forecaster {
  const samples: Sample[] = [];
  let seen = 0;
  let logOddsOf: (features: Features) => number = () => Math.log(0.1 / 0.9);
  return {
    predict: ({ features }) => sigmoid(logOddsOf(features)),
    learn: (contact) => {
      samples.push(contact);
      if (++seen % REFIT_EVERY !== 0) return;
      samples.splice(0, samples.length - WINDOW);
      logOddsOf = fitted(samples, specs);
    },
  };
}

function fitted(
  samples: readonly Sample[],
  specs: Readonly<Record<string, FeatureSpec>>,
): (features: Features) => number {
  const names = Object.keys(specs);
  const numeric = names.map((name) => specs[name]!.kind === "number");
  const binners = names.map((name, f) => (numeric[f] ? byQuantiles(samples, name) : byValues(samples, name)));
  const columns = binners.map((binOf) => Uint8Array.from(samples, ({ features }) => binOf(features)));
  const rate = (samples.reduce((sum, { label }) => sum + label, 0) + 0.5) / (samples.length + 1);
  const start = Math.log(rate / (1 - rate));
  const logOdds = new Float64Array(samples.length).fill(start);
  const all = Uint32Array.from(samples, (_, i) => i);
  const trees: Node[] = [];
  for (let t = 0; t < TREES; t++) {
    const slopes = Float64Array.from(samples, ({ label }, i) => label - sigmoid(logOdds[i]!));
    const curves = Float64Array.from(logOdds, (z) => sigmoid(z) * (1 - sigmoid(z)));
    const tree = grownTree(all, columns, numeric, slopes, curves, DEPTH);
    for (let i = 0; i < samples.length; i++) logOdds[i]! += leafOf(tree, (f) => columns[f]![i]!, numeric);
    trees.push(tree);
  }
  return (features) => {
    const own = Uint8Array.from(binners, (binOf) => binOf(features));
    return trees.reduce((sum, tree) => sum + leafOf(tree, (f) => own[f]!, numeric), start);
  };
}

function grownTree(
  members: Uint32Array,
  columns: readonly Uint8Array[],
  numeric: readonly boolean[],
  slopes: Float64Array,
  curves: Float64Array,
  depth: number,
): Node {
  let slope = 0;
  let curve = 0;
  for (const i of members) {
    slope += slopes[i]!;
    curve += curves[i]!;
  }
  const leaf = { value: (RATE * slope) / (curve + RIDGE) };
  if (depth === 0 || members.length < 2 * FEWEST_IN_LEAF) return leaf;
  const gainOf = (s: number, c: number): number => (s * s) / (c + RIDGE);
  let best = { gain: gainOf(slope, curve) + 1e-6, feature: -1, bin: 0 };
  const sums = {
    slope: new Float64Array(BINS),
    curve: new Float64Array(BINS),
    count: new Float64Array(BINS),
  };
  for (let f = 0; f < numeric.length; f++) {
    const column = columns[f]!;
    const { slope: slopeOf, curve: curveOf, count } = sums;
    for (const sum of [slopeOf, curveOf, count]) sum.fill(0);
    for (const i of members) {
      const bin = column[i]!;
      slopeOf[bin]! += slopes[i]!;
      curveOf[bin]! += curves[i]!;
      count[bin]! += 1;
    }
    let s = 0;
    let c = 0;
    let n = 0;
    for (let bin = 0; bin < BINS; bin++) {
      s = sums.slope[bin]! + (numeric[f] ? s : 0);
      c = sums.curve[bin]! + (numeric[f] ? c : 0);
      n = sums.count[bin]! + (numeric[f] ? n : 0);
      if (n < FEWEST_IN_LEAF || members.length - n < FEWEST_IN_LEAF) continue;
      const gain = gainOf(s, c) + gainOf(slope - s, curve - c);
      if (gain > best.gain) best = { gain, feature: f, bin };
    }
  }
  if (best.feature < 0) return leaf;
  const column = columns[best.feature]!;
  const isYes = (i: number): boolean => matches(column[i]!, best.feature, best.bin, numeric);
  const grow = (part: Uint32Array): Node => grownTree(part, columns, numeric, slopes, curves, depth - 1);
  return {
    feature: best.feature,
    bin: best.bin,
    yes: grow(members.filter(isYes)),
    no: grow(members.filter((i) => !isYes(i))),
  };
}

const matches = (own: number, feature: number, bin: number, numeric: readonly boolean[]): boolean =>
  numeric[feature] ? own <= bin : own === bin;

function leafOf(node: Node, binOf: (feature: number) => number, numeric: readonly boolean[]): number {
  let at = node;
  while (!("value" in at)) at = matches(binOf(at.feature), at.feature, at.bin, numeric) ? at.yes : at.no;
  return at.value;
}

function byQuantiles(samples: readonly Sample[], name: string): Binner {
  const values = samples.map(({ features }) => features[name]).filter((v) => typeof v === "number");
  values.sort((a, b) => a - b);
  const cuts = Array.from(
    { length: BINS - 2 },
    (_, q) => values[Math.floor(((q + 1) * values.length) / (BINS - 1))]!,
  );
  const distinct = [...new Set(cuts)];
  return (features) => {
    const value = features[name];
    if (typeof value !== "number") return 0;
    const above = distinct.findIndex((cut) => value < cut);
    return 1 + (above < 0 ? distinct.length : above);
  };
}

function byValues(samples: readonly Sample[], name: string): Binner {
  const counts = new Map<unknown, number>();
  for (const { features } of samples) counts.set(features[name], (counts.get(features[name]) ?? 0) + 1);
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, BINS - 1);
  const binOf = new Map(most.map(([value], i) => [value, i + 1]));
  return (features) => binOf.get(features[name]) ?? 0;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
