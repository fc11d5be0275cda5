/**
 * When a customer may be contacted: the quiet hours and contact times of all rules, by the clock where the customer is. Of
 * a customer without a time zone on record the clocks of all zones of their part of the country, or of their country,
 * must agree that it is open.
 */
import {
  durationMs,
  fnv1a32,
  isContact,
  type Channel,
  type PolicyOption,
  type Profile,
  type ReasonCode,
} from "#contracts";
import { zonesOfCountry, zonesOfRegion } from "../time/candidate-zones.js";
import { zoneOf, type Zone } from "../time/zone.js";
import { closesAt, opensAt, outside, quietHours, type ClosedTimes } from "./closed-times.js";
import { newest, placeOf } from "./place.js";
import type { PlacedRule } from "./rules.js";

/** Closed times of one rule. */
export interface RuleTimes extends ClosedTimes {
  readonly reason: ReasonCode;
  readonly path: string;
  /** What was deferred is let go spread over so long. */
  readonly spreadMs: number;
}

interface TimesOnChannel {
  readonly urgent: readonly RuleTimes[];
  readonly other: readonly RuleTimes[];
}

const NONE: readonly RuleTimes[] = [];
const computed = new WeakMap<readonly PlacedRule[], Map<Channel, TimesOnChannel>>();

/**
 * The closed times of these rules. Urgency opens quiet hours for service and collections, and contact times for service
 * alone; marketing is never urgent enough. A case for an agent has none but the contact times of rules that name it, for
 * then the human is about to call.
 */
export function timesOf(
  rules: readonly PlacedRule[],
  { purpose, urgent }: Pick<PolicyOption, "purpose" | "urgent">,
  channel: Channel,
): readonly RuleTimes[] {
  let byChannel = computed.get(rules);
  if (!byChannel) computed.set(rules, (byChannel = new Map()));
  let times = byChannel.get(channel);
  if (!times) {
    const all = rules.flatMap((r) => [...quietTimes(r, channel), ...contactTimes(r, channel)]);
    const lawful = purpose === "service" ? NONE : all.filter((t) => t.reason === "outside_contact_times");
    byChannel.set(channel, (times = { other: all, urgent: purpose === "marketing" ? all : lawful }));
  }
  return urgent ? times.urgent : times.other;
}

function quietTimes({ rule, path }: PlacedRule, channel: Channel): RuleTimes[] {
  const quiet = rule.quietHours;
  if (!quiet || !isContact(channel) || (quiet.channels && !quiet.channels.includes(channel))) return [];
  const spreadMs = rule.spread === undefined ? 0 : durationMs(rule.spread);
  return [{ ...quietHours(quiet), reason: "quiet_hours", path: `${path}/quietHours`, spreadMs }];
}

function contactTimes({ rule, path }: PlacedRule, channel: Channel): RuleTimes[] {
  if (!rule.contactTimes || !(isContact(channel) || rule.channels?.includes(channel))) return [];
  const spreadMs = rule.spread === undefined ? 0 : durationMs(rule.spread);
  return [
    {
      ...outside(rule.contactTimes),
      reason: "outside_contact_times",
      path: `${path}/contactTimes`,
      spreadMs,
    },
  ];
}

/** The zones in which the customer may be: the one on record, or those of their place; none when nothing is known. */
export function zonesOf(copies: readonly Profile[]): readonly Zone[] {
  const profile = newest(copies);
  if (!profile) return [];
  const own = profile.timezone === undefined ? undefined : zoneOf(profile.timezone);
  if (own) return [own];
  const { countries, region } = placeOf(profile);
  const ofRegion = region === undefined ? undefined : zonesOfRegion(region);
  const names = ofRegion ?? countries.flatMap(zonesOfCountry);
  return names.flatMap((name) => zoneOf(name) ?? []);
}

/**
 * When what is closed at `at` is let go: when all is open in every zone, and from then on spread over the longest spread of
 * the rules, still while it is open. The same for the same customer and opening, so that all that waits for one customer
 * comes together, and is arbitrated. `undefined` when it never opens.
 */
export function releaseAt(
  times: readonly RuleTimes[],
  zones: readonly Zone[],
  at: number,
  customerId: string | undefined,
): number | undefined {
  const opens = opensAt(times, zones, at);
  if (opens === undefined || customerId === undefined) return opens;
  let spread = 0;
  for (const { spreadMs } of times) spread = Math.max(spread, spreadMs);
  if (spread === 0) return opens;
  const closes = closesAt(times, zones, opens, opens + spread);
  return opens + Math.floor(((closes - opens) * mixed(fnv1a32(`${customerId}@${opens}`))) / 2 ** 32);
}

/** FNV mixes its last bytes too little: the digits of customers' numbers (finalizer of MurmurHash3). */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
