/** Entering a journey that an event triggers. */
import {
  LIMITS,
  type CustomerEvent,
  type JourneyDefinition,
  type JourneyInstance,
  type Moment,
} from "#contracts";
import { fingerprint } from "../context/index.js";
import { type Journeys } from "./definitions.js";
import { entryOf, rememberEntry } from "./entry.js";
import { keptOut } from "./held.js";
import { condition, keyValue, type Turn } from "./turn.js";

export function enter(turn: Turn, definition: JourneyDefinition, journeys: Journeys): void {
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
  const refused =
    journeys.releases.closed(definition.id) ??
    keptOut(turn.context.profile, definition.purpose) ??
    entryOf(turn.context, definition, key, turn.now);
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
