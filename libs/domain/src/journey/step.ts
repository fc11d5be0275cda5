/**
 * `step`: one event applied to one customer, pure. Owns the journey instances of the context.
 *
 * Before anything else open instances follow what was released, and a hold or a refusal takes effect. Then an event is
 * applied in this order, so that a run does not depend on how fast it goes:
 *   1. waits that fell due before the event's time fire, earliest first, each at its own due time, those of one instant
 *      together;
 *   2. the event is counted; profile and contacts are brought up to date;
 *   3. exits, goals and waits of open instances react; then journeys that it triggers are entered;
 *   4. ready instances run until each waits or has ended; those that want to speak for marketing last, best first, and
 *      only one journey of them does (`arbitration.ts`). The same goes for each instant of 1.
 * Where a step asks for a decision, the turn stops with `ask` set and goes on with `answer` (I3: one open
 * decision at a time, each on exactly one version of the context).
 */
import { type Context, type CustomerEvent, type DecisionReply, type JourneyInstance } from "#contracts";
import { withGroups, withoutProtected } from "../context/index.js";
import { applyEvent, firedBy, updateProfile } from "./apply-event.js";
import { nextReady } from "./arbitration.js";
import { type Journeys } from "./definitions.js";
import { behaves, FLAGS } from "./flags.js";
import { mayRun, mayStop } from "./held.js";
import { follow } from "./released.js";
import { run, takeAnswer } from "./run-step.js";
import { goTo, replace, without, definitionOf, type NoAnswer, type Turn } from "./turn.js";

const MAX_STEPS_PER_TURN = 256;

/** Starts applying `event` at `now` (epoch ms). A timer that fires early (`now` before its due time) is set again. The context is not changed. */
export function step(given: Context, told: CustomerEvent, now: number, journeys: Journeys): Turn {
  const event = withoutProtected(told);
  const context = event === told ? given : { ...given, ...groupsOf(given, told) };
  const turn: Turn = {
    context,
    event,
    now: Math.max(now, context.now),
    profileBefore: context.profile,
    intents: [],
    entries: [],
    ask: undefined,
    asking: undefined,
    eventApplied: false,
    asked: 0,
    branches: 0,
    firing: undefined,
    spoken: undefined,
  };
  follow(turn, journeys);
  if (mayStop(event)) updateProfile(turn);
  advance(turn, journeys);
  return turn;
}

/** What the event says of protected attributes, kept where no decision sees it. */
function groupsOf(context: Context, event: CustomerEvent): Pick<Context, "monitoring"> {
  const monitoring = withGroups(context.monitoring, event.data);
  return monitoring === undefined ? {} : { monitoring };
}

/** Goes on with a turn that asked, with the answer. */
export function answer(turn: Turn, reply: DecisionReply | NoAnswer, journeys: Journeys): void {
  const request = turn.ask;
  const instance = turn.context.journeys.find((j) => j.id === turn.asking);
  if (!request || !instance) throw new Error("answer without an open question");
  turn.ask = undefined;
  turn.asking = undefined;
  takeAnswer(turn, instance, request, reply, journeys);
  advance(turn, journeys);
}

function advance(turn: Turn, journeys: Journeys): void {
  for (let i = 0; i < MAX_STEPS_PER_TURN; i++) {
    const ready = nextReady(turn.context.journeys, journeys);
    if (ready) {
      run(turn, ready, journeys);
      if (turn.ask) return;
      continue;
    }
    if (turn.eventApplied) return;
    const due = earliestDue(turn, journeys);
    if (due) {
      fireAll(turn, due, journeys);
      continue;
    }
    turn.context = { ...turn.context, now: turn.now };
    turn.spoken = undefined;
    applyEvent(turn, journeys);
    turn.eventApplied = true;
  }
  throw new Error(`a journey of this customer took more than ${MAX_STEPS_PER_TURN} steps for one event`);
}

function earliestDue(turn: Turn, journeys: Journeys): JourneyInstance | undefined {
  let found: JourneyInstance | undefined;
  for (const j of turn.context.journeys) {
    if (!j.wait || j.wait.dueAt > turn.now || !mayRun(turn, j, journeys)) continue;
    if (!found?.wait || j.wait.dueAt < found.wait.dueAt) found = j;
    else if (j.wait.dueAt === found.wait.dueAt && dueFirst(j, found)) found = j;
  }
  return found;
}

/** At the same instant what branches wait for comes before the limit of the step that waits for them. */
function dueFirst(a: JourneyInstance, b: JourneyInstance): boolean {
  const joinA = a.wait?.kind === "join";
  return joinA === (b.wait?.kind === "join") ? a.id < b.id : !joinA;
}

/** Ends this wait, and with it the others that are due at the same instant. */
function fireAll(turn: Turn, due: JourneyInstance, journeys: Journeys): void {
  const { dueAt, kind } = due.wait!;
  if (turn.firing !== dueAt) {
    turn.firing = dueAt;
    turn.spoken = undefined;
  }
  if (!behaves(due, FLAGS.sameInstant)) return fire(turn, due, journeys);
  for (const { id } of turn.context.journeys) {
    const j = turn.context.journeys.find((open) => open.id === id);
    if (j?.wait?.dueAt !== dueAt || !behaves(j, FLAGS.sameInstant)) continue;
    if ((j.wait.kind === "join") === (kind === "join") && mayRun(turn, j, journeys)) fire(turn, j, journeys);
  }
}

/** A wait has run out of time. */
function fire(turn: Turn, instance: JourneyInstance, journeys: Journeys): void {
  const wait = instance.wait!;
  turn.context = { ...turn.context, now: Math.max(turn.context.now, wait.dueAt) };
  if (!firedBy(turn.event, instance))
    turn.intents.push({ kind: "cancel-timer", instance: instance.id, wait: wait.id });
  const definition = definitionOf(turn, instance, journeys);
  if (!definition) return;
  if (wait.kind === "deferred") {
    replace(turn, without(instance, "wait", { status: "ready" }));
    return;
  }
  const at = journeys.step(definition, instance.step);
  const timeout = at && "onTimeout" in at.step ? at.step.onTimeout : undefined;
  goTo(turn, instance, timeout ?? at?.next, "timeout");
}
