/**
 * `step`: one event applied to one customer, pure. Owns the journey instances of the context.
 *
 * An event is applied in this order, so that a run does not depend on how fast it goes:
 *   1. waits that fell due before the event's time fire, earliest first, each at its own due time;
 *   2. the event is counted; profile and contacts are brought up to date;
 *   3. exits, goals and waits of open instances react; then journeys that it triggers are entered;
 *   4. ready instances run until each waits or has ended.
 * Where a step asks for a decision, the turn stops with `ask` set and goes on with `answer` (I3: one open
 * decision at a time, each on exactly one version of the context).
 */
import {
  assertNever,
  commandId,
  decisionId,
  durationMs,
  isTerminal,
  LIMITS,
  outcomeV1,
  parseTimerType,
  SEGUE_SOURCE,
  type AuditEntry,
  type Command,
  type Context,
  type CustomerEvent,
  type DecisionReply,
  type DecisionRequest,
  type JourneyDefinition,
  type JourneyInstance,
  type Moment,
  type Outcome,
  type StepDefinition,
} from "#contracts";
import { fingerprint, recordEvent, viewOf } from "../context/index.js";
import { applyProfileEvent } from "../policy/index.js";
import { typesOf, type Journeys } from "./definitions.js";
import { entryOf, rememberEntry } from "./entry.js";

/** What must happen in the world because of a step. */
export type Intent =
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "set-timer"; readonly instance: string; readonly wait: string; readonly dueAt: number }
  | { readonly kind: "cancel-timer"; readonly instance: string; readonly wait: string };

/** No answer came within the budget, or the service failed: the step's own fallback is taken. */
export interface NoAnswer {
  readonly kind: "unavailable";
  readonly reason: string;
}

/** A step under way. Finished when `ask` is undefined; then `context`, `intents` and `entries` are to be committed. */
export interface Turn {
  context: Context;
  readonly event: CustomerEvent;
  /** Time of the event on Segue's clock, epoch ms. */
  readonly now: number;
  readonly intents: Intent[];
  readonly entries: AuditEntry[];
  ask: DecisionRequest | undefined;
  /** Instance that asked. */
  asking: string | undefined;
  eventApplied: boolean;
  asked: number;
}

/** Bounds endless loops in a definition. */
const MAX_STEPS_PER_INSTANCE = 1_000;
const MAX_STEPS_PER_TURN = 256;
const MAX_DEFERRALS = 5;

/** Starts applying `event` at `now` (epoch ms). A timer that fires early (`now` before its due time) is set again. The context is not changed. */
export function step(context: Context, event: CustomerEvent, now: number, journeys: Journeys): Turn {
  const turn: Turn = {
    context,
    event,
    now: Math.max(now, context.now),
    intents: [],
    entries: [],
    ask: undefined,
    asking: undefined,
    eventApplied: false,
    asked: 0,
  };
  advance(turn, journeys);
  return turn;
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
    const ready = turn.context.journeys.find((j) => j.status === "ready");
    if (ready) {
      run(turn, ready, journeys);
      if (turn.ask) return;
      continue;
    }
    if (turn.eventApplied) return;
    const due = earliestDue(turn.context.journeys, turn.now);
    if (due) {
      fire(turn, due, journeys);
      continue;
    }
    turn.context = { ...turn.context, now: turn.now };
    applyEvent(turn, journeys);
    turn.eventApplied = true;
  }
  throw new Error(`a journey of this customer took more than ${MAX_STEPS_PER_TURN} steps for one event`);
}

function earliestDue(instances: readonly JourneyInstance[], now: number): JourneyInstance | undefined {
  let found: JourneyInstance | undefined;
  for (const j of instances) {
    if (!j.wait || j.wait.dueAt > now) continue;
    if (
      !found?.wait ||
      j.wait.dueAt < found.wait.dueAt ||
      (j.wait.dueAt === found.wait.dueAt && j.id < found.id)
    )
      found = j;
  }
  return found;
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
  const timeout = at?.step.type === "wait" ? at.step.onTimeout : undefined;
  goTo(turn, instance, timeout ?? at?.next);
}

/** True when the event is the timer of this instance's open wait. */
function firedBy(event: CustomerEvent, instance: JourneyInstance): boolean {
  const timer = event.source === SEGUE_SOURCE ? parseTimerType(event.type) : undefined;
  return timer !== undefined && timer.instance === instance.id && timer.wait === instance.wait?.id;
}

function applyEvent(turn: Turn, journeys: Journeys): void {
  const { event } = turn;
  const before = turn.context.journeys;
  turn.context = recordEvent(turn.context, event);
  const timer = event.source === SEGUE_SOURCE ? parseTimerType(event.type) : undefined;
  if (timer) {
    // Still open here means that it came early (set under another clock): set it again.
    const instance = before.find((j) => firedBy(event, j));
    if (instance?.wait) setTimer(turn, instance.id, instance.wait.id, instance.wait.dueAt);
    return;
  }
  const optedOut = updateProfile(turn);
  const told = readOutcome(event);
  const outcome = told && recordOutcome(turn, told) ? told : undefined;
  for (const instance of before) {
    const current = turn.context.journeys.find((j) => j.id === instance.id);
    const definition = current && definitionOf(turn, current, journeys);
    if (current && definition) react(turn, current, definition, outcome, optedOut, journeys);
  }
  for (const definition of journeys.startedBy(event.type)) enter(turn, definition, journeys);
}

/** True when the event is a full opt-out from marketing. */
function updateProfile(turn: Turn): boolean {
  const { event } = turn;
  const change = applyProfileEvent(turn.context.profile, event);
  if (change.kind !== "changed") return false;
  turn.context = { ...turn.context, profile: change.profile };
  turn.entries.push({ kind: "profile-changed", event: event.type });
  const { data } = event;
  if (event.type === "hold.placed") return data["kind"] === "opt-out";
  return (
    event.type === "consent.changed" &&
    data["purpose"] === "marketing" &&
    data["channel"] === "*" &&
    data["granted"] === false
  );
}

function readOutcome(event: CustomerEvent): Outcome | undefined {
  if (event.source !== SEGUE_SOURCE || !event.type.startsWith("outcome.")) return undefined;
  const parsed = outcomeV1.safeParse(event.data);
  return parsed.success ? parsed.data : undefined;
}

/** Takes an outcome into the contact history. Of several terminal ones the first counts (I8): false for another. */
function recordOutcome(turn: Turn, outcome: Outcome): boolean {
  const { context } = turn;
  const contact = context.contacts.find((c) => c.commandId === outcome.commandId);
  if (isTerminal(outcome.kind) && contact?.outcome !== undefined) return false;
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

/** Exit events, then the goal, then the wait's own cases. */
function react(
  turn: Turn,
  instance: JourneyInstance,
  definition: JourneyDefinition,
  outcome: Outcome | undefined,
  optedOut: boolean,
  journeys: Journeys,
): void {
  const { event } = turn;
  const holds = (when: string | undefined, where: string): boolean =>
    when === undefined ||
    condition(turn, journeys, when, instance.trigger, `${definition.id}@${definition.version}/${where}`);
  if (optedOut && definition.purpose === "marketing") return end(turn, instance, "opted_out");
  for (const [i, exit] of (definition.exitOn ?? []).entries()) {
    if (typesOf(exit.event).includes(event.type) && holds(exit.when, `exitOn/${i}`))
      return end(turn, instance, exit.reason);
  }
  const goal = definition.goal;
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
      return goal.goto === undefined ? end(turn, reached, "goal") : goTo(turn, reached, goal.goto);
    }
  }
  if (instance.wait?.kind !== "event") return;
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

function enter(turn: Turn, definition: JourneyDefinition, journeys: Journeys): void {
  const { event } = turn;
  const moment: Moment = {
    id: event.id,
    source: event.source,
    type: event.type,
    time: event.time,
    data: bounded(event.data),
  };
  const where = `${definition.id}@${definition.version}`;
  const { when } = definition.trigger;
  if (when !== undefined && !condition(turn, journeys, when, moment, `${where}/trigger`)) return;
  let key = definition.id;
  if (definition.entry.rule === "per-key") {
    const value = keyValue(turn, journeys, definition.entry.key, moment, `${where}/entry/key`);
    if (value === undefined) return;
    key = `${definition.id}/${value.length > LIMITS.entryKeyChars ? fingerprint("", value) : value}`;
  }
  const refused = entryOf(turn.context, definition, key, turn.now);
  if (refused !== undefined) {
    turn.entries.push({
      kind: "journey-refused",
      journey: definition.id,
      version: definition.version,
      reason: refused,
    });
    return;
  }
  const instance: JourneyInstance = {
    id: `${definition.id}-${turn.context.applied}`,
    journey: definition.id,
    version: definition.version,
    enteredAt: turn.now,
    status: "ready",
    step: definition.steps[0]!.id,
    steps: 0,
    trigger: moment,
    used: [],
    deferrals: 0,
  };
  turn.context = {
    ...turn.context,
    journeys: [...turn.context.journeys, instance],
    entries: rememberEntry(turn.context.entries, key, turn.now),
  };
  turn.entries.push({
    kind: "journey-entered",
    journey: definition.id,
    version: definition.version,
    instance: instance.id,
  });
}

/** Runs the step at which a ready instance stands. */
function run(turn: Turn, instance: JourneyInstance, journeys: Journeys): void {
  const definition = definitionOf(turn, instance, journeys);
  if (!definition) return;
  const at = journeys.step(definition, instance.step);
  if (!at) return end(turn, instance, "step_missing");
  if (instance.steps >= MAX_STEPS_PER_INSTANCE) return end(turn, instance, "too_many_steps");
  const s = at.step;
  const counted = { ...instance, steps: instance.steps + 1 };
  switch (s.type) {
    case "decide":
    case "send":
    case "route":
    case "execute":
      replace(turn, counted);
      turn.ask = requestOf(turn, counted, definition, s);
      turn.asking = counted.id;
      return;
    case "wait":
      return waitUntil(turn, counted, "event", turn.context.now + durationMs(s.atMost));
    case "branch": {
      const hit = s.cases.find((c, i) =>
        condition(
          turn,
          journeys,
          c.when,
          counted.trigger,
          `${definition.id}@${definition.version}/${s.id}/cases/${i}`,
        ),
      );
      return goTo(turn, counted, hit?.goto ?? s.otherwise);
    }
    case "exit":
      return end(turn, counted, s.reason);
    default:
      return assertNever(s);
  }
}

type AskingStep = Extract<StepDefinition, { type: "decide" | "send" | "route" | "execute" }>;

function requestOf(
  turn: Turn,
  instance: JourneyInstance,
  definition: JourneyDefinition,
  s: AskingStep,
): DecisionRequest {
  const { context } = turn;
  // The event being applied counts as applied for the id, also while due waits fire before it.
  const applied =
    turn.eventApplied || context.watermark === turn.event.seq ? context.applied : context.applied + 1;
  // An event that failed after it had asked is not applied, but its ids are spent: policy holds what it answered to them.
  const n = applied + context.deadLettered;
  const channels = s.type === "decide" || s.type === "send" ? s.channels : undefined;
  const another = (s.type === "decide" || s.type === "send") && s.anotherChannel === true;
  return {
    decisionId: decisionId(context.customerId, n, turn.asked++),
    customerId: context.customerId,
    at: context.now,
    moment: instance.trigger,
    context: viewOf(context),
    profile: context.profile,
    journey: { id: instance.journey, version: instance.version, instance: instance.id, step: s.id },
    candidates: s.type === "decide" ? s.actions : [s.action],
    ...(channels ? { channels } : {}),
    ...(another && instance.used.length > 0 ? { exclude: instance.used } : {}),
    ...(definition.cap && (s.type === "decide" || s.type === "send")
      ? {
          cap: {
            journey: definition.id,
            count: definition.cap.contacts,
            periodMs: durationMs(definition.cap.period),
          },
        }
      : {}),
  };
}

function takeAnswer(
  turn: Turn,
  instance: JourneyInstance,
  request: DecisionRequest,
  reply: DecisionReply | NoAnswer,
  journeys: Journeys,
): void {
  const definition = definitionOf(turn, instance, journeys);
  const at = definition && journeys.step(definition, instance.step);
  if (!definition || !at) return;
  const otherwise = "otherwise" in at.step ? at.step.otherwise : undefined;
  const said = {
    decisionId: request.decisionId,
    journey: instance.journey,
    instance: instance.id,
    step: instance.step,
  };
  if (reply.kind !== "act") {
    turn.entries.push({ kind: "decision", ...said, answer: reply.kind, reason: reply.reason });
    if (reply.kind === "defer" && instance.deferrals < MAX_DEFERRALS && reply.until > turn.context.now) {
      return waitUntil(turn, { ...instance, deferrals: instance.deferrals + 1 }, "deferred", reply.until);
    }
    return goTo(turn, instance, otherwise ?? at.next);
  }
  const command = commandOf(turn.context, instance, reply, at.step.type === "route");
  const { channel } = reply.plan[0]!;
  turn.entries.push({
    kind: "decision",
    ...said,
    answer: "act",
    action: reply.action,
    channel,
    reason: reply.reason,
  });
  turn.entries.push({ kind: "command", commandId: command.commandId, action: reply.action, channel });
  turn.intents.push({ kind: "command", command });
  const contact = {
    commandId: command.commandId,
    action: reply.action,
    channel,
    purpose: reply.purpose,
    at: turn.context.now,
  };
  turn.context = {
    ...turn.context,
    contacts: [...turn.context.contacts.slice(-(LIMITS.contacts - 1)), contact],
  };
  const used = instance.used.includes(channel) ? instance.used : [...instance.used, channel];
  goTo(turn, { ...instance, command: command.commandId, used, deferrals: 0 }, at.next);
}

function commandOf(
  context: Context,
  instance: JourneyInstance,
  reply: Extract<DecisionReply, { kind: "act" }>,
  withContext: boolean,
): Command {
  const { type, time, data } = instance.trigger;
  return {
    commandId: commandId(reply.decisionId),
    decisionId: reply.decisionId,
    reservationId: reply.reservationId,
    customerId: context.customerId,
    action: reply.action,
    purpose: reply.purpose,
    journey: { id: instance.journey, version: instance.version, instance: instance.id, step: instance.step },
    plan: reply.plan,
    attempt: 0,
    tried: [],
    parameters: reply.parameters,
    event: { type, time, data },
    ...(withContext ? { context: viewOf(context) } : {}),
    at: context.now,
    expiresAt: context.now + reply.validForMs,
  };
}

function waitUntil(turn: Turn, instance: JourneyInstance, kind: "event" | "deferred", dueAt: number): void {
  const wait = { id: `${instance.step}-${instance.steps}-${instance.deferrals}`, kind, dueAt };
  replace(turn, { ...instance, status: "waiting", wait });
  setTimer(turn, instance.id, wait.id, dueAt);
}

function setTimer(turn: Turn, instance: string, wait: string, dueAt: number): void {
  turn.intents.push({ kind: "set-timer", instance, wait, dueAt });
}

function goTo(turn: Turn, instance: JourneyInstance, target: string | undefined): void {
  dropTimer(turn, instance);
  if (target === undefined) return end(turn, without(instance, "wait", {}), "completed");
  replace(turn, without(instance, "wait", { status: "ready", step: target }));
}

function end(turn: Turn, instance: JourneyInstance, reason: string): void {
  dropTimer(turn, instance);
  const { journey, version, id } = instance;
  turn.context = { ...turn.context, journeys: turn.context.journeys.filter((j) => j.id !== id) };
  turn.entries.push({ kind: "journey-exited", journey, version, instance: id, reason });
}

/** Cancels the timer of a wait that ends before its time. */
function dropTimer(turn: Turn, instance: JourneyInstance): void {
  if (instance.wait && instance.wait.dueAt > turn.context.now) {
    turn.intents.push({ kind: "cancel-timer", instance: instance.id, wait: instance.wait.id });
  }
}

function replace(turn: Turn, instance: JourneyInstance): void {
  turn.context = {
    ...turn.context,
    journeys: turn.context.journeys.map((j) => (j.id === instance.id ? instance : j)),
  };
}

function without(
  instance: JourneyInstance,
  _field: "wait",
  changes: Partial<JourneyInstance>,
): JourneyInstance {
  const { wait: _wait, ...rest } = instance;
  return { ...rest, ...changes };
}

function definitionOf(
  turn: Turn,
  instance: JourneyInstance,
  journeys: Journeys,
): JourneyDefinition | undefined {
  const definition = journeys.version(instance.journey, instance.version);
  if (!definition) end(turn, instance, "definition_missing");
  return definition;
}

function condition(turn: Turn, journeys: Journeys, source: string, trigger: Moment, where: string): boolean {
  try {
    return journeys.expressions.condition(source, {
      event: turn.event,
      context: viewOf(turn.context),
      trigger,
    });
  } catch (error) {
    turn.entries.push({ kind: "expression-failed", where, error: messageOf(error) });
    return false;
  }
}

function keyValue(
  turn: Turn,
  journeys: Journeys,
  source: string,
  trigger: Moment,
  where: string,
): string | undefined {
  try {
    return journeys.expressions.value(source, { event: turn.event, context: viewOf(turn.context), trigger });
  } catch (error) {
    turn.entries.push({ kind: "expression-failed", where, error: messageOf(error) });
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}

/** Event data as kept with an instance: whole when small, else only its scalars, as many as fit. */
function bounded(data: CustomerEvent["data"]): Record<string, unknown> {
  if (JSON.stringify(data).length <= LIMITS.triggerBytes) return data;
  const kept: Record<string, unknown> = {};
  let size = 2;
  for (const [name, value] of Object.entries(data)) {
    if (typeof value === "object") continue;
    size += JSON.stringify([name, value]).length + 1;
    if (size > LIMITS.triggerBytes) break;
    kept[name] = value;
  }
  return kept;
}
