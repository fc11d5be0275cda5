/**
 * Time zones. Their rules come from the runtime's tz database (`Intl.DateTimeFormat`), asked with numeric epochs, so that
 * days of 23 and 25 hours come out right. A local time is written as the epoch ms at which a clock on UTC would show it.
 */
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** Offset from UTC by hour since the epoch, of hours without a change: asking `Intl` takes far longer than the rest. */
  readonly offsets: Map<number, number>;
}

const zones = new Map<string, Zone | undefined>();
/** Zone names come from events: without a bound a sender of nonsense would fill the memory. */
const MAX_ZONES = 1_024;
const MAX_HOURS = 256;

/** The zone of an IANA name; `undefined` when the runtime knows none. */
export function zoneOf(name: string): Zone | undefined {
  if (zones.has(name)) return zones.get(name);
  if (zones.size >= MAX_ZONES) zones.clear();
  let format: Intl.DateTimeFormat | undefined;
  try {
    format = new Intl.DateTimeFormat("en-GB-u-nu-latn-ca-gregory", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  } catch {
    format = undefined;
  }
  const found = format && { format, offsets: new Map<number, number>() };
  zones.set(name, found);
  return found;
}

/** True for an IANA zone that the runtime knows. */
export function isTimeZone(name: string): boolean {
  return zoneOf(name) !== undefined;
}

/** What the clock there is ahead of UTC at `at` (epoch ms), in ms. No zone changes twice in an hour. */
export function offsetAt(zone: Zone, at: number): number {
  const hour = Math.floor(at / HOUR_MS);
  const known = zone.offsets.get(hour);
  if (known !== undefined) return known;
  const ask = (t: number): number => askLocal(zone.format, t) - t;
  const offset = ask(hour * HOUR_MS);
  if (ask((hour + 1) * HOUR_MS) !== offset) return ask(at);
  if (zone.offsets.size >= MAX_HOURS) zone.offsets.clear();
  zone.offsets.set(hour, offset);
  return offset;
}

function askLocal(format: Intl.DateTimeFormat, at: number): number {
  let year = 0;
  let month = 1;
  let day = 1;
  let seconds = 0;
  for (const part of format.formatToParts(at)) {
    if (part.type === "year") year = Number(part.value);
    else if (part.type === "month") month = Number(part.value);
    else if (part.type === "day") day = Number(part.value);
    else if (part.type === "hour") seconds += Number(part.value) * 3_600;
    else if (part.type === "minute") seconds += Number(part.value) * 60;
    else if (part.type === "second") seconds += Number(part.value);
  }
  return daysFromDate(year, month, day) * DAY_MS + seconds * 1_000 + (((at % 1_000) + 1_000) % 1_000);
}

/** The first millisecond in (start, end] with another offset than at `start`. */
export function offsetChange(zone: Zone, start: number, end: number): number {
  const before = offsetAt(zone, start);
  let low = start;
  let high = end;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * When a clock there shows `local`: the first time, where it shows it twice; the moment of the change, where the clock
 * jumps over it.
 */
export function instantOf(zone: Zone, local: number): number {
  // No zone is more than 14 hours from UTC, and none changes twice within two days.
  const before = local - offsetAt(zone, local - DAY_MS);
  const after = local - offsetAt(zone, local + DAY_MS);
  const first = Math.min(before, after);
  const last = Math.max(before, after);
  if (first + offsetAt(zone, first) === local) return first;
  if (last + offsetAt(zone, last) === local) return last;
  return offsetChange(zone, first, last);
}

/** Milliseconds since midnight of `HH:MM`. */
export function timeOfDay(text: string): number {
  const [h = "0", m = "0"] = text.split(":");
  return Number(h) * HOUR_MS + Number(m) * 60_000;
}

/** Days since 1 January 1970 of a date of the Gregorian calendar (month 1 to 12; a day beyond its month runs on). */
export function daysFromDate(year: number, month: number, day: number): number {
  // Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March, eras of 400 years.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The year of a day, days since 1 January 1970. */
export function yearOfDay(days: number): number {
  let year = 1970 + Math.floor(days / 365.2425);
  if (daysFromDate(year, 1, 1) > days) year--;
  else if (daysFromDate(year + 1, 1, 1) <= days) year++;
  return year;
}
