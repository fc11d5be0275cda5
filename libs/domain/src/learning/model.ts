/**
 * An adaptive model: which probability an action has for a customer, learned one outcome at a time. PURE: the state is plain
 * JSON, and the same outcomes in the same order give the same bytes.
 *
 * Three Bayesian regressions, each of its own caution and memory, start from the log-odds of the base rate over a horizon of
 * their own (base-rate.ts); their forecasts are averaged with weights by how well each has foretold the last thirty or so outcomes
 * (A. E. Raftery et al. 2010, dynamic model averaging), and calibrated (calibration.ts). docs/decisioning.md has the
 * figures, docs/adr/0025 the reasons.
 */
import { baseLogOdds, emptyBaseRate, withOutcome as withBaseOutcome, type BaseRate } from "./base-rate.js";
import {
  EMPTY_POSTERIOR,
  linear,
  widened,
  withOutcome,
  type Linear,
  type Posterior,
} from "./bayesian-regression.js";
import { calibrated, emptyCalibration, slopeOf, withCalibrationOutcome } from "./calibration.js";
import { EMPTY_WATCH, watched, type DriftFinding, type DriftWatch } from "./drift.js";
import {
  BASE_COLUMNS,
  emptyEncoding,
  append,
  encoded,
  grown,
  rescaled,
  type Encoding,
  type Vector,
} from "./encoding.js";
import { DEFAULT_MEMORY, specProblems, type Features, type ModelSpec } from "./model-spec.js";
import { logit, sigmoid, softplus } from "./numeric.js";

/** Each member's prior variance of a feature's weight, its memory as a share of the model's, and its horizon (of HORIZONS). */
const MEMBERS = [
  { variance: 0.03, memory: 1, horizon: 2 },
  { variance: 0.3, memory: 1 / 3, horizon: 3 },
  { variance: 0.003, memory: 1 / 10, horizon: 1 },
] as const;
/** The horizon that calibration turns about. */
const CALIBRATED_ABOUT = 1;
/** The member whose prior is wide enough to know each weight by its outcomes: drift is watched on it. */
const WATCHED = 1;
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

export interface ModelState {
  readonly spec: ModelSpec;
  /** How many outcomes it has learnt, and the latest time of one. */
  readonly outcomes: number;
  readonly lastAt: number;
  readonly baseRate: BaseRate;
  readonly encoding: Encoding;
  readonly members: readonly Member[];
  readonly calibration: Posterior;
  readonly drift: DriftWatch;
}

export interface Prediction extends Linear {
  /** Calibrated probability. */
  readonly p: number;
}

/** A model that knows nothing but its prior. Throws RangeError with what is wrong when the spec may not be used. */
export function emptyModel(spec: ModelSpec): ModelState {
  const problems = specProblems(spec);
  if (problems.length > 0) throw new RangeError(problems.join("; "));
  return {
    spec,
    outcomes: 0,
    lastAt: 0,
    baseRate: emptyBaseRate(spec),
    encoding: emptyEncoding(spec),
    members: MEMBERS.map((_, m) => ({
      ...widened(EMPTY_POSTERIOR, BASE_COLUMNS, priorOf(m)),
      evidence: 0,
      share: 1 / MEMBERS.length,
    })),
    calibration: emptyCalibration(),
    drift: EMPTY_WATCH,
  };
}

/** Probability of a positive outcome, and mean and variance of its log-odds. */
export function predict(state: ModelState, features: Features): Prediction {
  const base = baseLogOdds(state.baseRate);
  const cases = casesOf(base, state.spec, encoded(state.encoding, state.spec, features));
  const { mean, variance } = calibrated(
    state.calibration,
    averaged(state.members, forecasts(state.members, cases)),
    base[CALIBRATED_ABOUT]!,
  );
  return { p: sigmoid(mean), mean, variance };
}

/** The state after one terminal outcome, of the features as they were when it was decided. `at` is the outcome's time. */
export function learn(state: ModelState, features: Features, label: 0 | 1, at: number): ModelState {
  const { spec } = state;
  const encoding = grown(state.encoding, spec, features);
  const { columns } = encoding;
  const base = baseLogOdds(state.baseRate);
  const cases = casesOf(base, spec, encoded(encoding, spec, features));
  const wide = state.members.map((member, m) => widened(member, columns.count, priorOf(m)));
  const told = forecasts(wide, cases);
  const { mean } = averaged(state.members, told);
  const records = evidenceOf(state.members, told, label);
  const outcomes = state.outcomes + 1;
  const lastAt = Math.max(state.lastAt, Number.isFinite(at) ? at : 0);
  return {
    spec,
    outcomes,
    lastAt,
    baseRate: withBaseOutcome(state.baseRate, spec, state.outcomes, label),
    encoding: rescaled(encoding, spec, features),
    members: wide.map((member, m) => ({
      ...withOutcome(member, cases[m]!.x, cases[m]!.offset, label, forgetOf(spec, m), priorOf(m)),
      ...records[m]!,
    })),
    calibration: withCalibrationOutcome(state.calibration, mean, base[CALIBRATED_ABOUT]!, label),
    drift: watched(
      state.drift,
      { x: cases[WATCHED]!.x, logOdds: told[WATCHED]!.mean, label, outcomes, at: lastAt },
      columns,
      forgetOf(spec, WATCHED),
    ),
  };
}

/** Drift that the last outcome has revealed: a feature means something else than was learnt. */
export const newDrift = (state: ModelState): DriftFinding[] =>
  state.drift.found.filter(({ outcomes }) => outcomes === state.outcomes);

/** What each feature adds to the log-odds here, the strongest first; features that add nothing are left out. */
export function effects(state: ModelState, features: Features): { feature: string; effect: number }[] {
  const { spec, encoding, members } = state;
  const slope = slopeOf(state.calibration);
  const found: { feature: string; effect: number }[] = [];
  for (const feature in spec.features) {
    const x: Vector = { index: [], value: [], unseen: 0 };
    append(x, encoding, feature, spec.features[feature]!, features[feature]);
    const column = x.index[0];
    if (column === undefined) continue;
    let weight = 0;
    for (const { mean, share } of members) weight += share * mean[column]!;
    if (weight !== 0) found.push({ feature, effect: slope * weight * x.value[0]! });
  }
  return found.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
}

const priorOf =
  (member: number) =>
  (column: number): number =>
    BASE_VARIANCE[column] ?? MEMBERS[member]!.variance;

const forgetOf = (spec: ModelSpec, member: number): number =>
  1 - 2 ** (-1 / ((spec.memory ?? DEFAULT_MEMORY) * MEMBERS[member]!.memory));

/** What one member reads: the log-odds that it starts from, and its vector. */
interface Case {
  readonly offset: number;
  readonly x: Vector;
}

/** Base columns: 1, the own base rate against the prior's, the other horizons against the own. */
function casesOf(base: readonly number[], spec: ModelSpec, features: Vector): Case[] {
  const prior = logit(spec.prior.propensity);
  const index = BASE_INDEX.concat(features.index);
  return MEMBERS.map(({ horizon }) => {
    const offset = base[horizon]!;
    const value = [1, offset - prior];
    for (let h = 0; h < base.length; h++) if (h !== horizon) value.push(base[h]! - offset);
    for (const x of features.value) value.push(x);
    return { offset, x: { index, value, unseen: features.unseen } };
  });
}

const forecasts = (members: readonly Posterior[], cases: readonly Case[]): Linear[] =>
  members.map((member, m) => linear(member, cases[m]!.x, cases[m]!.offset, MEMBERS[m]!.variance));

/** Mean and variance of the mixture: the members' own variances and how far they lie apart. */
function averaged(members: readonly Member[], told: readonly Linear[]): Linear {
  const mean = told.reduce((sum, t, m) => sum + members[m]!.share * t.mean, 0);
  const variance = told.reduce(
    (sum, t, m) => sum + members[m]!.share * (t.variance + (t.mean - mean) ** 2),
    0,
  );
  return { mean, variance };
}

function evidenceOf(
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
