/** What an event does to a context and to the journeys that are open: count, profile, outcome, exits, goals, waits. */
import {
  contactReportedV1,
  decisionOfCommand,
  durationMs,
  eventTypes,
  holdPlacedV1,
  isTerminal,
  LIMITS,
  OUTCOME_OF_ACT,
  outcomeV1,
  parseTimerType,
  reportedContactId,
  SEGUE_SOURCE,
  type CustomerEvent,
  type JourneyDefinition,
  type JourneyInstance,
  type Outcome,
} from "#contracts";
import { afterComplaint, afterOutcome, afterReported, recordEvent } from "../context/index.js";
import { applyProfileEvent, profileChangesOf } from "../policy/index.js";
import { concerns } from "./correlation.js";
import { typesOf, type Journeys } from "./definitions.js";
import { countWindows } from "./count-windows.js";
import { enter } from "./enter.js";
import { FLAGS } from "./flags.js";
import { endedBy } from "./held.js";
import { pauseAndResume } from "./paused.js";
import { setTimer, goTo, end, definitionOf, condition, type Turn } from "./turn.js";

/** The action of a contact that was reported without a campaign. */
const REPORTED = "reported";

export function applyEvent(turn: Turn, journeys: Journeys): void {
  const { event } = turn;
  const before = turn.context.journeys;
  turn.context = recordEvent(turn.context, event);
  countWindows(turn, journeys);
  const timer = event.source === SEGUE_SOURCE ? parseTimerType(event.type) : undefined;
  if (timer) {
    pauseAndResume(turn, journeys);
    // Still open here means that it came early (set under another clock): set it again.
    const instance = turn.context.journeys.find((j) => firedBy(event, j));
    if (instance?.wait) setTimer(turn, instance.id, instance.wait.id, instance.wait.dueAt);
    return;
  }
  updateProfile(turn);
  if (event.type === eventTypes.contactReported) takeReported(turn);
  else if (event.type === eventTypes.holdPlaced && journeys.engine >= FLAGS.engagement) takeComplaint(turn);
  if (isOutcome(event)) turn.context = { ...turn.context, outcomesUpTo: event.seq };
  const told = readOutcome(event) ?? readAct(turn);
  const outcome = told && recordOutcome(turn, told) ? told : undefined;
  for (const instance of before) {
    const current = turn.context.journeys.find((j) => j.id === instance.id);
    const definition = current && definitionOf(turn, current, journeys);
    if (current && definition) react(turn, current, definition, outcome, journeys);
  }
  pauseAndResume(turn, journeys);
  const { customerId, now } = turn.context;
  for (const definition of journeys.entering(event.type, customerId, now)) enter(turn, definition, journeys);
}

/** True when the event is the timer of this instance's open wait. */
export function firedBy(event: CustomerEvent, instance: JourneyInstance): boolean {
  const timer = event.source === SEGUE_SOURCE ? parseTimerType(event.type) : undefined;
  return timer !== undefined && timer.instance === instance.id && timer.wait === instance.wait?.id;
}

/** Takes what the event says of consents, holds and the customer into the profile, once. */
export function updateProfile(turn: Turn): void {
  const before = turn.context.profile;
  const change = applyProfileEvent(before, turn.event);
  if (change.kind !== "changed") return;
  const changes = profileChangesOf(before, change.profile, turn.event);
  turn.context = { ...turn.context, profile: change.profile };
  turn.entries.push({ kind: "profile-changed", event: turn.event.type, changes });
}

/** A contact by another system of the bank: into the ledger, and into what is known of the customer's contacts. */
function takeReported(turn: Turn): void {
  const { context, event } = turn;
  const parsed = contactReportedV1.safeParse(event.data);
  if (!parsed.success) return;
  const { channel, purpose, kind, journey, campaign, about } = parsed.data;
  const contactId = reportedContactId(event);
  const at = Math.min(event.time, context.now);
  turn.entries.push({
    kind: "contact-reported",
    contactId,
    channel,
    purpose,
    conversation: kind === "conversation",
    at,
    ...(journey === undefined ? {} : { journey }),
    ...(campaign === undefined ? {} : { campaign }),
    ...(about === undefined ? {} : { about }),
  });
  const contact = {
    commandId: contactId,
    action: campaign ?? REPORTED,
    channel,
    purpose,
    at,
    ...(about?.debt === undefined ? {} : { debt: about.debt }),
  };
  turn.context = {
    ...context,
    contacts: [...context.contacts.slice(-(LIMITS.contacts - 1)), contact],
    engagement: afterReported(context.engagement ?? {}, parsed.data, at),
  };
}

function takeComplaint(turn: Turn): void {
  const { context, event } = turn;
  if (holdPlacedV1.safeParse(event.data).data?.kind !== "complaint") return;
  const at = Math.min(event.time, context.now);
  turn.context = { ...context, engagement: afterComplaint(context.engagement ?? {}, at) };
}

function isOutcome(event: CustomerEvent): boolean {
  return event.source === SEGUE_SOURCE && event.type.startsWith("outcome.");
}

function readOutcome(event: CustomerEvent): Outcome | undefined {
  if (!isOutcome(event)) return undefined;
  const parsed = outcomeV1.safeParse(event.data);
  return parsed.success ? parsed.data : undefined;
}

/**
 * What the customer did with what was said in answer to a moment, as an outcome of its command. The bank's app reports it,
 * so it counts only for a command of this customer that the context knows.
 */
function readAct({ event, context }: Turn): Outcome | undefined {
  const kind = OUTCOME_OF_ACT.get(event.type);
  if (kind === undefined) return undefined;
  const contact = context.contacts.find((c) => c.commandId === event.data["commandId"]);
  if (!contact) return undefined;
  const { commandId, action, channel } = contact;
  const decisionId = decisionOfCommand(commandId);
  return {
    commandId,
    decisionId,
    reservationId: decisionId,
    action,
    kind,
    channel,
    tried: [],
    reason: "customer",
  };
}

/** Takes an outcome into the contact history. Of several terminal ones the first counts (I8): false for another. */
function recordOutcome(turn: Turn, outcome: Outcome): boolean {
  let { context } = turn;
  const contact = context.contacts.find((c) => c.commandId === outcome.commandId);
  if (isTerminal(outcome.kind) && contact?.outcome !== undefined) return false;
  if (contact && context.engagement) {
    const at = Math.min(turn.event.time, context.now);
    context = { ...context, engagement: afterOutcome(context.engagement, outcome, contact, at) };
    turn.context = context;
  }
  if (contact && isTerminal(outcome.kind)) {
    const contacts = context.contacts.map((c) =>
      c === contact ? { ...c, channel: outcome.channel, outcome: outcome.kind } : c,
    );
    const journeys = context.journeys.map((j) =>
      j.command === outcome.commandId
        ? { ...j, used: [...new Set([...j.used, ...outcome.tried.map((t) => t.channel), outcome.channel])] }
        : j,
    );
    turn.context = { ...context, contacts, journeys };
  }
  const { commandId: id, action, channel, kind, reason, tried } = outcome;
  turn.entries.push({ kind: "outcome", commandId: id, action, channel, outcome: kind, reason, tried });
  return true;
}

/** Exit events, then the goal, then the wait's own cases. Exits and goals of a branch are up to the instance whose branch it is. */
function react(
  turn: Turn,
  instance: JourneyInstance,
  definition: JourneyDefinition,
  outcome: Outcome | undefined,
  journeys: Journeys,
): void {
  const { event } = turn;
  const holds = (when: string | undefined, where: string): boolean =>
    concerns(turn, instance, definition, journeys) &&
    (when === undefined ||
      condition(turn, journeys, when, instance.trigger, `${definition.id}@${definition.version}/${where}`));
  const over = endedBy(turn, definition.purpose);
  if (over !== undefined) return end(turn, instance, over);
  const whole = instance.parent === undefined;
  for (const [i, exit] of (whole ? (definition.exitOn ?? []) : []).entries()) {
    if (typesOf(exit.event).includes(event.type) && holds(exit.when, `exitOn/${i}`))
      return end(turn, instance, exit.reason);
  }
  const goal = whole ? definition.goal : undefined;
  if (goal && !instance.goalReached && typesOf(goal.event).includes(event.type)) {
    const inTime = goal.within === undefined || turn.now <= instance.enteredAt + durationMs(goal.within);
    if (inTime && holds(goal.when, "goal")) {
      turn.entries.push({
        kind: "goal-reached",
        journey: instance.journey,
        version: instance.version,
        instance: instance.id,
      });
      const reached = { ...instance, goalReached: true };
      return goal.goto === undefined ? end(turn, reached, "goal") : goTo(turn, reached, goal.goto, "goal");
    }
  }
  if ((instance.wait ?? instance.paused?.wait)?.kind !== "event") return;
  const at = journeys.step(definition, instance.step);
  const cases = at?.step.type === "wait" ? (at.step.for ?? []) : [];
  for (const [i, c] of cases.entries()) {
    const hit =
      "outcome" in c
        ? outcome !== undefined && outcome.commandId === instance.command && c.outcome.includes(outcome.kind)
        : typesOf(c.event).includes(event.type) && holds(c.when, `${instance.step}/for/${i}`);
    if (hit) return goTo(turn, instance, c.goto);
  }
}
