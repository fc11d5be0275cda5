/**
 * Caps: how many contacts fit into a window, rolling or of the calendar. The policy service counts and reserves in one
 * Redis script; this is the same arithmetic for the simulator, and the model that the script is tested against.
 *
 * I6 In no window does a customer get more contacts than the cap. Counting looks both ways from `at`, so that it holds
 *    also when requests do not come in the order of their times.
 *
 * What counts: a contact, from when it is reserved until it is known that nothing was said, whether or not it was noticed.
 * With its fallbacks it is one contact; on a cap of certain channels each channel on which it was tried is one.
 */
import {
  durationMs,
  isContact,
  type Calendar,
  type CapDefinition,
  type Channel,
  type ContactAbout,
  type JourneyCap,
  type PolicyPackDefinition,
  type Purpose,
  type ReasonCode,
} from "#contracts";
import { calendarWindow, LONGEST_MS } from "./calendar-window.js";
import { rulesFor, type PlacedRule } from "./rules.js";
import type { Zone } from "../time/zone.js";

/** Counts the contacts that match every field given: of a purpose, of a journey, on certain channels. */
export interface Cap {
  /** Names it in verdicts, e.g. `default/marketing/caps/0`. */
  readonly rule: string;
  readonly reason: ReasonCode;
  readonly count: number;
  /** Contacts that are further apart than this do not count together. */
  readonly periodMs: number;
  /** A calendar's day, week or month where the customer is; the period is then the longest that it can be. */
  readonly calendar?: Calendar;
  readonly purpose?: Purpose;
  /** `OWN_JOURNEY`: that of the contact which is to come. */
  readonly journey?: string;
  readonly channels?: readonly Channel[];
  /** Only those about the same; what is not known is the same as any. */
  readonly per?: "debt" | "event";
}

/** No journey has this name. */
export const OWN_JOURNEY = "*";

/** A contact that takes part of the budget: reserved or sent, not released. */
export interface CountedContact {
  /** Epoch ms. */
  readonly at: number;
  readonly purpose: Purpose;
  readonly journey?: string | undefined;
  /** Channels on which it was or may have been said. */
  readonly channels: readonly Channel[];
  readonly about?: ContactAbout | undefined;
}

/** A contact that is to come. */
export interface NextContact {
  readonly channel: Channel;
  readonly at: number;
  readonly journey?: string | undefined;
  readonly about?: ContactAbout | undefined;
  /** Where the customer may be; none: anywhere. */
  readonly zones?: readonly Zone[];
}

/** All caps on a purpose, over every pack. */
export function packCaps(packs: readonly PolicyPackDefinition[], purpose: Purpose): readonly Cap[] {
  return rulesFor(packs, purpose)
    .flatMap((placed) =>
      placed.rule.caps.map((cap, i) => packCap(cap, placed, `${placed.path}/caps/${i}`, purpose)),
    )
    .filter((cap) => cap.channels?.length !== 0);
}

function packCap(cap: CapDefinition, { rule }: PlacedRule, path: string, purpose: Purpose): Cap {
  const own = cap.channel === undefined ? cap.channels : [cap.channel];
  const channels =
    own && rule.channels ? own.filter((c) => rule.channels?.includes(c)) : (own ?? rule.channels);
  const { count, calendar, per } = cap;
  const ofJourney = cap.scope === "journey";
  return {
    rule: path,
    reason: ofJourney ? "journey_cap_reached" : "cap_reached",
    count,
    periodMs: calendar ? LONGEST_MS[calendar] : durationMs(cap.period!),
    ...(calendar ? { calendar } : {}),
    ...(ofJourney ? { journey: OWN_JOURNEY } : cap.scope === "all" ? {} : { purpose }),
    ...(channels ? { channels } : {}),
    ...(per === "debt" || per === "event" ? { per } : {}),
  };
}

/** The cap that a journey brings along counts that journey's contacts, whatever their purpose. */
export function journeyCap(cap: JourneyCap): Cap {
  return {
    rule: `journey/${cap.journey}/cap`,
    reason: "journey_cap_reached",
    count: cap.count,
    periodMs: cap.periodMs,
    journey: cap.journey,
  };
}

/** The first cap that leaves no room for one more contact on this channel at `at`. */
export function capReached(
  caps: readonly Cap[],
  contacts: readonly CountedContact[],
  next: NextContact,
): Cap | undefined {
  return caps.find((cap) => bounds(cap, next.channel) && countedBy(cap, contacts, next) >= cap.count);
}

/** How many contacts a cap counts for one more. */
export function countedBy(
  cap: Cap,
  contacts: readonly CountedContact[],
  next: Omit<NextContact, "channel">,
): number {
  const window = cap.calendar && calendarWindow(cap.calendar, next.at, next.zones ?? []);
  let counted = 0;
  for (const contact of contacts) {
    const within = window
      ? contact.at >= window.from && contact.at < window.to
      : Math.abs(contact.at - next.at) < cap.periodMs;
    if (within && matches(cap, contact, next)) counted += weight(cap, contact);
  }
  return counted;
}

/** A cap of certain channels is about these, a case for an agent included; any other about what is a contact. */
function bounds(cap: Cap, channel: Channel): boolean {
  return cap.channels ? cap.channels.includes(channel) : isContact(channel);
}

function weight({ channels }: Cap, contact: CountedContact): number {
  if (!channels) return contact.channels.some(isContact) ? 1 : 0;
  let attempts = 0;
  for (const channel of contact.channels) if (channels.includes(channel)) attempts++;
  return attempts;
}

function matches(cap: Cap, contact: CountedContact, next: Omit<NextContact, "channel">): boolean {
  const journey = cap.journey === OWN_JOURNEY ? next.journey : cap.journey;
  return (
    (cap.purpose === undefined || cap.purpose === contact.purpose) &&
    (journey === undefined || journey === contact.journey) &&
    (cap.per === undefined || maybeSame(contact.about?.[cap.per], next.about?.[cap.per]))
  );
}

function maybeSame(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}
