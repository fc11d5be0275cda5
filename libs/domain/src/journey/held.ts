/**
 * What holds and opt-outs do to journeys. The policy service keeps them from speaking whatever stands here; this is about
 * the journeys themselves: one that may not speak should neither run on through its fallbacks nor begin.
 *
 *   hold        marketing   collections   service
 *   fraud       paused      paused        goes on: whose account is attacked must hear of it
 *   complaint   paused      paused        goes on
 *   hardship    ended       paused        goes on, towards people: policy lets no automated contact out
 *   vulnerable  paused      paused        goes on
 *   moratorium  paused      paused        goes on
 *   litigation  paused      goes on, towards people: policy lets nothing automated out
 *                                         goes on
 *   deceased    ended       ended         ended
 *   opt-out     ended       goes on       goes on: policy says what of it may be said
 *
 * A hold that has an end counts as lifted from then on. A STOP in a reply ends consent on the channel that it came by, and
 * the marketing journeys that are open on all: whoever says stop means the sequence, not one of its channels.
 *
 * A hold or a refusal counts for everything that runs after it is known, also for waits that fell due before it: of an
 * opt-out and an offer that meet, the opt-out wins.
 */
import {
  CHANNELS,
  consentKey,
  eventTypes,
  type CustomerEvent,
  type HoldKind,
  type JourneyDefinition,
  type JourneyInstance,
  type Profile,
  type Purpose,
} from "#contracts";
import { HOLD_REASONS, holds } from "../policy/holds.js";
import { wordOf } from "../policy/index.js";
import type { Journeys } from "./definitions.js";
import type { Turn } from "./turn.js";

type Effect = "pause" | "end" | undefined;

const EFFECTS: Readonly<Record<HoldKind, Readonly<Record<Purpose, Effect>>>> = {
  fraud: { marketing: "pause", collections: "pause", service: undefined },
  complaint: { marketing: "pause", collections: "pause", service: undefined },
  hardship: { marketing: "end", collections: "pause", service: undefined },
  vulnerable: { marketing: "pause", collections: "pause", service: undefined },
  moratorium: { marketing: "pause", collections: "pause", service: undefined },
  litigation: { marketing: "pause", collections: undefined, service: undefined },
  deceased: { marketing: "end", collections: "end", service: "end" },
  "opt-out": { marketing: "end", collections: undefined, service: undefined },
};

const REASONS: Readonly<Record<HoldKind, string>> = { ...HOLD_REASONS, "opt-out": "opted_out" };

/** Why an instance stands still whose journey is paused. */
export const JOURNEY_PAUSED = "journey_paused";

/** True for events that may stop something: what they say counts from the beginning of their turn. */
export function mayStop(event: CustomerEvent): boolean {
  return (
    event.type === eventTypes.holdPlaced ||
    (event.type === eventTypes.consentChanged && event.data["granted"] === false) ||
    wordOf(event) === "stop"
  );
}

/** Why the turn's event ends the open journeys of a purpose; `undefined` when it does not. */
export function endedBy(turn: Turn, purpose: Purpose): string | undefined {
  const { profileBefore: before, context, now } = turn;
  const after = context.profile;
  if (purpose === "marketing" && wordOf(turn.event) === "stop") return "opted_out";
  if (before === after) return undefined;
  for (const hold of after.holds) {
    const { kind } = hold;
    if (EFFECTS[kind][purpose] !== "end" || !holds(hold, now)) continue;
    if (!before.holds.some((h) => h.kind === kind && holds(h, now))) return REASONS[kind];
  }
  return purpose === "marketing" && refusesMarketing(after) && !refusesMarketing(before)
    ? "opted_out"
    : undefined;
}

/** Why a customer with this profile enters no journey of a purpose now (epoch ms); service journeys are always entered. */
export function keptOut(profile: Profile, purpose: Purpose, now: number): string | undefined {
  if (purpose === "service") return undefined;
  const hold = profile.holds.find((h) => EFFECTS[h.kind][purpose] !== undefined && holds(h, now));
  if (hold) return REASONS[hold.kind];
  return purpose === "marketing" && refusesMarketing(profile) ? "opted_out" : undefined;
}

/** Why a journey stands still for this customer now (epoch ms), and until when where that is known. */
export function pausedBy(
  profile: Profile,
  definition: JourneyDefinition,
  journeys: Journeys,
  now: number,
): { readonly reason: string; readonly until?: number | undefined } | undefined {
  if (journeys.releases.paused(definition.id)) return { reason: JOURNEY_PAUSED };
  const hold = profile.holds.find((h) => EFFECTS[h.kind][definition.purpose] === "pause" && holds(h, now));
  return hold && { reason: REASONS[hold.kind], until: hold.until };
}

/** True when the open wait of an instance may fire: nothing that is known by now pauses or ends the journey. */
export function mayRun(turn: Turn, instance: JourneyInstance, journeys: Journeys): boolean {
  if (
    turn.context.profile.holds.length === 0 &&
    turn.profileBefore === turn.context.profile &&
    turn.event.type !== eventTypes.messageReceived &&
    journeys.releases.none
  )
    return true;
  const definition = journeys.version(instance.journey, instance.version);
  if (!definition) return true;
  return (
    pausedBy(turn.context.profile, definition, journeys, turn.now) === undefined &&
    endedBy(turn, definition.purpose) === undefined
  );
}

/** A refusal on record of every channel that there is: the full opt-out. */
function refusesMarketing(profile: Profile): boolean {
  return CHANNELS.every((channel) => profile.consents[consentKey("marketing", channel)] === false);
}
