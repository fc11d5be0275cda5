/**
 * The rate of positive outcomes lately, over three horizons. It moves far more, and faster, than what features mean: so
 * the model is asked for the difference to it, and its weights need not be learnt anew when the base rate jumps.
 */
import type { ModelSpec } from "./model-spec.js";
import { logit, within } from "./numeric.js";

/** Rates over about the last 50, 20 and 200 outcomes; the first is the one that predictions start from. */
const HORIZONS = [50, 20, 200] as const;

const LOWEST = 0.001;

export type BaseRate = readonly number[];

export const emptyBaseRate = (spec: ModelSpec): BaseRate => HORIZONS.map(() => spec.prior.propensity);

/** Moves every rate towards one outcome: at first as the mean of prior and outcomes, then forgetting what is beyond its horizon. */
export function withOutcome(rates: BaseRate, spec: ModelSpec, outcomes: number, label: 0 | 1): BaseRate {
  return rates.map(
    (rate, i) => rate + (label - rate) / Math.min(HORIZONS[i]!, spec.prior.strength + outcomes + 1),
  );
}

/** The base rates as log-odds. */
export const baseLogOdds = (rates: BaseRate): number[] =>
  rates.map((rate) => logit(within(rate, LOWEST, 1 - LOWEST)));
