/**
 * Consent: a recorded refusal always counts, and some purposes need a recorded grant. A grant that has expired counts as
 * none; a refusal never expires. What is on record for the address in use says more than what is for its channel.
 */
import { consentKey, type Channel, type Profile, type Purpose, type ReasonCode } from "#contracts";
import type { PlacedRule } from "./rules.js";

export type ConsentState = "granted" | "refused" | "expired" | "none";

/** Why consent stops this, and the rule that says so. `at`: epoch ms. */
export function refusedConsent(
  rules: readonly PlacedRule[],
  purpose: Purpose,
  channel: Channel,
  copies: readonly Profile[],
  at: number,
): { reason: ReasonCode; rule: string } | undefined {
  const state = consentOf(copies, purpose, channel, at);
  const rule = `${rules[0]?.path ?? purpose}/consent`;
  if (state === "refused") return { reason: "consent_refused", rule };
  if (state === "granted") return undefined;
  const required = rules.find((r) => r.rule.consent === "required");
  if (!required) return undefined;
  const reason = state === "expired" ? "consent_expired" : "no_consent_record";
  return { reason, rule: `${required.path}/consent` };
}

/** Of several copies of a profile either refusing is a refusal, and either granting is a grant. */
export function consentOf(
  copies: readonly Profile[],
  purpose: Purpose,
  channel: Channel,
  at: number,
): ConsentState {
  const key = consentKey(purpose, channel);
  const address = addressOf(copies, channel);
  let found: ConsentState = "none";
  for (const profile of copies) {
    const state = stateIn(profile, key, address, at);
    if (state === "refused") return state;
    if (state === "granted" || found === "none") found = state;
  }
  return found;
}

/** Where the channel is sent to by now, as the newest copy that knows it has it. */
function addressOf(copies: readonly Profile[], channel: Channel): string | undefined {
  let newest: Profile | undefined;
  for (const profile of copies)
    if (profile.addresses?.[channel] !== undefined && profile.seq >= (newest?.seq ?? 0)) newest = profile;
  return newest?.addresses?.[channel];
}

function stateIn(profile: Profile, key: string, address: string | undefined, at: number): ConsentState {
  const { consentsAt } = profile;
  const channel = recordState(profile, profile.consents[key], key, at);
  if (consentsAt === undefined) return channel;
  if (address === undefined) {
    // Which address will be used is not known: that it is one which was refused cannot be excluded.
    for (const k in consentsAt) if (consentsAt[k] === false && k.startsWith(`${key}.`)) return "refused";
    return channel;
  }
  const own = recordState(profile, consentsAt[`${key}.${address}`], `${key}.${address}`, at);
  return own === "none" || (own === "expired" && channel !== "none") ? channel : own;
}

function recordState(profile: Profile, granted: boolean | undefined, key: string, at: number): ConsentState {
  if (granted === undefined) return "none";
  if (!granted) return "refused";
  const until = profile.consentUntil?.[key];
  return until !== undefined && until <= at ? "expired" : "granted";
}

/** The profile with this consent, for the channel and whatever address, and without an expiry; for what-ifs. */
export function withConsentOf(
  profile: Profile,
  purpose: Purpose,
  channel: Channel,
  granted: boolean,
): Profile {
  const key = consentKey(purpose, channel);
  const { consentsAt = {}, consentUntil = {}, ...rest } = profile;
  const others = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([k]) => k !== key && !k.startsWith(`${key}.`)));
  return {
    ...rest,
    consents: { ...profile.consents, [key]: granted },
    ...(profile.consentsAt ? { consentsAt: others(consentsAt) } : {}),
    ...(profile.consentUntil ? { consentUntil: others(consentUntil) } : {}),
  };
}
