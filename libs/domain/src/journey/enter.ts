/** Entering a journey that an event triggers. */
import {
  LIMITS,
  type CustomerEvent,
  type JourneyDefinition,
  type JourneyInstance,
  type Moment,
} from "#contracts";
import { keptKey } from "./correlation.js";
import { type Journeys } from "./definitions.js";
import { groupOf, refusalOf, rememberEntry } from "./entry.js";
import { behaves, FLAGS } from "./flags.js";
import { keptOut } from "./held.js";
import { condition, end, keyValue, type Turn } from "./turn.js";

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
  let key: string | undefined;
  if (definition.entry.rule === "per-key") {
    const value = keyValue(turn, journeys, definition.entry.key, moment, `${where}/entry/key`);
    if (value === undefined) return;
    key = keptKey(value);
  }
  const { id: journey, version } = definition;
  const entryKey = key === undefined ? journey : `${journey}/${key}`;
  const closed =
    journeys.releases.closed(journey) ?? keptOut(turn.context.profile, definition.purpose, turn.now);
  const refused =
    closed === undefined ? refusalOf(turn.context, definition, entryKey, key, turn.now) : { reason: closed };
  const group = refused ?? groupOf(turn.context, definition, journeys);
  if ("reason" in group) {
    turn.entries.push({ kind: "journey-refused", journey, version, ...group });
    return;
  }
  for (const instance of group.displaced) end(turn, instance, "displaced", journey);
  const engine = journeys.engine > 0 ? { engine: journeys.engine } : {};
  const instance: JourneyInstance = {
    id: `${journey}-${turn.context.applied}`,
    journey,
    version,
    ...engine,
    ...(key !== undefined && behaves(engine, FLAGS.correlation) ? { key } : {}),
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
    entries: rememberEntry(turn.context.entries, entryKey, turn.now),
  };
  turn.entries.push({ kind: "journey-entered", journey, version, instance: instance.id, ...engine });
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
