/** Which events concern an instance that was entered under a key (a payment id, a loan id). */
import { LIMITS, type JourneyDefinition, type JourneyInstance } from "#contracts";
import { fingerprint, viewOf } from "../context/index.js";
import type { Journeys } from "./definitions.js";
import type { Turn } from "./turn.js";

/** A key as it is kept: itself, or its fingerprint when it is long. */
export function keptKey(value: string): string {
  return value.length > LIMITS.entryKeyChars ? fingerprint("", value) : value;
}

/** False when the event is about another key. One that has no such key at all concerns every instance. */
export function concerns(
  turn: Turn,
  instance: JourneyInstance,
  definition: JourneyDefinition,
  journeys: Journeys,
): boolean {
  // Only instances for which `FLAGS.correlation` holds keep their key.
  if (instance.key === undefined || definition.entry.rule !== "per-key") return true;
  try {
    const variables = { event: turn.event, context: viewOf(turn.context), trigger: instance.trigger };
    return keptKey(journeys.expressions.value(definition.entry.key, variables)) === instance.key;
  } catch {
    return true;
  }
}
