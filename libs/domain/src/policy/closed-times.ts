/**
 * Times at which nothing may be said, by the clock on the wall in the customer's time zone: a window of every day (quiet
 * hours), or whatever lies outside weekly opening times. What they cover changes at times of day and with the zone's
 * offset alone, which is how the next opening is found, over days of 23 and 25 hours too.
 */
import { WEEKDAYS, type ContactTimes } from "#contracts";
import { isPublicHoliday, weekdayOf } from "../time/public-holidays.js";
import { DAY_MS, offsetAt, offsetChange, timeOfDay, type Zone } from "../time/zone.js";

export interface ClosedTimes {
  /** Whether it is closed when a clock there shows `local` (as of zone.ts). */
  covers(local: number): boolean;
  /** Times of day, ms since midnight, ascending and from 0 on, at which that may change. */
  readonly edges: readonly number[];
}

/** Local times of day, `HH:MM`; runs over midnight when `from` is after `to`. Never open when both are equal. */
export interface QuietWindow {
  readonly from: string;
  readonly to: string;
}

/** Longer than any run of closed days: Christmas, New Year, or Easter with a weekend at each end. */
const LONGEST_CLOSED_MS = 15 * DAY_MS;

/** Closed every day between two times. */
export function quietHours(window: QuietWindow): ClosedTimes {
  const from = timeOfDay(window.from);
  const to = timeOfDay(window.to);
  return {
    covers(local) {
      const time = timeWithin(local);
      return from < to ? time >= from && time < to : time >= from || time < to;
    },
    edges: ascending([from, to]),
  };
}

/** Closed whenever it is not open. */
export function outside({ open, closedOn }: ContactTimes): ClosedTimes {
  const byDay: { from: number; to: number }[][] = WEEKDAYS.map(() => []);
  const edges: number[] = [];
  for (const { days, from, to } of open) {
    const hours = { from: timeOfDay(from), to: timeOfDay(to) };
    for (const day of days) byDay[WEEKDAYS.indexOf(day)]!.push(hours);
    edges.push(hours.from, hours.to % DAY_MS);
  }
  return {
    covers(local) {
      const day = Math.floor(local / DAY_MS);
      const time = local - day * DAY_MS;
      for (const { from, to } of byDay[weekdayOf(day)]!)
        if (time >= from && time < to) return closedOn !== undefined && isPublicHoliday(day, closedOn);
      return true;
    },
    edges: ascending(edges),
  };
}

/** Whether it is closed at `at` (epoch ms) in this zone. */
export function isClosed(times: ClosedTimes, zone: Zone, at: number): boolean {
  return times.covers(at + offsetAt(zone, at));
}

/** The first of these that is closed at `at` in any of the zones. */
export function closedOf<T extends ClosedTimes>(
  all: readonly T[],
  zones: readonly Zone[],
  at: number,
): T | undefined {
  for (const times of all) for (const zone of zones) if (isClosed(times, zone, at)) return times;
  return undefined;
}

/**
 * The first instant at or after `at` (epoch ms) at which none of these is closed in any of the zones; `undefined` when there
 * is none for longer than holidays last.
 */
export function opensAt(all: readonly ClosedTimes[], zones: readonly Zone[], at: number): number | undefined {
  let t = at;
  search: while (t < at + LONGEST_CLOSED_MS) {
    for (const times of all) {
      for (const zone of zones) {
        if (!isClosed(times, zone, t)) continue;
        do t = nextChange(times, zone, t);
        while (isClosed(times, zone, t) && t < at + LONGEST_CLOSED_MS);
        continue search;
      }
    }
    return t;
  }
  return undefined;
}

/** The first instant after `from`, at which none is closed, at which one is; `until` if that comes first. */
export function closesAt(
  all: readonly ClosedTimes[],
  zones: readonly Zone[],
  from: number,
  until: number,
): number {
  let first = until;
  for (const times of all) {
    for (const zone of zones) {
      let t = from;
      while (t < first && !isClosed(times, zone, t)) t = nextChange(times, zone, t);
      first = Math.min(first, t);
    }
  }
  return first;
}

/** The next instant after `at` at which the clock there shows an edge, or jumps. */
function nextChange({ edges }: ClosedTimes, zone: Zone, at: number): number {
  const offset = offsetAt(zone, at);
  const time = timeWithin(at + offset);
  const edge = at + (edges.find((e) => e > time) ?? DAY_MS) - time;
  // No zone changes twice within two days.
  return offsetAt(zone, edge) === offset ? edge : offsetChange(zone, at, edge);
}

/** Ms since midnight of a local time. */
function timeWithin(local: number): number {
  return ((local % DAY_MS) + DAY_MS) % DAY_MS;
}

function ascending(times: readonly number[]): readonly number[] {
  return [...new Set([0, ...times])].sort((a, b) => a - b);
}
