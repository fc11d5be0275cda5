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
}

export function waitUntil(
  turn: Turn,
  instance: JourneyInstance,
  kind: "event" | "deferred",
  dueAt: number,
): void {
  const wait = { id: `${instance.step}-${instance.steps}-${instance.deferrals}`, kind, dueAt };
  replace(turn, { ...instance, status: "waiting", wait });
  setTimer(turn, instance.id, wait.id, dueAt);
}

export function setTimer(turn: Turn, instance: string, wait: string, dueAt: number): void {
  turn.intents.push({ kind: "set-timer", instance, wait, dueAt });
}

export function goTo(turn: Turn, instance: JourneyInstance, target: string | undefined): void {
  dropTimer(turn, instance);
  if (target === undefined) return end(turn, without(instance, "wait", {}), "completed");
  if (instance.paused) {
    // It stands at the step that it would run; the wait that it had is over.
    const { reason, since } = instance.paused;
    return replace(turn, { ...instance, step: target, paused: { reason, since } });
  }
  replace(turn, without(instance, "wait", { status: "ready", step: target }));
}

export function end(turn: Turn, instance: JourneyInstance, reason: string): void {
  dropTimer(turn, instance);
  const { journey, version, id } = instance;
  turn.context = { ...turn.context, journeys: turn.context.journeys.filter((j) => j.id !== id) };
  turn.entries.push({ kind: "journey-exited", journey, version, instance: id, reason });
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

/** Cancels the timer of a wait that ends before its time. */
export function dropTimer(turn: Turn, instance: JourneyInstance): void {
  if (instance.wait && instance.wait.dueAt > turn.context.now) {
    turn.intents.push({ kind: "cancel-timer", instance: instance.id, wait: instance.wait.id });
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
