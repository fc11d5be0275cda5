/**
 * What a policy would have brought, from data in which the action was drawn at random: inverse propensity (D. Horvitz
 * and D. Thompson 1952), self-normalised, and doubly robust (M. Dudík, J. Langford, L. Li 2011).
 */

/** One customer: what was drawn and came, what the policy would do, and what is expected of each action. */
export interface LoggedCase {
  readonly action: string;
  /** Probability with which that action was drawn. */
  readonly propensity: number;
  readonly reward: number;
  readonly chosen: string;
  /** Expected reward by action, from a model that has not seen this case. */
  readonly expected: Readonly<Record<string, number>>;
}

export interface Estimate {
  readonly value: number;
  /** 95 % confidence interval. */
  readonly low: number;
  readonly high: number;
}

export interface PolicyValue {
  readonly inversePropensity: Estimate;
  readonly selfNormalised: Estimate;
  readonly doublyRobust: Estimate;
}

/** Normal quantile of a two-sided 95 % interval. */
const QUANTILE = 1.959964;

/** The value of the policy that chose `chosen`, per customer. */
export function policyValue(cases: readonly LoggedCase[]): PolicyValue {
  const weights = cases.map(weightOf);
  return {
    inversePropensity: meanOf(cases.map(({ reward }, i) => weights[i]! * reward)),
    selfNormalised: selfNormalised(cases, weights),
    doublyRobust: meanOf(cases.map(doublyRobustTerm)),
  };
}

/** How much more the first policy brings than the second, customer by customer (paired), doubly robust and by inverse propensity. */
export function difference(
  first: readonly LoggedCase[],
  second: readonly LoggedCase[],
): { doublyRobust: Estimate; inversePropensity: Estimate } {
  return {
    doublyRobust: meanOf(first.map((c, i) => doublyRobustTerm(c) - doublyRobustTerm(second[i]!))),
    inversePropensity: meanOf(first.map((c, i) => (weightOf(c) - weightOf(second[i]!)) * c.reward)),
  };
}

const weightOf = ({ action, chosen, propensity }: LoggedCase): number =>
  action === chosen ? 1 / propensity : 0;

function doublyRobustTerm(c: LoggedCase): number {
  return c.expected[c.chosen]! + weightOf(c) * (c.reward - c.expected[c.action]!);
}

/** Mean with the interval of the central limit theorem. */
function meanOf(terms: readonly number[]): Estimate {
  const mean = terms.reduce((a, b) => a + b, 0) / terms.length;
  const squares = terms.reduce((sum, t) => sum + (t - mean) ** 2, 0);
  return around(mean, Math.sqrt(squares / (terms.length - 1) / terms.length));
}

/** Weighted mean with the delta method's interval. */
function selfNormalised(cases: readonly LoggedCase[], weights: readonly number[]): Estimate {
  const all = weights.reduce((a, b) => a + b, 0);
  const value = cases.reduce((sum, { reward }, i) => sum + weights[i]! * reward, 0) / all;
  const squares = cases.reduce((sum, { reward }, i) => sum + (weights[i]! * (reward - value)) ** 2, 0);
  return around(value, Math.sqrt(squares) / all);
}

const around = (value: number, error: number): Estimate => ({
  value,
  low: value - QUANTILE * error,
  high: value + QUANTILE * error,
});
