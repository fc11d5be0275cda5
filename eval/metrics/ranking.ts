/** How well forecasts put positives before negatives: AUC and lift, pooled and within groups. */
import { byGroup, type Forecast } from "./forecast.js";

export interface Auc {
  /** Share of (positive, negative) pairs ranked right; a tie counts a half. Undefined without pairs. */
  readonly auc: number | undefined;
  readonly pairs: number;
}

/** Area under the ROC curve by ranks (Mann-Whitney), ties at their mean rank. */
export function aucOf(forecasts: readonly Forecast[]): Auc {
  const sorted = [...forecasts].sort((a, b) => a.p - b.p);
  const positives = sorted.reduce((sum, { label }) => sum + label, 0);
  const pairs = positives * (sorted.length - positives);
  let ranks = 0;
  for (let from = 0; from < sorted.length;) {
    let to = from;
    while (to < sorted.length && sorted[to]!.p === sorted[from]!.p) to++;
    const mean = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) ranks += sorted[i]!.label * mean;
    from = to;
  }
  return { auc: pairs === 0 ? undefined : (ranks - (positives * (positives + 1)) / 2) / pairs, pairs };
}

/** A month counts in the plain mean when it has at least this many positives and as many negatives. */
export const FEWEST_PER_CLASS = 10;

export interface WithinGroups {
  /** Mean over groups weighted by their pairs: the share of all pairs of the same group that are ranked right. */
  readonly byPairs: number | undefined;
  /** Plain mean over the groups with at least FEWEST_PER_CLASS of both. */
  readonly meanOfGroups: number | undefined;
}

/** AUC among forecasts of the same group alone, so that a base rate that moves between groups earns nothing. */
export function aucWithin(forecasts: readonly Forecast[]): WithinGroups {
  let right = 0;
  let pairs = 0;
  const large: number[] = [];
  for (const group of byGroup(forecasts).values()) {
    const found = aucOf(group);
    if (found.auc === undefined) continue;
    right += found.auc * found.pairs;
    pairs += found.pairs;
    const positives = group.reduce((sum, { label }) => sum + label, 0);
    if (Math.min(positives, group.length - positives) >= FEWEST_PER_CLASS) large.push(found.auc);
  }
  return {
    byPairs: pairs === 0 ? undefined : right / pairs,
    meanOfGroups: large.length === 0 ? undefined : large.reduce((a, b) => a + b, 0) / large.length,
  };
}

/** Rate of positives in each tenth, best first, divided by the rate of all. */
export function liftByDecile(forecasts: readonly Forecast[]): number[] {
  const sorted = [...forecasts].sort((a, b) => b.p - a.p);
  const all = rateOf(sorted);
  return Array.from({ length: 10 }, (_, d) => {
    const part = sorted.slice(
      Math.round((d * sorted.length) / 10),
      Math.round(((d + 1) * sorted.length) / 10),
    );
    return all === 0 ? 0 : rateOf(part) / all;
  });
}

/** Lift of the best tenth of each group: its positives over those that as many drawn blindly from the same groups would hold. */
export function liftWithin(forecasts: readonly Forecast[]): number {
  let found = 0;
  let blind = 0;
  for (const group of byGroup(forecasts).values()) {
    const best = [...group].sort((a, b) => b.p - a.p).slice(0, Math.round(group.length / 10));
    found += best.reduce((sum, { label }) => sum + label, 0);
    blind += best.length * rateOf(group);
  }
  return blind === 0 ? 0 : found / blind;
}

export const rateOf = (forecasts: readonly Forecast[]): number =>
  forecasts.length === 0 ? 0 : forecasts.reduce((sum, { label }) => sum + label, 0) / forecasts.length;
