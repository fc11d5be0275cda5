/**
 * Caps: how many contacts fit into a rolling window. The policy service counts and reserves in one Redis
 * script; this is the same arithmetic for the simulator, and the model that the script is tested against.
 *
 * I6 In no rolling window does a customer get more contacts than the cap. Counting looks both ways from `at`,
 * so that it holds also when requests do not come in the order of their times.
 */
import {
  durationMs,
  isContact,
  type Channel,
  type JourneyCap,
  type PolicyPackDefinition,
  type Purpose,
  type ReasonCode,
} from "#contracts";
import { rulesFor } from "./rules.js";

/** Counts the contacts that match every field given: of a purpose, of a journey, on a channel. */
export interface Cap {
  /** Names it in verdicts, e.g. `default/marketing/caps/0`. */
  readonly rule: string;
  readonly reason: ReasonCode;
  readonly count: number;
  readonly periodMs: number;
  readonly purpose?: Purpose;
  readonly journey?: string;
  readonly channel?: Channel;
}

/** A contact that takes part of the budget: reserved or sent, not released. */
export interface CountedContact {
  /** Epoch ms. */
  readonly at: number;
  readonly purpose: Purpose;
  readonly journey?: string | undefined;
  /** Channels on which it was or may have been said. */
  readonly channels: readonly Channel[];
}

/** All caps on a purpose, over every pack. */
export function packCaps(packs: readonly PolicyPackDefinition[], purpose: Purpose): readonly Cap[] {
  return rulesFor(packs, purpose).flatMap(({ rule, path }) =>
    rule.caps.map((cap, i) => ({
      rule: `${path}/caps/${i}`,
      reason: "cap_reached" as const,
      count: cap.count,
      periodMs: durationMs(cap.period),
      purpose,
      ...(cap.channel === undefined ? {} : { channel: cap.channel }),
    })),
  );
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

/** The first cap that leaves no room for one more contact on this channel at `at`; none on what is no contact. */
export function capReached(
  caps: readonly Cap[],
  contacts: readonly CountedContact[],
  next: { readonly channel: Channel; readonly at: number },
): Cap | undefined {
  if (!isContact(next.channel)) return undefined;
  return caps.find((cap) => {
    if (cap.channel !== undefined && cap.channel !== next.channel) return false;
    let counted = 0;
    for (const c of contacts) if (counts(cap, c, next.at)) counted++;
    return counted >= cap.count;
  });
}

/** How many contacts a cap counts for one more at `at`. */
export function countedBy(cap: Cap, contacts: readonly CountedContact[], at: number): number {
  return contacts.filter((c) => counts(cap, c, at)).length;
}

function counts(cap: Cap, contact: CountedContact, at: number): boolean {
  return (
    Math.abs(contact.at - at) < cap.periodMs &&
    (cap.purpose === undefined || cap.purpose === contact.purpose) &&
    (cap.journey === undefined || cap.journey === contact.journey) &&
    (cap.channel === undefined || contact.channels.includes(cap.channel))
  );
}
