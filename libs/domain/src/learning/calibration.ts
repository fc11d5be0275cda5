/**
 * Keeps stated probabilities true: a straight line through the log-odds (J. Platt 1999), learned online from what was
 * predicted and what came. It starts as the identity and is never far from it, so that few outcomes cannot bend it.
 */
import {
  EMPTY_POSTERIOR,
  linear,
  widened,
  withOutcome,
  type Linear,
  type Posterior,
} from "./bayesian-regression.js";
import type { Vector } from "./encoding.js";

/** Variance of intercept and slope; after about 7,000 outcomes half is forgotten. */
const PRIOR = 0.02;
const FORGET = 1e-4;

const prior = (): number => PRIOR;

export const emptyCalibration = (): Posterior => widened(EMPTY_POSTERIOR, 2, prior);

/** `centre` is where only the intercept acts: the prior's log-odds. */
const vectorOf = (z: number, centre: number): Vector => ({
  index: [0, 1],
  value: [1, z - centre],
  unseen: 0,
});

export function calibrated(calibration: Posterior, { mean, variance }: Linear, centre: number): Linear {
  const slope = 1 + calibration.mean[1]!;
  return {
    mean: linear(calibration, vectorOf(mean, centre), mean, 0).mean,
    variance: slope * slope * variance,
  };
}

export const withCalibrationOutcome = (
  calibration: Posterior,
  mean: number,
  centre: number,
  label: 0 | 1,
): Posterior => withOutcome(calibration, vectorOf(mean, centre), mean, label, FORGET, prior);
