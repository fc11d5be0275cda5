/** Whether a customer may enter a journey now. */
import {
  assertNever,
  DEFAULT_PRIORITY,
  durationMs,
  LIMITS,
  type Context,
  type JourneyDefinition,
  type JourneyInstance,
} from "#contracts";
import { own } from "../context/own.js";
import { type Journeys } from "./definitions.js";

/** `reason` is a code; `by` the open instance that stands in the way, where it is one. */
export interface Refusal {
  readonly reason: string;
  readonly by?: string;
}

/** Why a customer may not enter this journey under this entry key now; `undefined` when its own rules let it. */
export function refusalOf(
  context: Context,
  definition: JourneyDefinition,
  entryKey: string,
  key: string | undefined,
  now: number,
): Refusal | undefined {
  const { entry } = definition;
  const before = own(context.entries, entryKey);
  if (context.journeys.length >= LIMITS.journeys) return { reason: "too_many_open_journeys" };
  const open = context.journeys.filter((j) => j.journey === definition.id && occupies(j));
  if (entry.rule === "per-key") {
    const again = entry.again ?? "never";
    if (again === "never") {
      if (before) return { reason: "key_entered_before" };
    } else {
      const same = open.find((j) => j.key === key);
      if (same) return { reason: "already_in_journey", by: same.id };
      if (again !== "after-exit" && before && now < before.enteredAt + durationMs(again))
        return { reason: "entered_too_recently" };
    }
    const full = definition.concurrency !== undefined && open.length >= definition.concurrency;
    return full ? { reason: "concurrency_reached" } : undefined;
  }
  if (open.length > 0) return { reason: "already_in_journey" };
  switch (entry.rule) {
    case "once":
      return before ? { reason: "entered_before" } : undefined;
    case "once-per":
      return before && now < before.enteredAt + durationMs(entry.period)
        ? { reason: "entered_too_recently" }
        : undefined;
    case "after-exit":
      return undefined;
    default:
      return assertNever(entry);
  }
}

/** An instance that has reached its goal only says so; it does not stand in the way of the next occasion. Nor does a branch. */
function occupies(instance: JourneyInstance): boolean {
  return instance.goalReached !== true && instance.parent === undefined;
}

/** The open instances that give way to this journey in its group, or the one that does not. */
export function groupOf(
  context: Context,
  definition: JourneyDefinition,
  journeys: Journeys,
): { readonly displaced: readonly JourneyInstance[] } | Refusal {
  const { group } = definition;
  if (group === undefined) return { displaced: [] };
  const displaced: JourneyInstance[] = [];
  for (const j of context.journeys) {
    if (!occupies(j)) continue;
    const other = journeys.version(j.journey, j.version);
    if (other?.group !== group) continue;
    if ((other.priority ?? DEFAULT_PRIORITY) >= (definition.priority ?? DEFAULT_PRIORITY))
      return { reason: "group_occupied", by: j.id };
    displaced.push(j);
  }
  return { displaced };
}

/**
 * `entries` with one more entry under `key`; at the limit the key entered longest ago leaves. Keys of `per-key` rules
 * (`<journey>/<value>`) leave first: there is no end of them, and they must not make a `once-per` forget its period.
 */
export function rememberEntry(entries: Context["entries"], key: string, now: number): Context["entries"] {
  const next = { ...entries, [key]: { n: (own(entries, key)?.n ?? 0) + 1, enteredAt: now } };
  const keys = Object.keys(next);
  if (keys.length > LIMITS.entries) {
    const perKey = keys.filter((k) => k.includes("/") && k !== key);
    const oldest = (perKey.length > 0 ? perKey : keys).reduce((a, b) =>
      next[b]!.enteredAt < next[a]!.enteredAt ? b : a,
    );
    delete next[oldest];
  }
  return next;
}
