import { normalQuantile, sigmoid, within } from "./numeric.js";

/** What a draw may do at most, so that exploring costs no more than was agreed. */
export interface DrawBounds {
  /** Lowest and highest probability that a draw may give. */
  readonly lowest: number;
  readonly highest: number;
  /** How many standard deviations of the posterior a draw may lie off the mean; 2 without it, 0 switches exploration off. */
  readonly deviations?: number;
}

const DEFAULT_DEVIATIONS = 2;
/** A uniform number of exactly 0 or 1 would be infinitely far out. */
const SMALLEST = 2 ** -53;

/** Thompson sampling: one draw from the posterior of the probability, by a uniform number 0 ≤ u ≤ 1 that the caller gives. */
export function drawn(
  prediction: { readonly mean: number; readonly variance: number },
  u: number,
  bounds: DrawBounds,
): number {
  const most = bounds.deviations ?? DEFAULT_DEVIATIONS;
  const deviations = within(normalQuantile(within(u, SMALLEST, 1 - SMALLEST)), -most, most);
  const p = sigmoid(prediction.mean + deviations * Math.sqrt(prediction.variance));
  return within(p, bounds.lowest, bounds.highest);
}
