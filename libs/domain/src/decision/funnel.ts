/**
 * The funnel: every candidate goes through eligibility → applicability → suitability → channel and is then scored, or
 * leaves at one of these with a reason. A pure function of request and catalogue (I9).
 */
import {
  aboutOf,
  type ActionDefinition,
  type Channel,
  type DecisionRequest,
  type EvaluateRequest,
  type Explanation,
} from "#contracts";
import { ExpressionFailed, type Expressions } from "../expressions.js";
import type { Catalogue } from "./catalogue.js";
import { draw, scoreOf, type Score } from "./score.js";

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
}

const CONDITIONS = [
  { stage: "eligibility", unmet: "not_eligible" },
  { stage: "applicability", unmet: "not_applicable" },
  { stage: "suitability", unmet: "not_suitable" },
] as const;

/** Puts the request's candidates through the funnel. A candidate that is named twice counts once. */
export function rank(request: DecisionRequest, catalogue: Catalogue, expressions: Expressions): Ranking {
  const ranked: Ranked[] = [];
  const left: Explanation[] = [];
  for (const id of new Set(request.candidates)) {
    const action = catalogue.actions.get(id);
    if (!action) {
      left.push({ action: id, stage: "eligibility", reason: "not_in_catalogue" });
      continue;
    }
    const out = failedCondition(action, request, expressions);
    if (out) {
      left.push(out);
      continue;
    }
    const channels = channelsOf(action, request);
    if (channels.length === 0)
      left.push({ action: id, stage: "channel", reason: noChannelReason(action, request) });
    else ranked.push({ action, channels, ...scoreOf(action, request) });
  }
  return { ranked: ranked.sort(byRank(request.decisionId)), left };
}

/** Higher score first; equal scores by a draw of this decision, and equal draws by id: a total order. */
function byRank(decisionId: string): (a: Ranked, b: Ranked) => number {
  return (a, b) =>
    b.score - a.score ||
    draw(decisionId, a.action.id) - draw(decisionId, b.action.id) ||
    (a.action.id < b.action.id ? -1 : a.action.id > b.action.id ? 1 : 0);
}

function failedCondition(
  action: ActionDefinition,
  request: DecisionRequest,
  expressions: Expressions,
): Explanation | undefined {
  const variables = { event: request.moment, context: request.context };
  for (const { stage, unmet } of CONDITIONS) {
    const source = action[stage];
    if (source === undefined) continue;
    try {
      if (!expressions.condition(source, variables))
        return { action: action.id, stage, reason: `${unmet}: ${source.trim()}` };
    } catch (error) {
      // An expression that cannot be computed costs this candidate its place, never the customer the decision.
      if (!(error instanceof ExpressionFailed)) throw error;
      return { action: action.id, stage, reason: `expression_failed: ${error.message}` };
    }
  }
  return undefined;
}

/** The action's channels as the request restricts and orders them, without those that are excluded. */
function channelsOf(action: ActionDefinition, request: DecisionRequest): Channel[] {
  const own = action.treatments.map((t) => t.channel);
  const wanted = request.channels ? [...new Set(request.channels)].filter((c) => own.includes(c)) : own;
  return wanted.filter((c) => !request.exclude?.includes(c));
}

function noChannelReason(action: ActionDefinition, request: DecisionRequest): string {
  const offered = action.treatments.some((t) => request.channels?.includes(t.channel) ?? true);
  return offered ? "channels_used_up" : "no_treatment_for_channels";
}

/** The one question to policy, or `undefined` when no candidate is left to ask about. */
export function evaluateRequest(request: DecisionRequest, ranking: Ranking): EvaluateRequest | undefined {
  if (ranking.ranked.length === 0) return undefined;
  return {
    decisionId: request.decisionId,
    customerId: request.customerId,
    at: request.at,
    options: ranking.ranked.map(({ action, channels }) => ({
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
    about: aboutOf(request.moment),
    ...(request.engagement ? { engagement: request.engagement } : {}),
  };
}
