/**
 * The rate of positive outcomes lately, over several horizons. It moves far more, and faster, than what features mean: so
 * a model is asked for the difference to it, and its weights need not be learnt anew when the base rate jumps.
 */
import type { ModelSpec } from "./model-spec.js";
import { logit, within } from "./numeric.js";

/** Rates over about the last so many outcomes: from quick and noisy to slow and steady. */
export const HORIZONS = [20, 50, 200, 1_000] as const;

const LOWEST = 0.001;
const FIRMNESS = 30;

/** One rate per horizon. */
export type BaseRate = readonly number[];

export const emptyBaseRate = (spec: ModelSpec): BaseRate => HORIZONS.map(() => spec.prior.propensity);

/** Moves every rate towards one outcome: at first as the mean of prior and outcomes, then forgetting what is beyond its horizon. */
export function withOutcome(rates: BaseRate, spec: ModelSpec, outcomes: number, label: 0 | 1): BaseRate {
  return rates.map(
    (rate, i) => rate + (label - rate) / Math.min(HORIZONS[i]!, spec.prior.strength + outcomes + 1),
  );
}

/**
 * The base rates as log-odds. Each rate is taken together with thirty outcomes at the rate of the next slower horizon: without
 * that, a quick rate reads "never" out of twenty failures in a row, as a rate of 5 % gives every third time.
 */
export function baseLogOdds(rates: BaseRate): number[] {
  const logOdds = HORIZONS.map(() => 0);
  let slower: number | undefined;
  for (let i = rates.length - 1; i >= 0; i--) {
    const horizon = HORIZONS[i]!;
    slower =
      slower === undefined ? rates[i]! : (horizon * rates[i]! + FIRMNESS * slower) / (horizon + FIRMNESS);
    logOdds[i] = logit(within(slower, LOWEST, 1 - LOWEST));
  }
  return logOdds;
}
