/**
 * What holds and opt-outs do to journeys. The policy service keeps them from speaking whatever stands here; this is about
 * the journeys themselves: one that may not speak should neither run on through its fallbacks nor begin.
 *
 *   hold        marketing   collections   service
 *   fraud       paused      paused        goes on: whose account is attacked must hear of it
 *   complaint   paused      paused        goes on
 *   hardship    ended       paused        goes on, towards people: policy lets no automated contact out
 *   deceased    ended       ended         ended
 *   opt-out     ended       goes on       goes on: policy says what of it may be said
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
import type { Journeys } from "./definitions.js";
import type { Turn } from "./turn.js";

type Effect = "pause" | "end" | undefined;

const EFFECTS: Readonly<Record<HoldKind, Readonly<Record<Purpose, Effect>>>> = {
  fraud: { marketing: "pause", collections: "pause", service: undefined },
  complaint: { marketing: "pause", collections: "pause", service: undefined },
  hardship: { marketing: "end", collections: "pause", service: undefined },
  deceased: { marketing: "end", collections: "end", service: "end" },
  "opt-out": { marketing: "end", collections: undefined, service: undefined },
};

const REASONS: Readonly<Record<HoldKind, string>> = {
  fraud: "hold_fraud",
  complaint: "hold_complaint",
  hardship: "hold_hardship",
  deceased: "hold_deceased",
  "opt-out": "opted_out",
};

/** Why an instance stands still whose journey is paused. */
export const JOURNEY_PAUSED = "journey_paused";

/** True for events that may stop something: what they say counts from the beginning of their turn. */
export function mayStop(event: CustomerEvent): boolean {
  return (
    event.type === eventTypes.holdPlaced ||
    (event.type === eventTypes.consentChanged && event.data["granted"] === false)
  );
}

/** Why the turn's event ends the open journeys of a purpose; `undefined` when it does not. */
export function endedBy(turn: Turn, purpose: Purpose): string | undefined {
  const { profileBefore: before, context } = turn;
  const after = context.profile;
  if (before === after) return undefined;
  for (const { kind } of after.holds) {
    if (EFFECTS[kind][purpose] === "end" && !before.holds.some((h) => h.kind === kind)) return REASONS[kind];
  }
  return purpose === "marketing" && refusesMarketing(after) && !refusesMarketing(before)
    ? "opted_out"
    : undefined;
}

/** Why a customer with this profile enters no journey of a purpose; service journeys are always entered. */
export function keptOut(profile: Profile, purpose: Purpose): string | undefined {
  if (purpose === "service") return undefined;
  const hold = profile.holds.find(({ kind }) => EFFECTS[kind][purpose] !== undefined);
  if (hold) return REASONS[hold.kind];
  return purpose === "marketing" && refusesMarketing(profile) ? "opted_out" : undefined;
}

/** Why a journey stands still for this customer. */
export function pausedBy(
  profile: Profile,
  definition: JourneyDefinition,
  journeys: Journeys,
): string | undefined {
  if (journeys.releases.paused(definition.id)) return JOURNEY_PAUSED;
  const hold = profile.holds.find(({ kind }) => EFFECTS[kind][definition.purpose] === "pause");
  return hold && REASONS[hold.kind];
}

/** True when the open wait of an instance may fire: nothing that is known by now pauses or ends the journey. */
export function mayRun(turn: Turn, instance: JourneyInstance, journeys: Journeys): boolean {
  if (
    turn.context.profile.holds.length === 0 &&
    turn.profileBefore === turn.context.profile &&
    journeys.releases.none
  )
    return true;
  const definition = journeys.version(instance.journey, instance.version);
  if (!definition) return true;
  return (
    pausedBy(turn.context.profile, definition, journeys) === undefined &&
    endedBy(turn, definition.purpose) === undefined
  );
}

/** A refusal on record of every channel that there is: the full opt-out. */
function refusesMarketing(profile: Profile): boolean {
  return CHANNELS.every((channel) => profile.consents[consentKey("marketing", channel)] === false);
}
