/**
 * A state made ready for many predictions: what does not depend on the customer is worked out once, and the members'
 * covariances are averaged into one. Says the same as averaging the members' forecasts (members.ts).
 */
import { baseLogOdds, type BaseRate } from "./base-rate.js";
import { ROW, type Linear } from "./bayesian-regression.js";
import { BASE_COLUMNS, type Encoding, type Vector } from "./encoding.js";
import { MEMBERS, casesOf, type Member } from "./members.js";
import type { ModelSpec } from "./model-spec.js";
import { boundedLogOdds } from "./numeric.js";

interface Learnt {
  readonly spec: ModelSpec;
  readonly baseRate: BaseRate;
  readonly encoding: Encoding;
  readonly members: readonly Member[];
}

export interface Ready {
  /** Log-odds of the base rate per horizon. */
  readonly base: readonly number[];
  /** Per member: its share, its weights, and what the base columns alone give. */
  readonly members: readonly {
    readonly share: number;
    readonly mean: Float64Array;
    readonly start: number;
  }[];
  /** Averaged over members: variance of the base columns, twice their covariance with each column, covariances, variance of an unseen weight. */
  readonly startVariance: number;
  readonly cross: Float64Array;
  readonly covariance: Float64Array;
  readonly unseenVariance: number;
  /** By column: the weight averaged over members, and the feature that it belongs to. */
  readonly weight: Float64Array;
  readonly feature: readonly string[];
}

const NOTHING: Vector = { index: [], value: [], unseen: 0 };

/** A state never changes, so what is worked out from it holds as long as the state lives. */
const READY = new WeakMap<Learnt, Ready>();

/** What predictions need of a state, worked out once for as long as the state lives. */
export function readyOf(state: Learnt): Ready {
  const known = READY.get(state);
  if (known) return known;
  const ready = madeReady(state);
  READY.set(state, ready);
  return ready;
}

function madeReady({ spec, baseRate, encoding, members }: Learnt): Ready {
  const base = baseLogOdds(baseRate);
  const cases = casesOf(base, spec, NOTHING);
  const count = members[0]!.mean.length;
  const covariance = new Float64Array(ROW[count]!);
  const cross = new Float64Array(count);
  const weight = new Float64Array(count);
  let startVariance = 0;
  let unseenVariance = 0;
  members.forEach((member, m) => {
    const { share } = member;
    const b = cases[m]!.x.value;
    for (let i = 0; i < covariance.length; i++) covariance[i]! += share * member.covariance[i]!;
    for (let j = 0; j < count; j++) {
      weight[j]! += share * member.mean[j]!;
      let sum = 0;
      for (let i = 0; i < BASE_COLUMNS; i++)
        sum += member.covariance[j > i ? ROW[j]! + i : ROW[i]! + j]! * b[i]!;
      if (j < BASE_COLUMNS) startVariance += share * sum * b[j]!;
      else cross[j]! += share * 2 * sum;
    }
    unseenVariance += share * MEMBERS[m]!.variance;
  });
  return {
    base,
    members: members.map(({ share, mean }, m) => ({
      share,
      mean: Float64Array.from(mean),
      start: cases[m]!.x.value.reduce((sum, x, i) => sum + x * mean[i]!, cases[m]!.offset),
    })),
    startVariance,
    cross,
    covariance,
    unseenVariance,
    weight,
    feature: featureByColumn(encoding),
  };
}

function featureByColumn({ columns }: Encoding): string[] {
  const names: string[] = [];
  for (const [name, values] of Object.entries(columns.of))
    for (const column of Object.values(values)) names[column] = name;
  return names;
}

/** Mean and variance of the log-odds, averaged over the members, of features without base columns. */
export function foretold(ready: Ready, { index, value, unseen }: Vector): Linear {
  const { cross, covariance } = ready;
  let variance = ready.startVariance + unseen * ready.unseenVariance;
  for (let a = 0; a < index.length; a++) {
    const i = index[a]!;
    let sum = 0;
    for (let b = 0; b < a; b++) {
      const j = index[b]!;
      sum += covariance[i > j ? ROW[i]! + j : ROW[j]! + i]! * value[b]!;
    }
    variance += value[a]! * (cross[i]! + covariance[ROW[i]! + i]! * value[a]! + 2 * sum);
  }
  let mean = 0;
  let square = 0;
  for (const member of ready.members) {
    let told = member.start;
    for (let a = 0; a < index.length; a++) told += member.mean[index[a]!]! * value[a]!;
    told = boundedLogOdds(told);
    mean += member.share * told;
    square += member.share * told * told;
  }
  return { mean, variance: Math.max(0, variance) + Math.max(0, square - mean * mean) };
}
