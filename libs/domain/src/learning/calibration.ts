/**
 * Keeps stated probabilities true: a straight line through the log-odds (J. Platt 1999), learned online from what was
 * predicted and what came. It turns about the base rate, so that its slope says how far the features are to be trusted;
 * it starts as the identity and stays near it, so that few outcomes cannot bend it.
 */
import { EMPTY_POSTERIOR, widened, withOutcome, type Linear, type Posterior } from "./bayesian-regression.js";
import { boundedLogOdds } from "./numeric.js";

/** Variance of intercept and slope; after about 7,000 outcomes half is forgotten. */
const PRIOR = 0.001;
const FORGET = 1e-4;

const prior = (): number => PRIOR;

export const emptyCalibration = (): Posterior => widened(EMPTY_POSTERIOR, 2, prior);

export const slopeOf = (calibration: Posterior): number => 1 + calibration.mean[1]!;

/** `base` is the log-odds of the base rate. */
export function calibrated(calibration: Posterior, { mean, variance }: Linear, base: number): Linear {
  const slope = slopeOf(calibration);
  return {
    mean: boundedLogOdds(base + calibration.mean[0]! + slope * (mean - base)),
    variance: slope * slope * variance,
  };
}

export const withCalibrationOutcome = (
  calibration: Posterior,
  mean: number,
  base: number,
  label: 0 | 1,
): Posterior =>
  withOutcome(calibration, { index: [0, 1], value: [1, mean - base], unseen: 0 }, mean, label, FORGET, prior);
