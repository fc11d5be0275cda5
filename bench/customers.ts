/** The customers of W1 before the measurement: consents and time zone follow from the id, so that every run has the same. */
import { consentKey, fnv1a32, PURPOSES, type Context, type Profile } from "#contracts";
import { emptyContext } from "#domain";

const ZONES = [
  "Europe/Prague",
  "Europe/Lisbon",
  "Europe/Athens",
  "America/New_York",
  "America/Sao_Paulo",
  "Asia/Tokyo",
  "Asia/Kolkata",
  "Australia/Sydney",
] as const;

/** Share of the customers that consents to a channel. */
const CONSENT_SHARE = { push: 0.8, sms: 0.6, email: 0.9 } as const;

/** A number from 0 (included) to 1 (excluded) that belongs to the customer and this matter. */
function share(customerId: string, matter: string): number {
  let h = fnv1a32(`${matter}:${customerId}`);
  // FNV mixes its last bytes too little for ids that differ at the end (finalizer of MurmurHash3).
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

export function profileOfCustomer(customerId: string): Profile {
  const consents: Record<string, boolean> = {};
  for (const [channel, granted] of Object.entries(CONSENT_SHARE)) {
    const consent = share(customerId, channel) < granted;
    for (const purpose of PURPOSES) consents[consentKey(purpose, channel)] = consent;
  }
  const timezone = ZONES[Math.floor(share(customerId, "zone") * ZONES.length)]!;
  return { seq: 1, timezone, language: "en", consents, holds: [] };
}

/** What a restore from a backup would bring in: nothing has happened yet, but the bank knows the customer. */
export function initialContext(customerId: string): Context {
  return { ...emptyContext(customerId), profile: profileOfCustomer(customerId) };
}
