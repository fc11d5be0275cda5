/** When a wait ends that goes by the clock or the calendar. */
import { assertNever, durationMs, type WaitUntil } from "#contracts";
import { businessDayAfter } from "../time/business-days.js";
import { parseIso } from "../time/iso-text.js";
import { DAY_MS, instantOf, offsetAt, timeOfDay, zoneOf } from "../time/zone.js";

/**
 * Epoch ms at which the wait ends, seen from `now`; not later than now when it ends at once. `timezone` is the customer's,
 * UTC when it is not known; `dateOf` computes the expression of a date, `undefined` when that fails.
 */
export function endOfWait(
  until: WaitUntil,
  now: number,
  timezone: string | undefined,
  dateOf: (expression: string) => string | number | boolean | undefined,
): number {
  const zone = (timezone === undefined ? undefined : zoneOf(timezone)) ?? zoneOf("UTC")!;
  const today = (): number => Math.floor((now + offsetAt(zone, now)) / DAY_MS);
  if ("date" in until) {
    const date = dateOf(until.date);
    const at = typeof date === "string" ? parseIso(date, zone) : date;
    return typeof at === "number" ? Math.min(Math.ceil(at), now + durationMs(until.limit)) : now;
  }
  if ("timeOfDay" in until) {
    const time = timeOfDay(until.timeOfDay);
    for (let day = today(); ; day++) {
      const at = instantOf(zone, day * DAY_MS + time);
      if (at > now) return at;
    }
  }
  if ("businessDays" in until) {
    const day = businessDayAfter(today(), until.businessDays, until.calendar);
    return instantOf(zone, day * DAY_MS + timeOfDay(until.at));
  }
  return assertNever(until);
}
