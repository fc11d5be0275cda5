/**
 * Quiet hours in the customer's own time zone. The zone's rules come from the runtime's tz database
 * (`Intl.DateTimeFormat`), asked with numeric epochs, so that days of 23 and 25 hours come out right.
 */
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Local times of day, `HH:MM`; runs over midnight when `from` is after `to`. Never open when both are equal. */
export interface QuietWindow {
  readonly from: string;
  readonly to: string;
}

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** Offset from UTC by hour since the epoch, of hours without a change: asking `Intl` takes far longer than the rest. */
  readonly offsets: Map<number, number>;
}

const zones = new Map<string, Zone | undefined>();
/** Zone names come from events: without a bound a sender of nonsense would fill the memory. */
const MAX_ZONES = 1_024;
const MAX_HOURS = 256;

function zoneOf(zone: string): Zone | undefined {
  if (zones.has(zone)) return zones.get(zone);
  if (zones.size >= MAX_ZONES) zones.clear();
  let format: Intl.DateTimeFormat | undefined;
  try {
    format = new Intl.DateTimeFormat("en-GB-u-nu-latn", {
      timeZone: zone,
      hourCycle: "h23",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  } catch {
    format = undefined;
  }
  const found = format && { format, offsets: new Map<number, number>() };
  zones.set(zone, found);
  return found;
}

/** True for an IANA zone that the runtime knows. */
export function isTimeZone(zone: string): boolean {
  return zoneOf(zone) !== undefined;
}

const mod = (a: number, n: number): number => ((a % n) + n) % n;

/** Milliseconds since local midnight by the clock on the wall there. */
function localTimeOfDay(zone: Zone, at: number): number {
  return mod(at + offsetAt(zone, at), DAY_MS);
}

/** What the clock there is ahead, within a day. No zone changes twice in an hour. */
function offsetAt(zone: Zone, at: number): number {
  const hour = Math.floor(at / HOUR_MS);
  const known = zone.offsets.get(hour);
  if (known !== undefined) return known;
  const ask = (t: number): number => mod(askTimeOfDay(zone.format, t) - t, DAY_MS);
  const offset = ask(hour * HOUR_MS);
  if (ask((hour + 1) * HOUR_MS) !== offset) return ask(at);
  if (zone.offsets.size >= MAX_HOURS) zone.offsets.clear();
  zone.offsets.set(hour, offset);
  return offset;
}

function askTimeOfDay(format: Intl.DateTimeFormat, at: number): number {
  let seconds = 0;
  for (const part of format.formatToParts(at)) {
    if (part.type === "hour") seconds += Number(part.value) * 3_600;
    else if (part.type === "minute") seconds += Number(part.value) * 60;
    else if (part.type === "second") seconds += Number(part.value);
  }
  return seconds * 1_000 + mod(at, 1_000);
}

function timeOfDay(text: string): number {
  const [h = "0", m = "0"] = text.split(":");
  return Number(h) * HOUR_MS + Number(m) * MINUTE_MS;
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
  const offset = (t: number): number => offsetAt(zone, t);
  let start = at;
  for (;;) {
    const end = start + HOUR_MS;
    const before = offset(start);
    const change = offset(end) === before ? end : offsetChange(offset, start, end);
    const reached = start + mod(to - mod(start + before, DAY_MS), DAY_MS);
    if (reached < change) return reached;
    if (!covers(window, localTimeOfDay(zone, change))) return change;
    start = change;
  }
}

/** The first millisecond in (start, end] with another offset than at `start`. */
function offsetChange(offset: (t: number) => number, start: number, end: number): number {
  const before = offset(start);
  let low = start;
  let high = end;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
