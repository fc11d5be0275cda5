/**
 * The members of a model, and their average: weighted by how well each has foretold the last thirty or so outcomes
 * (A. E. Raftery et al. 2010, dynamic model averaging).
 */
import { linear, type Linear, type Posterior } from "./bayesian-regression.js";
import type { Vector } from "./encoding.js";
import { DEFAULT_MEMORY, type ModelSpec } from "./model-spec.js";
import { logit, softplus } from "./numeric.js";

/**
 * Raised when the same outcomes come to teach something else: stored states of another number are left, and all is learned
 * again from the record. 2: the second member reads no base rate, and calibration stays nearer to the identity.
 */
export const LEARNER = 2;

interface MemberShape {
  /** Prior variance of a feature's weight. */
  readonly variance: number;
  /** As a share of the model's. */
  readonly memory: number;
  /** The base rate that it starts from (of HORIZONS); without one it starts from the prior and reads no base rate. */
  readonly horizon?: number;
}

/** The second goes by features and its own intercept alone: what the noise of base rates cannot mislead ranks best once features matter. */
export const MEMBERS: readonly MemberShape[] = [
  { variance: 0.03, memory: 1, horizon: 2 },
  { variance: 0.3, memory: 1 / 3 },
  { variance: 0.003, memory: 1 / 10, horizon: 1 },
];
/** Prior variances of the intercept, and of the weights of the own horizon and the others. */
const BASE_VARIANCE = [0.3, 0.05, 0.1, 0.1, 0.1] as const;
/** Columns of the intercept and the base rates. */
const BASE_INDEX = BASE_VARIANCE.map((_, column) => column);
/** Of a member's record in forecasting, this much counts one outcome later. */
const EVIDENCE_KEPT = 0.97;

export interface Member extends Posterior {
  /** Sum of the log-likelihoods of its forecasts, the older the less; relative to the best member. */
  readonly evidence: number;
  /** Its share in the average; those of all members sum to 1. */
  readonly share: number;
}

/** Prior variance of a column's weight. */
export const priorOf =
  (member: number) =>
  (column: number): number =>
    BASE_VARIANCE[column] ?? MEMBERS[member]!.variance;

/** The share of the way back to the prior that a member goes with each outcome. */
export const forgetOf = (spec: ModelSpec, member: number): number =>
  1 - 2 ** (-1 / ((spec.memory ?? DEFAULT_MEMORY) * MEMBERS[member]!.memory));

/** What one member reads: the log-odds that it starts from, and its vector. */
export interface Case {
  readonly offset: number;
  readonly x: Vector;
}

/** Base columns: 1, the own base rate against the prior's, the other horizons against the own; all but the first are 0 without a horizon. */
export function casesOf(base: readonly number[], spec: ModelSpec, features: Vector): Case[] {
  const prior = logit(spec.prior.propensity);
  const index = BASE_INDEX.concat(features.index);
  return MEMBERS.map(({ horizon }) => {
    const offset = horizon === undefined ? prior : base[horizon]!;
    const value = [1];
    if (horizon === undefined) for (let h = 0; h < base.length; h++) value.push(0);
    else {
      value.push(offset - prior);
      for (let h = 0; h < base.length; h++) if (h !== horizon) value.push(base[h]! - offset);
    }
    for (const x of features.value) value.push(x);
    return { offset, x: { index, value, unseen: features.unseen } };
  });
}

export const forecasts = (members: readonly Posterior[], cases: readonly Case[]): Linear[] =>
  members.map((member, m) => linear(member, cases[m]!.x, cases[m]!.offset, MEMBERS[m]!.variance));

/** Mean and variance of the mixture: the members' own variances and how far they lie apart. */
export function averaged(members: readonly Member[], told: readonly Linear[]): Linear {
  const mean = told.reduce((sum, t, m) => sum + members[m]!.share * t.mean, 0);
  const variance = told.reduce(
    (sum, t, m) => sum + members[m]!.share * (t.variance + (t.mean - mean) ** 2),
    0,
  );
  return { mean, variance };
}

/** The members' records, and their shares, after one more outcome. */
export function evidenceOf(
  members: readonly Member[],
  told: readonly Linear[],
  label: 0 | 1,
): { evidence: number; share: number }[] {
  const sums = told.map(({ mean }, m) => EVIDENCE_KEPT * members[m]!.evidence + logLikelihood(mean, label));
  const best = Math.max(...sums);
  const weights = sums.map((sum) => Math.exp(sum - best));
  const all = weights.reduce((a, b) => a + b, 0);
  return sums.map((sum, m) => ({ evidence: sum - best, share: weights[m]! / all }));
}

const logLikelihood = (logOdds: number, label: 0 | 1): number => -softplus(label === 1 ? -logOdds : logOdds);
