/** A turn: one event being applied to one customer, and the small moves that journeys make in it. */
import {
  type AuditEntry,
  type Command,
  type Context,
  type CustomerEvent,
  type DecisionRequest,
  type JourneyDefinition,
  type JourneyInstance,
  type Moment,
  type Profile,
} from "#contracts";
import { viewOf } from "../context/index.js";
import { type Journeys } from "./definitions.js";

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
  /** The profile as it was before the event. */
  readonly profileBefore: Profile;
  readonly intents: Intent[];
  readonly entries: AuditEntry[];
  ask: DecisionRequest | undefined;
  /** Instance that asked. */
  asking: string | undefined;
  eventApplied: boolean;
  asked: number;
  /** Branches started so far. */
  branches: number;
  /** Due time of the waits that ended last. */
  firing: number | undefined;
  /** The marketing journey that has ordered a contact in this moment: at this due time, or at the event. */
  spoken: { readonly instance: string; readonly journey: string } | undefined;
}

/** Number of the event for ids. It counts as applied also while due waits end before it. */
export function eventNumber(turn: Turn): number {
  const { context } = turn;
  return turn.eventApplied || context.watermark === turn.event.seq ? context.applied : context.applied + 1;
}

export function waitUntil(
  turn: Turn,
  instance: JourneyInstance,
  kind: "event" | "deferred" | "join",
  dueAt: number,
): void {
  const wait = { id: `${instance.step}-${instance.steps}-${instance.deferrals}`, kind, dueAt };
  replace(turn, { ...instance, status: "waiting", wait });
  setTimer(turn, instance.id, wait.id, dueAt);
}

export function setTimer(turn: Turn, instance: string, wait: string, dueAt: number): void {
  turn.intents.push({ kind: "set-timer", instance, wait, dueAt });
}

/** On to a step; without one the instance is completed. Branches that are open end, for the reason given. */
export function goTo(
  turn: Turn,
  instance: JourneyInstance,
  target: string | undefined,
  reason = "step_left",
): void {
  dropTimer(turn, instance);
  const join = (instance.wait ?? instance.paused?.wait)?.kind === "join";
  const left = join ? endBranches(turn, instance, reason) : instance;
  if (target === undefined) return end(turn, without(left, "wait", {}), "completed");
  if (left.paused) {
    // It stands at the step that it would run; the wait that it had is over.
    const { reason: why, since } = left.paused;
    return replace(turn, { ...left, step: target, paused: { reason: why, since } });
  }
  replace(turn, without(left, "wait", { status: "ready", step: target }));
}

/** Ends an instance and its branches. The parent of a branch runs next, to see whether that was what it waited for. */
export function end(turn: Turn, instance: JourneyInstance, reason: string, by?: string): void {
  dropTimer(turn, instance);
  const { used } = endBranches(turn, instance, reason);
  const { journey, version, id } = instance;
  turn.context = { ...turn.context, journeys: turn.context.journeys.filter((j) => j.id !== id) };
  if (instance.parent === undefined) {
    const winner = by === undefined ? {} : { by };
    turn.entries.push({ kind: "journey-exited", journey, version, instance: id, reason, ...winner });
    return;
  }
  branchEnded(turn, instance, reason);
  const parent = turn.context.journeys.find((j) => j.id === instance.parent);
  if (!parent) return;
  const told = { ...parent, used: [...new Set([...parent.used, ...used])] };
  // A parent that is paused looks when it goes on.
  replace(turn, parent.wait?.kind === "join" ? { ...told, status: "ready" } : told);
}

/** The instance, its branches ended, with the channels on which they spoke. */
function endBranches(turn: Turn, instance: JourneyInstance, reason: string): JourneyInstance {
  const branches = turn.context.journeys.filter((j) => j.parent === instance.id);
  if (branches.length === 0) return instance;
  const used = new Set(instance.used);
  for (const branch of branches) {
    dropTimer(turn, branch);
    for (const channel of endBranches(turn, branch, reason).used) used.add(channel);
    turn.context = { ...turn.context, journeys: turn.context.journeys.filter((j) => j.id !== branch.id) };
    branchEnded(turn, branch, reason);
  }
  return { ...instance, used: [...used] };
}

function branchEnded(turn: Turn, instance: JourneyInstance, reason: string): void {
  const { id, journey, version, parent = "", branch = "" } = instance;
  turn.entries.push({ kind: "branch-ended", journey, version, instance: id, parent, branch, reason });
}

export function replace(turn: Turn, instance: JourneyInstance): void {
  turn.context = {
    ...turn.context,
    journeys: turn.context.journeys.map((j) => (j.id === instance.id ? instance : j)),
  };
}

export function without(
  instance: JourneyInstance,
  _field: "wait",
  changes: Partial<JourneyInstance>,
): JourneyInstance {
  const { wait: _wait, ...rest } = instance;
  return { ...rest, ...changes };
}

export function definitionOf(
  turn: Turn,
  instance: JourneyInstance,
  journeys: Journeys,
): JourneyDefinition | undefined {
  const definition = journeys.version(instance.journey, instance.version);
  if (!definition) end(turn, instance, "definition_missing");
  return definition;
}

export function condition(
  turn: Turn,
  journeys: Journeys,
  source: string,
  trigger: Moment,
  where: string,
): boolean {
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

export function keyValue(
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

/** A text, a number, true or false; `undefined` when it cannot be computed, and the audit says why. */
export function scalarValue(
  turn: Turn,
  journeys: Journeys,
  source: string,
  trigger: Moment,
  where: string,
): string | number | boolean | undefined {
  try {
    return journeys.expressions.scalar(source, { event: turn.event, context: viewOf(turn.context), trigger });
  } catch (error) {
    turn.entries.push({ kind: "expression-failed", where, error: messageOf(error) });
    return undefined;
  }
}

/** Cancels the timer of a wait that ends before its time. */
export function dropTimer(turn: Turn, instance: JourneyInstance): void {
  const { wait } = instance;
  if (!wait) return;
  // Branches may end at the very instant of the limit, before it has fired.
  const joined = wait.kind === "join" && instance.status === "ready";
  if (wait.dueAt > turn.context.now || joined)
    turn.intents.push({ kind: "cancel-timer", instance: instance.id, wait: wait.id });
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
