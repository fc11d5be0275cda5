/**
 * An adaptive model: which probability an action has for a customer, learned one outcome at a time. PURE: the state is plain
 * JSON, and the same outcomes in the same order give the same bytes.
 *
 * Three Bayesian regressions (members.ts), each of its own caution and memory, start from the log-odds of the base rate over a
 * horizon of their own (base-rate.ts); their forecasts are averaged and calibrated (calibration.ts). docs/decisioning.md has the
 * figures, docs/adr/0025 the reasons.
 */
import { baseLogOdds, emptyBaseRate, withOutcome as withBaseOutcome, type BaseRate } from "./base-rate.js";
import { EMPTY_POSTERIOR, widened, withOutcome, type Linear, type Posterior } from "./bayesian-regression.js";
import { calibrated, emptyCalibration, slopeOf, withCalibrationOutcome } from "./calibration.js";
import { EMPTY_WATCH, watched, type DriftFinding, type DriftWatch } from "./drift.js";
import {
  BASE_COLUMNS,
  emptyEncoding,
  encoded,
  grown,
  rescaled,
  type Encoding,
  type Vector,
} from "./encoding.js";
import {
  MEMBERS,
  averaged,
  casesOf,
  evidenceOf,
  forecasts,
  forgetOf,
  priorOf,
  type Member,
} from "./members.js";
import { specProblems, type Features, type ModelSpec } from "./model-spec.js";
import { sigmoid } from "./numeric.js";
import { foretold, readyOf, type Ready } from "./ready.js";

/** The horizon that calibration turns about. */
const CALIBRATED_ABOUT = 1;
/** The member whose prior is wide enough to know each weight by its outcomes: drift is watched on it. */
const WATCHED = 1;
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

/** What a feature adds to the log-odds. */
export interface Effect {
  readonly feature: string;
  readonly effect: number;
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
  return told(state, readyOf(state), encoded(state.encoding, state.spec, features));
}

/** The same, with what the `most` features that matter most add to the log-odds. */
export function predictWithEffects(
  state: ModelState,
  features: Features,
  most: number,
): { readonly prediction: Prediction; readonly effects: readonly Effect[] } {
  const ready = readyOf(state);
  const x = encoded(state.encoding, state.spec, features);
  return { prediction: told(state, ready, x), effects: strongest(state, ready, x, most) };
}

function told(state: ModelState, ready: Ready, x: Vector): Prediction {
  const { mean, variance } = calibrated(state.calibration, foretold(ready, x), ready.base[CALIBRATED_ABOUT]!);
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
  const said = forecasts(wide, cases);
  const { mean } = averaged(state.members, said);
  const records = evidenceOf(state.members, said, label);
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
      { x: cases[WATCHED]!.x, logOdds: said[WATCHED]!.mean, label, outcomes, at: lastAt },
      columns,
      forgetOf(spec, WATCHED),
    ),
  };
}

/** Drift that the last outcome has revealed: a feature means something else than was learnt. */
export const newDrift = (state: ModelState): DriftFinding[] =>
  state.drift.found.filter(({ outcomes }) => outcomes === state.outcomes);

/** What each feature adds to the log-odds here, the strongest first; features that add nothing are left out. */
export function effects(state: ModelState, features: Features): Effect[] {
  return strongest(state, readyOf(state), encoded(state.encoding, state.spec, features), Infinity);
}

function strongest(state: ModelState, ready: Ready, { index, value }: Vector, most: number): Effect[] {
  const slope = slopeOf(state.calibration);
  const found: Effect[] = [];
  for (let a = 0; a < index.length; a++) {
    const effect = slope * ready.weight[index[a]!]! * value[a]!;
    if (effect === 0) continue;
    let at = found.length;
    while (at > 0 && Math.abs(found[at - 1]!.effect) < Math.abs(effect)) at--;
    if (at >= most) continue;
    found.splice(at, 0, { feature: ready.feature[index[a]!]!, effect });
    if (found.length > most) found.pop();
  }
  return found;
}
