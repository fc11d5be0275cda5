/**
 * Bayesian logistic regression, learned one outcome at a time: the posterior of the weights is kept as a normal
 * distribution with full covariance, updated by one Newton step per outcome (extended Kalman filter; D. J. Spiegelhalter
 * and S. L. Lauritzen 1990). Forgetting lets every variance drift back towards its prior, never beyond it, so that an
 * unused weight cannot blow up (as plain exponential forgetting lets it).
 */
import { MAX_COLUMNS, type Vector } from "./encoding.js";
import { boundedLogOdds, sigmoid } from "./numeric.js";

export interface Posterior {
  /** Means of the weights; the prior mean of every one is 0. */
  readonly mean: readonly number[];
  /** Lower triangle of the covariance, row after row. */
  readonly covariance: readonly number[];
}

/** Mean and variance of the linear predictor. */
export interface Linear {
  readonly mean: number;
  readonly variance: number;
}

export const EMPTY_POSTERIOR: Posterior = { mean: [], covariance: [] };

/** Where row i of the lower triangle begins. */
export const ROW: readonly number[] = Array.from({ length: MAX_COLUMNS + 1 }, (_, i) => (i * (i + 1)) / 2);

/** The posterior with its missing columns, up to `count`, as the prior has them. */
export function widened(posterior: Posterior, count: number, priorOf: (column: number) => number): Posterior {
  if (posterior.mean.length >= count) return posterior;
  const mean = posterior.mean.slice();
  const covariance = posterior.covariance.slice();
  for (let column = mean.length; column < count; column++) {
    mean.push(0);
    for (let j = 0; j < column; j++) covariance.push(0);
    covariance.push(priorOf(column));
  }
  return { mean, covariance };
}

/** `unseenVariance` is the prior variance of a weight whose column does not exist yet. */
export function linear(posterior: Posterior, x: Vector, offset: number, unseenVariance: number): Linear {
  const { index, value } = x;
  const { covariance } = posterior;
  let mean = offset;
  let variance = x.unseen * unseenVariance;
  for (let a = 0; a < index.length; a++) {
    const i = index[a]!;
    const xi = value[a]!;
    mean += posterior.mean[i]! * xi;
    variance += covariance[ROW[i]! + i]! * xi * xi;
    for (let b = 0; b < a; b++) {
      const j = index[b]!;
      variance += 2 * covariance[i > j ? ROW[i]! + j : ROW[j]! + i]! * xi * value[b]!;
    }
  }
  return { mean: boundedLogOdds(mean), variance: Math.max(0, variance) };
}

/** The posterior after one outcome; `forget` is the share of the way back to the prior's variance. */
export function withOutcome(
  posterior: Posterior,
  x: Vector,
  offset: number,
  label: 0 | 1,
  forget: number,
  priorOf: (column: number) => number,
): Posterior {
  const count = posterior.mean.length;
  const before = linear(posterior, x, offset, 0);
  const p = sigmoid(before.mean);
  const curvature = p * (1 - p);
  const shrink = 1 + curvature * before.variance;
  const error = (label - p) / shrink;
  const gain = gainOf(posterior, x);
  const mean = posterior.mean.slice();
  const covariance = posterior.covariance.slice();
  const keep = 1 - forget;
  for (let i = 0; i < count; i++) {
    const g = gain[i]!;
    mean[i]! += g * error;
    const row = ROW[i]!;
    const step = (curvature / shrink) * g;
    for (let j = 0; j <= i; j++) covariance[row + j] = keep * (covariance[row + j]! - step * gain[j]!);
    covariance[row + i]! += forget * priorOf(i);
  }
  return { mean, covariance };
}

/** Covariance times x. */
function gainOf({ mean, covariance }: Posterior, { index, value }: Vector): Float64Array {
  const gain = new Float64Array(mean.length);
  for (let a = 0; a < index.length; a++) {
    const i = index[a]!;
    const xi = value[a]!;
    const row = ROW[i]!;
    for (let j = 0; j <= i; j++) gain[j]! += covariance[row + j]! * xi;
    for (let j = i + 1; j < gain.length; j++) gain[j]! += covariance[ROW[j]! + i]! * xi;
  }
  return gain;
}
