/**
 * Looking at an experiment as often as one likes, without being fooled by it. Pure.
 *
 * Customers are put into groups by lot, `share` of them into the treated one. If treatment makes no difference, whoever has a
 * success was treated with exactly that probability: the arms of the successes are tosses of a known coin, however the rate of
 * success itself moves over time. The evidence against it is the likelihood ratio of a beta mixture over that coin, a
 * martingale: it exceeds 1/α at any time at all with probability α at most (J. Ville 1939; H. Robbins, Ann. Math. Stat. 41, 1970,
 * 1397–1409; for counts in experiments M. Lindon, A. Malek, Anytime-valid inference for multinomial count data, NeurIPS 2022).
 * No normal approximation is made: it is exact from the first success on.
 */
import { logBeta, type Interval } from "./statistics.js";

/** Successes in each group. */
export interface Arms {
  readonly treated: number;
  readonly control: number;
}

export const ALPHA = 0.05;

/** How many successes the mixture's prior is worth: the smaller, the larger the effects for which it finds most evidence. */
const PRIOR_WEIGHT = 100;

/** Logarithm of the evidence that the share of the treated among successes is not `share`. */
export function logEvidence({ treated, control }: Arms, share: number): number {
  return mixture({ treated, control }, share) - treated * Math.log(share) - control * Math.log(1 - share);
}

function mixture({ treated, control }: Arms, share: number): number {
  const [a, b] = priorOf(share);
  return logBeta(a + treated, b + control) - logBeta(a, b);
}

/** At least half a success on either side, so that a very small group's prior keeps a shape. */
function priorOf(share: number): [number, number] {
  return [Math.max(0.5, PRIOR_WEIGHT * share), Math.max(0.5, PRIOR_WEIGHT * (1 - share))];
}

/**
 * All values of the share of the treated among successes against which there is less evidence than 1/α: together over all
 * looks they hold the true one with probability 1 − α.
 */
export function shareSequence(arms: Arms, share: number, alpha = ALPHA): Interval {
  const { treated, control } = arms;
  const n = treated + control;
  if (n === 0) return { low: 0, high: 1 };
  const bound = -Math.log(alpha);
  const constant = mixture(arms, share);
  const evidence = (theta: number): number =>
    constant -
    (treated === 0 ? 0 : treated * Math.log(theta)) -
    (control === 0 ? 0 : control * Math.log(1 - theta));
  const top = treated / n;
  return {
    low: treated === 0 ? 0 : boundary(evidence, bound, 0, top),
    high: control === 0 ? 1 : boundary(evidence, bound, 1, top),
  };
}

/** Where the evidence crosses the bound, between a value that is excluded and one that is not. */
function boundary(evidence: (theta: number) => number, bound: number, out: number, inside: number): number {
  let [excluded, kept] = [out, inside];
  for (let i = 0; i < 60; i++) {
    const middle = (excluded + kept) / 2;
    if (evidence(middle) < bound) kept = middle;
    else excluded = middle;
  }
  return kept;
}

/** How many times more often the treated succeed than the control group; bounds that hold over all looks. */
export function ratioSequence(arms: Arms, share: number, alpha = ALPHA): Interval {
  const { low, high } = shareSequence(arms, share, alpha);
  const ratio = (theta: number): number =>
    theta >= 1 ? Infinity : (theta / (1 - theta)) * ((1 - share) / share);
  return { low: ratio(low), high: ratio(high) };
}

/** One look at a running experiment. */
export interface Look extends Interval {
  /** Evidence so far; above 20 the difference is beyond chance at 5 %. */
  readonly evidence: number;
  /** The smallest p-value so far: valid whenever one stops. */
  readonly p: number;
}

/** Looks in order, with the bounds and the p-value that hold over all of them together. */
export function looks(arms: readonly Arms[], share: number, alpha = ALPHA): Look[] {
  let most = 0;
  let [low, high] = [0, Infinity];
  return arms.map((now) => {
    const evidence = Math.exp(Math.min(700, logEvidence(now, share)));
    most = Math.max(most, evidence);
    const at = ratioSequence(now, share, alpha);
    low = Math.max(low, at.low);
    high = Math.min(high, at.high);
    return { low, high, evidence, p: Math.min(1, 1 / Math.max(most, Number.MIN_VALUE)) };
  });
}
