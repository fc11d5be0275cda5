/**
 * The funnel: every candidate goes through eligibility → applicability → suitability → channel → exclusion → diversity
 * → control group and is then scored, or leaves at one of these with a reason. A pure function of request, catalogue and
 * propensities (I9).
 */
import {
  MAX_OPTIONS,
  PURPOSES,
  aboutOf,
  type ActionDefinition,
  type Channel,
  type DecisionRequest,
  type EvaluateRequest,
  type Explanation,
  type FactorName,
  type Propensity,
} from "#contracts";
import { ExpressionFailed, type Expressions } from "../expressions.js";
import { candidatesOf, limitsOf, unavailable, type Catalogue } from "./catalogue.js";
import { heldOutBy } from "./control-group.js";
import { DECISION_ENGINE, DECISION_FLAGS } from "./flags.js";
import { preparedActions, type PreparedAction } from "./prepared.js";
import { Repetition } from "./repetition.js";
import { draw, scoreBeforeFactors, scoreOf, type Score } from "./score.js";

/** By action; those without a model are not in it. */
export type Propensities = ReadonlyMap<string, Propensity>;

export interface Ranked extends Score {
  readonly action: ActionDefinition;
  /** In order of preference; at least one. */
  readonly channels: readonly Channel[];
}

export interface Ranking {
  /** Best first. */
  readonly ranked: readonly Ranked[];
  /** Those that left before they were scored, in the order of the request. */
  readonly left: readonly Explanation[];
  /** What it was computed from and with, for the record. */
  readonly propensities: Propensities;
  readonly engine: number;
}

const NO_PROPENSITIES: Propensities = new Map();

/**
 * Puts the request's candidates through the funnel. A candidate that is named twice counts once. `engine`: of the record
 * that is computed again.
 */
export function rank(
  request: DecisionRequest,
  catalogue: Catalogue,
  expressions: Expressions,
  propensities: Propensities = NO_PROPENSITIES,
  engine: number = DECISION_ENGINE,
): Ranking {
  const ranked: Ranked[] = [];
  const left: Explanation[] = [];
  const variables = { event: request.moment, context: request.context };
  const preparedAction = preparedActions(catalogue, expressions);
  const repetition = new Repetition(request, catalogue);
  const off: ReadonlySet<FactorName> = new Set(catalogue.arbitration?.off);
  const scored = engine >= DECISION_FLAGS.fourFactors;
  const { experiments = [] } = catalogue;
  let heldOut: string | undefined;
  for (const id of candidatesOf(request, catalogue)) {
    const prepared = preparedAction(id);
    if (!prepared) {
      left.push({ action: id, stage: "eligibility", reason: "not_in_catalogue" });
      continue;
    }
    const { action } = prepared;
    const channels = channelsOf(prepared, request);
    const out =
      (prepared.mayBeUnavailable ? unavailable(action, request) : undefined) ??
      failedCondition(prepared, variables) ??
      (channels.length === 0
        ? { action: id, stage: "channel" as const, reason: noChannelReason(prepared, request) }
        : repetition.against(action));
    if (out) {
      left.push(out);
      continue;
    }
    if (action.purpose === "marketing" && (heldOut ??= heldOutBy(request, experiments) ?? "") !== "") {
      left.push({ action: id, stage: "control", reason: `control_group: ${heldOut}` });
      continue;
    }
    const context = scored && !off.has("context") ? contextWeight(prepared, variables) : undefined;
    if (typeof context === "object") {
      left.push(context);
      continue;
    }
    const score = scored ? scoreOf(action, propensities.get(id), context, off) : scoreBeforeFactors(action);
    ranked.push({ action, channels, score: score.score, factors: score.factors });
  }
  return { ranked: bestFirst(ranked, request.decisionId), left, propensities, engine };
}

/** So many are put in order; nobody asks about the others, nor are they explained one by one. */
export const IN_ORDER = 96;

/**
 * Higher score first; equal scores by a draw of this decision, and equal draws by id: a total order. Of thousands only the
 * best are put in order, with those that are equal to the last of them; the others follow as they came.
 */
function bestFirst(all: Ranked[], decisionId: string): Ranked[] {
  return withEveryPurpose(inOrder(all, decisionId));
}

function inOrder(all: Ranked[], decisionId: string): Ranked[] {
  if (all.length <= IN_ORDER) return ordered(all, decisionId);
  const least = Float64Array.from(all, (r) => r.score)
    .sort()
    .at(-IN_ORDER)!;
  const best = all.filter((r) => r.score >= least);
  return [...ordered(best, decisionId), ...all.filter((r) => r.score < least)];
}

/**
 * Policy is asked about the first `MAX_OPTIONS`. The best of each purpose is among them, at their end: offers that policy
 * then denies must not keep a service message from being asked about.
 */
function withEveryPurpose(all: Ranked[]): Ranked[] {
  if (all.length <= MAX_OPTIONS) return all;
  const asked = new Set(all.slice(0, MAX_OPTIONS).map((r) => r.action.purpose));
  const missing = PURPOSES.filter((p) => !asked.has(p));
  const best = missing.flatMap((p) => all.find((r) => r.action.purpose === p) ?? []);
  if (best.length === 0) return all;
  const others = all.filter((r) => !best.includes(r));
  return [...others.slice(0, MAX_OPTIONS - best.length), ...best, ...others.slice(MAX_OPTIONS - best.length)];
}

/** Equal ones are drawn for once each, not at every comparison. */
function ordered(all: Ranked[], decisionId: string): Ranked[] {
  all.sort((a, b) => b.score - a.score);
  for (let from = 0; from < all.length;) {
    let to = from + 1;
    while (to < all.length && all[to]!.score === all[from]!.score) to++;
    if (to - from > 1) {
      const equal = all.slice(from, to).map((r) => ({ r, drawn: draw(decisionId, r.action.id) }));
      equal.sort((a, b) => a.drawn - b.drawn || (a.r.action.id < b.r.action.id ? -1 : 1));
      for (const [i, { r }] of equal.entries()) all[from + i] = r;
    }
    from = to;
  }
  return all;
}

type Variables = Readonly<Record<string, unknown>>;

function failedCondition(
  { action, conditions }: PreparedAction,
  variables: Variables,
): Explanation | undefined {
  for (const { holds, stage, unmet } of conditions) {
    try {
      if (!holds(variables)) return unmet;
    } catch (error) {
      return failed(action.id, stage, error);
    }
  }
  return undefined;
}

/**
 * The product of the weights whose condition holds, `undefined` when none does. One that cannot be computed costs the
 * candidate its place: a weight may be there to keep an action from being said, and nobody knows what it would have been.
 */
function contextWeight(
  { action, contextWeights }: PreparedAction,
  variables: Variables,
): number | undefined | Explanation {
  let product: number | undefined;
  for (const { holds, weight } of contextWeights) {
    try {
      if (holds(variables)) product = (product ?? 1) * weight;
    } catch (error) {
      return failed(action.id, "scoring", error);
    }
  }
  return product;
}

/** An expression that cannot be computed costs this candidate its place, never the customer the decision. */
function failed(action: string, stage: Explanation["stage"], error: unknown): Explanation {
  if (!(error instanceof ExpressionFailed)) throw error;
  return { action, stage, reason: `expression_failed: ${error.message}` };
}

/** The action's channels as the request restricts and orders them, without those that are excluded. */
export function channelsOf(
  { channels: own }: Pick<PreparedAction, "channels">,
  request: DecisionRequest,
): readonly Channel[] {
  const { channels, exclude } = request;
  if (channels === undefined && exclude === undefined) return own;
  const wanted = channels ? [...new Set(channels)].filter((c) => own.includes(c)) : own;
  return wanted.filter((c) => !exclude?.includes(c));
}

function noChannelReason({ channels }: PreparedAction, request: DecisionRequest): string {
  const offered = channels.some((c) => request.channels?.includes(c) ?? true);
  return offered ? "channels_used_up" : "no_treatment_for_channels";
}

/** The one question to policy, about the best-ranked, or `undefined` when no candidate is left to ask about. */
export function evaluateRequest(request: DecisionRequest, ranking: Ranking): EvaluateRequest | undefined {
  if (ranking.ranked.length === 0) return undefined;
  return {
    decisionId: request.decisionId,
    customerId: request.customerId,
    at: request.at,
    options: ranking.ranked.slice(0, MAX_OPTIONS).map(({ action, channels }) => ({
      action: action.id,
      purpose: action.purpose,
      channels: [...channels],
      urgent: action.urgent,
      ...(action.quota || action.budget ? { limits: limitsOf(action) } : {}),
    })),
    journey: request.journey.id,
    ...(request.cap ? { cap: request.cap } : {}),
    profile: request.profile,
    // The ring of contacts never runs empty again.
    contacted: request.context.contacts.length > 0,
    ...(request.watermark === undefined ? {} : { watermark: request.watermark }),
    about: aboutOf(request.moment),
    ...(request.engagement ? { engagement: request.engagement } : {}),
  };
}
