/**
 * One best next action: of the marketing journeys of a customer that want to speak in the same moment one does. Each that
 * is ready first runs until it would speak; then the one of the highest priority asks, and when it says nothing, the next.
 * Once one has ordered a contact, the others go on to `otherwise`, and nobody is asked for them.
 */
import type { JourneyDefinition, JourneyInstance, StepDefinition } from "#contracts";
import { byPriority, type Journeys } from "./definitions.js";
import { behaves, FLAGS } from "./flags.js";
import type { Turn } from "./turn.js";

/** The instance that runs next; `undefined` when none is ready. */
export function nextReady(
  instances: readonly JourneyInstance[],
  journeys: Journeys,
): JourneyInstance | undefined {
  const first = instances.find((j) => j.status === "ready");
  if (!first || !instances.some((j) => j !== first && j.status === "ready")) return first;
  let best: { readonly instance: JourneyInstance; readonly definition: JourneyDefinition } | undefined;
  for (const instance of instances) {
    if (instance.status !== "ready") continue;
    const definition = journeys.version(instance.journey, instance.version);
    const step = definition && journeys.step(definition, instance.step)?.step;
    if (!definition || !step || !competes(instance, definition, step)) return instance;
    if (!best || byPriority(definition, best.definition) < 0) best = { instance, definition };
  }
  return best?.instance;
}

/** True when the step would speak for marketing. */
function competes(instance: JourneyInstance, definition: JourneyDefinition, step: StepDefinition): boolean {
  return (
    definition.purpose === "marketing" &&
    (step.type === "decide" || step.type === "send") &&
    behaves(instance, FLAGS.oneBestNextAction)
  );
}

/** The journey that has spoken in this moment, where this one would too; `undefined` when it may ask. */
export function outrankedBy(
  turn: Turn,
  instance: JourneyInstance,
  definition: JourneyDefinition,
  step: StepDefinition,
): string | undefined {
  const { spoken } = turn;
  if (!spoken || !competes(instance, definition, step)) return undefined;
  return rootOf(turn, instance).id === spoken.instance ? undefined : spoken.journey;
}

/** Notes that a contact was ordered. */
export function noteSpoken(turn: Turn, instance: JourneyInstance, definition: JourneyDefinition): void {
  if (definition.purpose !== "marketing") return;
  turn.spoken ??= { instance: rootOf(turn, instance).id, journey: definition.id };
}

/** The instance itself, or the one whose branch it is. */
function rootOf(turn: Turn, instance: JourneyInstance): JourneyInstance {
  let root = instance;
  while (root.parent !== undefined) {
    const { parent } = root;
    const above = turn.context.journeys.find((j) => j.id === parent);
    if (!above) break;
    root = above;
  }
  return root;
}
