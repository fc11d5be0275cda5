/**
 * The funnel: every candidate goes through eligibility → applicability → suitability → channel → exclusion → diversity
 * → control group and is then scored, or leaves at one of these with a reason. A pure function of request, catalogue and propensities (I9).
 */
import {
  MAX_OPTIONS,
  type ActionDefinition,
  type Channel,
  type DecisionRequest,
  type EvaluateRequest,
  type Explanation,
  type FactorName,
  type Propensity,
} from "#contracts";
import { ExpressionFailed, type Expressions } from "../expressions.js";
import { candidatesOf, channelsIn, unavailable, type Catalogue } from "./catalogue.js";
import { heldOutBy } from "./control-group.js";
import { DECISION_ENGINE, DECISION_FLAGS } from "./flags.js";
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

const CONDITIONS = [
  { stage: "eligibility", unmet: "not_eligible" },
  { stage: "applicability", unmet: "not_applicable" },
  { stage: "suitability", unmet: "not_suitable" },
] as const;

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
  const repetition = new Repetition(request, catalogue);
  const off: ReadonlySet<FactorName> = new Set(catalogue.arbitration?.off);
  const { experiments = [] } = catalogue;
  let heldOut: string | undefined;
  for (const id of candidatesOf(request, catalogue)) {
    const action = catalogue.actions.get(id);
    if (!action) {
      left.push({ action: id, stage: "eligibility", reason: "not_in_catalogue" });
      continue;
    }
    const out = unavailable(action, request) ?? failedCondition(action, variables, expressions);
    if (out) {
      left.push(out);
      continue;
    }
    const channels = channelsOf(action, request);
    if (channels.length === 0) {
      left.push({ action: id, stage: "channel", reason: noChannelReason(action, request) });
      continue;
    }
    const again = repetition.against(action);
    if (again) {
      left.push(again);
      continue;
    }
    if (action.purpose === "marketing" && (heldOut ??= heldOutBy(request, experiments) ?? "") !== "") {
      left.push({ action: id, stage: "control", reason: `control_group: ${heldOut}` });
      continue;
    }
    if (engine < DECISION_FLAGS.fourFactors) {
      ranked.push({ action, channels, ...scoreBeforeFactors(action) });
      continue;
    }
    const context = off.has("context") ? undefined : contextWeight(action, variables, expressions);
    if (typeof context === "object") left.push(context);
    else ranked.push({ action, channels, ...scoreOf(action, propensities.get(id), context, off) });
  }
  return { ranked: ranked.sort(byRank(request.decisionId)), left, propensities, engine };
}

/**
 * The product of the weights whose condition holds, `undefined` when none does. One that cannot be computed costs the
 * candidate its place: a weight may be there to keep an action from being said, and nobody knows what it would have been.
 */
function contextWeight(
  { id, contextWeights }: ActionDefinition,
  variables: Variables,
  expressions: Expressions,
): number | undefined | Explanation {
  if (contextWeights === undefined) return undefined;
  let product: number | undefined;
  try {
    for (const { when, weight } of contextWeights)
      if (expressions.condition(when, variables)) product = (product ?? 1) * weight;
  } catch (error) {
    return failed(id, "scoring", error);
  }
  return product;
}

/** Higher score first; equal scores by a draw of this decision, and equal draws by id: a total order. */
function byRank(decisionId: string): (a: Ranked, b: Ranked) => number {
  return (a, b) =>
    b.score - a.score ||
    draw(decisionId, a.action.id) - draw(decisionId, b.action.id) ||
    (a.action.id < b.action.id ? -1 : a.action.id > b.action.id ? 1 : 0);
}

type Variables = Readonly<Record<string, unknown>>;

function failedCondition(
  action: ActionDefinition,
  variables: Variables,
  expressions: Expressions,
): Explanation | undefined {
  for (const { stage, unmet } of CONDITIONS) {
    const source = action[stage];
    if (source === undefined) continue;
    try {
      if (!expressions.condition(source, variables))
        return { action: action.id, stage, reason: `${unmet}: ${source.trim()}` };
    } catch (error) {
      return failed(action.id, stage, error);
    }
  }
  return undefined;
}

/** An expression that cannot be computed costs this candidate its place, never the customer the decision. */
function failed(action: string, stage: Explanation["stage"], error: unknown): Explanation {
  if (!(error instanceof ExpressionFailed)) throw error;
  return { action, stage, reason: `expression_failed: ${error.message}` };
}

/** The action's channels as the request restricts and orders them, without those that are excluded. */
function channelsOf(action: ActionDefinition, request: DecisionRequest): Channel[] {
  const own = channelsIn(action);
  const wanted = request.channels ? [...new Set(request.channels)].filter((c) => own.includes(c)) : own;
  return wanted.filter((c) => !request.exclude?.includes(c));
}

function noChannelReason(action: ActionDefinition, request: DecisionRequest): string {
  const offered = channelsIn(action).some((c) => request.channels?.includes(c) ?? true);
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
    })),
    journey: request.journey.id,
    ...(request.cap ? { cap: request.cap } : {}),
    profile: request.profile,
    // The ring of contacts never runs empty again.
    contacted: request.context.contacts.length > 0,
    ...(request.watermark === undefined ? {} : { watermark: request.watermark }),
  };
}
