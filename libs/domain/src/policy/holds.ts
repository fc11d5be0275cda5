/**
 * Holds: what stops automation for a customer.
 *
 * Holds stop automation, and a fraud, hardship, vulnerable, complaint or litigation hold is there to bring in a human: the
 * agent stays permitted under them. An opt-out is about being spoken to, so it does not stop `execute`; fraud and death
 * always stop it, whatever the packs say. Nor does any pack let an automated contact out to a customer in hardship before a
 * person has lifted the hold, or to a dead one; nor collect anything during a moratorium, nor automatically during a lawsuit.
 *
 * A hold with an end counts as lifted from then on.
 */
import {
  isContact,
  type Channel,
  type HoldKind,
  type HoldPlaced,
  type Profile,
  type Purpose,
  type ReasonCode,
} from "#contracts";
import { epochMs } from "../time/iso-text.js";
import type { PlacedRule } from "./rules.js";

/** Holds that stop a case for a human too, where the rule names them. */
const STOPS_AGENT: readonly HoldKind[] = ["deceased", "moratorium", "opt-out"];
const ALWAYS_STOPS_EXECUTE: readonly HoldKind[] = ["fraud", "deceased"];
const ALWAYS_STOPS_CONTACT: readonly HoldKind[] = ["hardship", "deceased"];
/**
 * UK Debt Respite Scheme Regulations 2020 (SI 2020/1311), reg. 7 and 11: no step to collect a debt during its moratorium.
 * A claim that is before a court is for people (in the US 15 USC 1692c(a)(2): a represented consumer is not contacted).
 */
const ALWAYS_STOPS_COLLECTING: readonly HoldKind[] = ["moratorium", "litigation"];

export type Hold = Profile["holds"][number];

export const HOLD_REASONS: Readonly<Record<HoldKind, ReasonCode>> = {
  fraud: "hold_fraud",
  hardship: "hold_hardship",
  vulnerable: "hold_vulnerable",
  complaint: "hold_complaint",
  moratorium: "hold_moratorium",
  litigation: "hold_litigation",
  deceased: "hold_deceased",
  "opt-out": "hold_opt_out",
};

/** False once its end has come. */
export function holds({ until }: Hold, at: number): boolean {
  return until === undefined || at < until;
}

/** The hold that stops this purpose on this channel at this time (epoch ms), and the rule that says so. */
export function heldBy(
  rules: readonly PlacedRule[],
  purpose: Purpose,
  channel: Channel,
  copies: readonly Profile[],
  at: number,
): { hold: HoldKind; rule: string } | undefined {
  if (copies.every((p) => p.holds.length === 0)) return undefined;
  const placed = new Set(copies.flatMap((p) => p.holds.filter((h) => holds(h, at)).map((h) => h.kind)));
  if (placed.size === 0) return undefined;
  if (channel === "execute") {
    const hold = ALWAYS_STOPS_EXECUTE.find((h) => placed.has(h));
    if (hold) return { hold, rule: "built-in/execute/holds" };
  }
  if (isContact(channel)) {
    const hold = ALWAYS_STOPS_CONTACT.find((h) => placed.has(h));
    if (hold) return { hold, rule: "built-in/contact/holds" };
  }
  if (purpose === "collections") {
    const hold = ALWAYS_STOPS_COLLECTING.find((h) => placed.has(h) && stops(h, channel));
    if (hold) return { hold, rule: "built-in/collections/holds" };
  }
  for (const { rule, path } of rules) {
    const hold = rule.blockedBy.find((h) => placed.has(h) && stops(h, channel));
    if (hold) return { hold, rule: `${path}/blockedBy` };
  }
  return undefined;
}

function stops(hold: HoldKind, channel: Channel): boolean {
  if (channel === "agent") return STOPS_AGENT.includes(hold);
  if (channel === "execute") return hold !== "opt-out";
  return true;
}

/**
 * The holds after one is placed, at the event's time (epoch ms). One that stands is only ever made longer by it: to make it
 * shorter is to lift it, which is done by a human.
 */
export function withHold(
  standing: Profile["holds"],
  { kind, until }: HoldPlaced,
  at: number,
): Profile["holds"] {
  const end = until === undefined ? undefined : epochMs(until);
  const before = standing.find((h) => h.kind === kind);
  const holding = before && holds(before, at) ? before : undefined;
  if (holding && (holding.until === undefined || (end !== undefined && end <= holding.until)))
    return standing;
  const hold = { kind, since: holding?.since ?? at, ...(end === undefined ? {} : { until: end }) };
  return [...standing.filter((h) => h !== before), hold];
}
