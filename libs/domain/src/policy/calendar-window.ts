/** Calendar days, weeks and months where the customer is, over days of 23 and 25 hours too. */
import type { Calendar } from "#contracts";
import { weekdayOf } from "../time/public-holidays.js";
import { DAY_MS, daysFromDate, instantOf, offsetAt, yearOfDay, type Zone } from "../time/zone.js";

/** From `from` on, before `to`; epoch ms. */
export interface CalendarWindow {
  readonly from: number;
  readonly to: number;
}

const HOUR_MS = 3_600_000;
/** No clock is further from UTC: where a day begins first, and where last. */
const AHEAD_MS = 14 * HOUR_MS;
const BEHIND_MS = -12 * HOUR_MS;

/** By what clocks are put forward and back, at most. */
const CLOCK_CHANGE_MS = 2 * HOUR_MS;

/** The longest that a window can be, also where the zone is not known. */
export const LONGEST_MS: Readonly<Record<Calendar, number>> = {
  day: 4 * DAY_MS,
  week: 16 * DAY_MS,
  month: 64 * DAY_MS,
};

/**
 * The calendar day, week (from Monday) or month in which `at` lies. Where several zones are possible it reaches from the
 * first beginning to the last end; where none is known, so do those of all zones.
 */
export function calendarWindow(calendar: Calendar, at: number, zones: readonly Zone[]): CalendarWindow {
  if (zones.length === 0) return windowAnywhere(calendar, at);
  let from = Infinity;
  let to = -Infinity;
  for (const zone of zones) {
    const unit = unitOf(calendar, at + offsetAt(zone, at));
    from = Math.min(from, instantOf(zone, unit.from));
    to = Math.max(to, instantOf(zone, unit.to));
  }
  return { from, to };
}

function windowAnywhere(calendar: Calendar, at: number): CalendarWindow {
  const first = unitOf(calendar, at + BEHIND_MS);
  const last = unitOf(calendar, at + AHEAD_MS);
  if (first.from === last.from) return { from: first.from - AHEAD_MS, to: first.to - BEHIND_MS };
  // Somewhere it has just begun, and next to that it is about to end.
  const offset = last.from - at;
  return { from: first.from - offset - CLOCK_CHANGE_MS, to: last.to - offset + CLOCK_CHANGE_MS };
}

/** The unit in which a local time lies, in local time. */
function unitOf(calendar: Calendar, local: number): CalendarWindow {
  const day = Math.floor(local / DAY_MS);
  switch (calendar) {
    case "day":
      return { from: day * DAY_MS, to: (day + 1) * DAY_MS };
    case "week": {
      const monday = day - weekdayOf(day);
      return { from: monday * DAY_MS, to: (monday + 7) * DAY_MS };
    }
    case "month": {
      const year = yearOfDay(day);
      let month = 12;
      while (daysFromDate(year, month, 1) > day) month--;
      return { from: daysFromDate(year, month, 1) * DAY_MS, to: daysFromDate(year, month + 1, 1) * DAY_MS };
    }
  }
}
