import type { DecisionRecord, DecisionRequest, EvaluateReply } from "#contracts";
import type { Expressions } from "../expressions.js";
import type { Catalogue } from "./catalogue.js";
import { conclude } from "./conclude.js";
import { rank, type Propensities, type Ranking } from "./funnel.js";

/**
 * Computes a decision again from its record's request and verdicts (I9): `JSON.stringify` of the answer equals that of
 * the record, given the catalogue of the versions that the record names.
 */
export function replayDecision(
  record: DecisionRecord,
  catalogue: Catalogue,
  expressions: Expressions,
): DecisionRecord {
  const ranking = rankAsRecorded(record, record.request, catalogue, expressions);
  return conclude(
    record.request,
    ranking,
    catalogue,
    ranking.ranked.length > 0 ? policyAnswer(record) : undefined,
  );
}

/** Ranks with the propensities and by the arithmetic of a record. */
export function rankAsRecorded(
  { propensities, engine }: Pick<DecisionRecord, "propensities" | "engine">,
  request: DecisionRequest,
  catalogue: Catalogue,
  expressions: Expressions,
): Ranking {
  const recorded: Propensities = new Map(Object.entries(propensities ?? {}));
  return rank(request, catalogue, expressions, recorded, engine ?? 0);
}

/** What policy answered: its verdicts and packs as recorded; its choice stands, whole, in the reply that followed from it. */
function policyAnswer({ reply, verdicts, versions }: DecisionRecord): EvaluateReply {
  const packs = Object.entries(versions)
    .filter(([key]) => key.startsWith("policy/"))
    .map(([key, version]) => `${key.slice("policy/".length)}@${version}`);
  if (reply.kind !== "act") return { verdicts, packs };
  const channels = reply.plan.map((leg) => leg.channel);
  return { reservationId: reply.reservationId, chosen: { action: reply.action, channels }, verdicts, packs };
}
