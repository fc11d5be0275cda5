/** Consent: a recorded refusal always counts, and some purposes need a recorded grant. */
import { consentKey, type Channel, type Profile, type Purpose, type ReasonCode } from "#contracts";
import type { PlacedRule } from "./rules.js";

/** Why consent stops this, and the rule that says so. */
export function refusedConsent(
  rules: readonly PlacedRule[],
  purpose: Purpose,
  channel: Channel,
  copies: readonly Profile[],
): { reason: ReasonCode; rule: string } | undefined {
  const key = consentKey(purpose, channel);
  const records = copies.map((p) => p.consents[key]);
  const rule = `${rules[0]?.path ?? purpose}/consent`;
  if (records.includes(false)) return { reason: "consent_refused", rule };
  if (records.includes(true)) return undefined;
  const required = rules.find((r) => r.rule.consent === "required");
  return required && { reason: "no_consent_record", rule: `${required.path}/consent` };
}
