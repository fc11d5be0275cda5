/** Quiet hours in the customer's own time zone. */
import { DAY_MS, offsetAt, offsetChange, timeOfDay, zoneOf, type Zone } from "../time/zone.js";

const HOUR_MS = 3_600_000;

/** Local times of day, `HH:MM`; runs over midnight when `from` is after `to`. Never open when both are equal. */
export interface QuietWindow {
  readonly from: string;
  readonly to: string;
}

const mod = (a: number, n: number): number => ((a % n) + n) % n;

/** Milliseconds since local midnight by the clock on the wall there. */
function localTimeOfDay(zone: Zone, at: number): number {
  return mod(at + offsetAt(zone, at), DAY_MS);
}

function covers(window: QuietWindow, local: number): boolean {
  const from = timeOfDay(window.from);
  const to = timeOfDay(window.to);
  return from < to ? local >= from && local < to : local >= from || local < to;
}

/** True when it is quiet hours at `at` (epoch ms) in `zone`. Throws RangeError for an unknown zone. */
export function isQuiet(window: QuietWindow, zone: string, at: number): boolean {
  return covers(window, localTimeOfDay(known(zone), at));
}

function known(name: string): Zone {
  const zone = zoneOf(name);
  if (!zone) throw new RangeError(`unknown time zone ${JSON.stringify(name)}`);
  return zone;
}

/**
 * The first instant at or after `at` (epoch ms) that no window covers; `undefined` when there is none within
 * four days (windows that together cover the whole day). Throws RangeError for an unknown zone.
 */
export function quietUntil(windows: readonly QuietWindow[], zone: string, at: number): number | undefined {
  const there = known(zone);
  let t = at;
  while (t < at + 4 * DAY_MS) {
    const local = localTimeOfDay(there, t);
    const closed = windows.find((w) => covers(w, local));
    if (!closed) return t;
    if (timeOfDay(closed.from) === timeOfDay(closed.to)) return undefined;
    t = endOf(closed, there, t);
  }
  return undefined;
}

/**
 * First instant after `at`, which the window covers, that it does not cover. Walks hour by hour, so that each
 * piece has at most one change of the zone's offset; within a constant offset local time runs evenly.
 */
function endOf(window: QuietWindow, zone: Zone, at: number): number {
  const to = timeOfDay(window.to);
  let start = at;
  for (;;) {
    const end = start + HOUR_MS;
    const before = offsetAt(zone, start);
    const change = offsetAt(zone, end) === before ? end : offsetChange(zone, start, end);
    const reached = start + mod(to - mod(start + before, DAY_MS), DAY_MS);
    if (reached < change) return reached;
    if (!covers(window, localTimeOfDay(zone, change))) return change;
    start = change;
  }
}
