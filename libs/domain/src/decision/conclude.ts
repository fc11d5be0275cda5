/** From ranking and verdicts to the reply, one explanation per candidate, and the record of the decision. */
import {
  durationMs,
  MAX_OPTIONS,
  STAGES,
  versionName,
  type Channel,
  type DecisionRecord,
  type DecisionReply,
  type DecisionRequest,
  type EvaluateReply,
  type Explanation,
  type PlanLeg,
  type ReasonCode,
  type Verdict,
} from "#contracts";
import type { Catalogue } from "./catalogue.js";
import { IN_ORDER, type Ranked, type Ranking } from "./funnel.js";
import { treatmentFor } from "./language.js";
import { fillText } from "./text.js";

/** The policy's answer does not fit what it was asked: a defect of one of the two, not something that passes. */
export class InvalidPolicyReply extends Error {
  override readonly name = "InvalidPolicyReply";
}

/** Of several reasons, the one that says most: what stops everything first, what is only missing last. */
const MOST_TELLING: readonly ReasonCode[] = [
  "stopped",
  "hold_deceased",
  "hold_fraud",
  "hold_hardship",
  "hold_moratorium",
  "hold_litigation",
  "hold_vulnerable",
  "hold_complaint",
  "hold_opt_out",
  "policy_unavailable",
  "consent_refused",
  "quota_reached",
  "budget_spent",
  "journey_cap_reached",
  "cap_reached",
  "cool_down",
  "suppressed_ignored",
  "quiet_hours",
  "outside_contact_times",
  "no_timezone",
  "consent_expired",
  "no_consent_record",
];

/** So many candidates are explained one by one: all that policy was asked about are among them. */
const EXPLAINED_ALONE = IN_ORDER;

/** When to ask again after the policy could judge nothing. */
const UNAVAILABLE_RETRY_MS = 60_000;

/**
 * The decision. `policy` is absent exactly when nobody was left to ask about. Throws InvalidPolicyReply when policy
 * chose something that it was not offered.
 */
export function conclude(
  request: DecisionRequest,
  ranking: Ranking,
  catalogue: Catalogue,
  policy: EvaluateReply | undefined,
): DecisionRecord {
  const verdicts = policy?.verdicts ?? [];
  const chosen = policy?.chosen
    ? ranking.ranked.find((r) => r.action.id === policy.chosen?.action)
    : undefined;
  if (policy?.chosen && !chosen)
    throw new InvalidPolicyReply(`policy chose ${policy.chosen.action}, which it was not offered`);
  const { reply, missing } =
    chosen && policy?.chosen
      ? act(request, ranking, chosen, policy.chosen.channels, policy.reservationId)
      : { reply: refrain(request, ranking, verdicts), missing: [] };
  return {
    request,
    reply,
    explanations: explain(ranking, verdicts, chosen, reply.reason, missing),
    verdicts,
    versions: versions(catalogue, policy?.packs ?? []),
    ...(ranking.propensities.size > 0 ? { propensities: Object.fromEntries(ranking.propensities) } : {}),
    ...(ranking.engine > 0 ? { engine: ranking.engine } : {}),
  };
}

function act(
  request: DecisionRequest,
  ranking: Ranking,
  chosen: Ranked,
  channels: readonly Channel[],
  reservationId: string | undefined,
): { reply: DecisionReply; missing: string[] } {
  const { action } = chosen;
  if (reservationId === undefined)
    throw new InvalidPolicyReply(`policy chose ${action.id} without a reservation`);
  const missing = new Set<string>();
  const plan = channels.map((channel): PlanLeg => {
    const treatment = chosen.channels.includes(channel)
      ? treatmentFor(action, channel, request.profile.language)
      : undefined;
    if (!treatment)
      throw new InvalidPolicyReply(`policy chose ${action.id} on ${channel}, which it was not offered`);
    const wording = {
      variables: action.variables,
      language: treatment.language,
      timezone: request.profile.timezone,
    };
    const title = fillText(treatment.title, request.moment.data, wording);
    const body = fillText(treatment.body, request.moment.data, wording);
    for (const field of [...title.missing, ...body.missing]) missing.add(field);
    return {
      channel,
      title: title.text,
      body: body.text,
      receiptTimeoutMs: durationMs(treatment.receiptTimeout),
    };
  });
  const reason =
    request.candidates.length === 1 && !request.tags
      ? "only_candidate"
      : chosen === ranking.ranked[0]
        ? "highest_score"
        : "best_permitted";
  return {
    reply: {
      kind: "act",
      decisionId: request.decisionId,
      action: action.id,
      purpose: action.purpose,
      urgent: action.urgent,
      reservationId,
      plan,
      validForMs: durationMs(action.validFor),
      parameters: action.parameters,
      reason,
    },
    missing: [...missing],
  };
}

/** Nothing may be said now: later, if something is only deferred; otherwise not at all. */
function refrain(request: DecisionRequest, ranking: Ranking, verdicts: readonly Verdict[]): DecisionReply {
  const { decisionId } = request;
  let earliest: { until: number; reason: string } | undefined;
  for (const v of verdicts) {
    if (v.verdict !== "deferred" || v.until === undefined) continue;
    if (!earliest || v.until < earliest.until) earliest = { until: v.until, reason: v.reason };
  }
  if (earliest) return { kind: "defer", decisionId, ...earliest };
  // Nothing can be judged while the policy service has lost its index; that passes, and what is worth saying is
  // still worth saying then. Nothing leaves meanwhile.
  if (verdicts.length > 0 && verdicts.every((v) => v.reason === "policy_unavailable"))
    return {
      kind: "defer",
      decisionId,
      until: request.at + UNAVAILABLE_RETRY_MS,
      reason: "policy_unavailable",
    };
  const best = ranking.ranked[0];
  return {
    kind: "none",
    decisionId,
    reason: best ? policyReason(best.action.id, verdicts) : furthest(ranking.left),
  };
}

/** Why policy let no channel of this action through. */
function policyReason(action: string, verdicts: readonly Verdict[]): string {
  const own = verdicts
    .filter((v) => v.actions.includes(action) && v.verdict !== "permitted")
    .map((v) => v.reason);
  return MOST_TELLING.find((r) => own.includes(r)) ?? own[0] ?? "not_judged";
}

/** The code of the candidate that came furthest through the funnel. */
function furthest(left: readonly Explanation[]): string {
  let best: Explanation | undefined;
  for (const e of left) if (!best || STAGES.indexOf(e.stage) > STAGES.indexOf(best.stage)) best = e;
  return best ? reasonCode(best.reason) : "no_candidates";
}

function explain(
  ranking: Ranking,
  verdicts: readonly Verdict[],
  chosen: Ranked | undefined,
  reason: string,
  missing: readonly string[],
): Explanation[] {
  const winner = chosen ? ranking.ranked.indexOf(chosen) : ranking.ranked.length;
  const scored = ranking.ranked.map((r, i): Explanation => {
    const note = missing.length > 0 ? `; no value for ${missing.join(", ")} in the text` : "";
    const left =
      i < Math.min(winner, MAX_OPTIONS)
        ? ({ stage: "policy", reason: policyReason(r.action.id, verdicts) } as const)
        : i > winner || i >= MAX_OPTIONS
          ? ({ stage: "arbitration", reason: behind(r, chosen) } as const)
          : ({ stage: "chosen", reason: reason + note } as const);
    // Fields in the order of the schema, as everywhere in a record: parsing it must not change its bytes (I9).
    return { action: r.action.id, ...left, score: r.score, factors: { ...r.factors } };
  });
  return condensed([...scored, ...ranking.left]);
}

/** Of those that policy was not asked about, some may have been better than the one that it chose. */
function behind({ score }: Ranked, chosen: Ranked | undefined): string {
  return chosen && score <= chosen.score ? "outranked" : "not_among_the_best";
}

/**
 * Explanations of many candidates, in bounds: the first of them one by one, the others together where they left at the
 * same stage with a reason of the same code.
 */
function condensed(all: Explanation[]): Explanation[] {
  if (all.length <= EXPLAINED_ALONE) return all;
  const groups = new Map<string, Explanation & { alike: string[] }>();
  for (const { action, stage, reason } of all.slice(EXPLAINED_ALONE)) {
    const code = reasonCode(reason);
    const group = groups.get(`${stage} ${code}`);
    if (group) group.alike.push(action);
    else groups.set(`${stage} ${code}`, { action, stage, reason: code, alike: [] });
  }
  return [...all.slice(0, EXPLAINED_ALONE), ...groups.values()];
}

function reasonCode(reason: string): string {
  return reason.split(":")[0]!;
}

/** `catalogue/<id>` and `policy/<id>` → name of the version. */
function versions(catalogue: Catalogue, packs: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { id, version, digest } of catalogue.versions)
    found[`catalogue/${id}`] = versionName(version, digest);
  for (const { id, version, digest } of catalogue.experiments ?? [])
    found[`experiment/${id}`] = versionName(version, digest);
  for (const pack of packs) {
    const [id, version] = pack.split("@");
    found[`policy/${id}`] = version ?? "";
  }
  return found;
}
