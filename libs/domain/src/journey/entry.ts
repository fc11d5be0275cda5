import { assertNever, durationMs, LIMITS, type Context, type JourneyDefinition } from "#contracts";
import { own } from "../context/own.js";

/** Why a customer may not enter this journey under this entry key now, as a code; `undefined` when it may. */
export function entryOf(
  context: Context,
  definition: JourneyDefinition,
  key: string,
  now: number,
): string | undefined {
  const { entry } = definition;
  const before = own(context.entries, key);
  if (context.journeys.length >= LIMITS.journeys) return "too_many_open_journeys";
  if (entry.rule === "per-key") return before ? "key_entered_before" : undefined;
  // An instance that has reached its goal only says so; it does not stand in the way of the next occasion.
  if (context.journeys.some((j) => j.journey === definition.id && j.goalReached !== true))
    return "already_in_journey";
  switch (entry.rule) {
    case "once":
      return before ? "entered_before" : undefined;
    case "once-per":
      return before && now < before.enteredAt + durationMs(entry.period) ? "entered_too_recently" : undefined;
    case "after-exit":
      return undefined;
    default:
      return assertNever(entry);
  }
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
