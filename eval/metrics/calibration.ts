/** Whether stated probabilities come true. */
import { rateOf } from "./ranking.js";
import { byGroup, type Forecast } from "./forecast.js";

/** Mean of −log of the probability given to what came; forecasts are kept 1e-9 from 0 and 1. */
export function logLoss(forecasts: readonly Forecast[]): number {
  const sum = forecasts.reduce((total, { p, label }) => {
    const given = label === 1 ? p : 1 - p;
    return total - Math.log(Math.min(1 - 1e-9, Math.max(1e-9, given)));
  }, 0);
  return sum / forecasts.length;
}

export interface ReliabilityBin {
  readonly count: number;
  /** Mean of the stated probabilities. */
  readonly stated: number;
  /** Share that was positive. */
  readonly came: number;
}

const BINS = 10;

/** Ten bins of equal count by stated probability. */
export function reliability(forecasts: readonly Forecast[]): ReliabilityBin[] {
  const sorted = [...forecasts].sort((a, b) => a.p - b.p);
  return Array.from({ length: BINS }, (_, b) =>
    sorted.slice(Math.round((b * sorted.length) / BINS), Math.round(((b + 1) * sorted.length) / BINS)),
  )
    .filter((bin) => bin.length > 0)
    .map((bin) => ({
      count: bin.length,
      stated: bin.reduce((sum, { p }) => sum + p, 0) / bin.length,
      came: rateOf(bin),
    }));
}

/** Expected calibration error: mean distance between stated and come true over those bins, weighted by count. */
export function calibrationError(forecasts: readonly Forecast[]): number {
  const distance = reliability(forecasts).reduce(
    (sum, { count, stated, came }) => sum + count * Math.abs(stated - came),
    0,
  );
  return distance / forecasts.length;
}

/** The distance between mean stated probability and share come true in each group, weighted by count. */
export function calibrationErrorByGroup(forecasts: readonly Forecast[]): number {
  const distance = [...byGroup(forecasts).values()].reduce(
    (sum, group) => sum + Math.abs(group.reduce((d, { p, label }) => d + p - label, 0)),
    0,
  );
  return distance / forecasts.length;
}
