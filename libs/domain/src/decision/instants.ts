/** Times at which the answer to a decision's question may turn: something opens, ends, expires or has room again. */
import { PURPOSES } from "#contracts";
import { journeyCap, packCaps } from "../policy/index.js";
import { validityOf } from "./catalogue.js";
import type { DecisionFacts } from "./what-if.js";

const HOUR_MS = 3_600_000;
/** Times tried: each is a decision. */
const MAX_INSTANTS = 128;

/** Epoch ms, after the decision, in order: every hour of the day that follows, and whatever the facts name. */
export function instantsOf({ record, catalogue, packs, contacts }: DecisionFacts): readonly number[] {
  const { request, explanations, verdicts } = record;
  const { at, cap, profile } = request;
  const found = new Set<number>();
  for (let hours = 1; hours <= 24; hours++) found.add(at + hours * HOUR_MS);
  for (const { until } of [...verdicts, ...explanations, ...profile.holds])
    if (until !== undefined) found.add(until);
  for (const until of Object.values(profile.consentUntil ?? {})) found.add(until);
  const caps = [...PURPOSES.flatMap((p) => packCaps(packs, p)), ...(cap ? [journeyCap(cap)] : [])];
  for (const { periodMs } of caps) for (const contact of contacts) found.add(contact.at + periodMs);
  for (const { action } of explanations) {
    const definition = catalogue.actions.get(action);
    if (!definition?.validity) continue;
    const { from, until } = validityOf(definition);
    found.add(from).add(until);
  }
  return [...found]
    .filter((t) => t > at && Number.isFinite(t))
    .sort((a, b) => a - b)
    .slice(0, MAX_INSTANTS);
}
