/**
 * Holds: what stops automation for a customer.
 *
 * Holds stop automation, and a fraud, hardship or complaint hold is there to bring in a human: the agent stays permitted
 * under them. An opt-out is about being spoken to, so it does not stop `execute`; fraud and death always stop it, whatever
 * the packs say. Nor does any pack let an automated contact out to a customer in hardship before a person has lifted the
 * hold, or to a dead one.
 */
import { isContact, type Channel, type HoldKind, type Profile, type ReasonCode } from "#contracts";
import type { PlacedRule } from "./rules.js";

/** Holds that stop a case for a human too, where the rule names them. */
const STOPS_AGENT: readonly HoldKind[] = ["deceased", "opt-out"];
const ALWAYS_STOPS_EXECUTE: readonly HoldKind[] = ["fraud", "deceased"];
const ALWAYS_STOPS_CONTACT: readonly HoldKind[] = ["hardship", "deceased"];

export const HOLD_REASONS: Readonly<Record<HoldKind, ReasonCode>> = {
  fraud: "hold_fraud",
  hardship: "hold_hardship",
  complaint: "hold_complaint",
  deceased: "hold_deceased",
  "opt-out": "hold_opt_out",
};

/** The hold that stops this channel, and the rule that says so. */
export function heldBy(
  rules: readonly PlacedRule[],
  channel: Channel,
  copies: readonly Profile[],
): { hold: HoldKind; rule: string } | undefined {
  if (copies.every((p) => p.holds.length === 0)) return undefined;
  const holds = new Set(copies.flatMap((p) => p.holds.map((h) => h.kind)));
  if (channel === "execute") {
    const hold = ALWAYS_STOPS_EXECUTE.find((h) => holds.has(h));
    if (hold) return { hold, rule: "built-in/execute/holds" };
  }
  if (isContact(channel)) {
    const hold = ALWAYS_STOPS_CONTACT.find((h) => holds.has(h));
    if (hold) return { hold, rule: "built-in/contact/holds" };
  }
  for (const { rule, path } of rules) {
    const hold = rule.blockedBy.find((h) => holds.has(h) && stops(h, channel));
    if (hold) return { hold, rule: `${path}/blockedBy` };
  }
  return undefined;
}

function stops(hold: HoldKind, channel: Channel): boolean {
  if (channel === "agent") return STOPS_AGENT.includes(hold);
  if (channel === "execute") return hold !== "opt-out";
  return true;
}
