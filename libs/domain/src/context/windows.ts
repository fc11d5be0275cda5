/**
 * Rolling windows over events in constant memory (`signals/*.yaml`).
 *
 * A window is a ring of 32 buckets, each a 31st of the window long: an event counts for at least the window's length and
 * leaves at most one bucket later. Sums are added up anew at every reading, so that nothing drifts as buckets leave.
 * Distinct values: linear counting (Whang, Vander-Zanden, Taylor 1990) over 128 slots, each holding the bucket in which a
 * value last fell into it instead of a bit (a timestamp vector: Kim, O'Hallaron 2003), so that values leave in time.
 */
import { durationMs, fnv1a32, type WindowDefinition, type WindowState } from "#contracts";
import { own } from "./own.js";

const BUCKETS = 32;
const SLOTS = 128;
/** A slot's character: `A` never, else one more than the number of its bucket modulo 63. */
const CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const EMPTY = CODES[0]!;
const ROUND = CODES.length - 1;

/** What an event brings to a window: for `sum` the amount, for `distinct` the value, otherwise that it came. */
export type Measured = number | string;

/** The state of a window with one more event, that happened at `time`; `now` (epoch ms) is never before the last call's. */
export function recordInWindow(
  before: WindowState | undefined,
  definition: WindowDefinition,
  measured: Measured,
  time: number,
  now: number,
): WindowState {
  // A source whose clock runs ahead must not empty the window for the others.
  const at = Math.min(time, now);
  const windowMs = durationMs(definition.window);
  if (definition.measure === "last") {
    const last = before && "last" in before && before.windowMs === windowMs ? before.last : undefined;
    return { last: Math.max(at, last ?? at), windowMs };
  }
  const bucketMs = Math.ceil(windowMs / (BUCKETS - 1));
  const bucket = Math.floor(at / bucketMs);
  // A window that was given another length or measure begins anew.
  if (definition.measure === "distinct") {
    const state = before && "slots" in before && before.bucketMs === bucketMs ? before : undefined;
    return mark(state ?? { slots: EMPTY.repeat(SLOTS), at: bucket, bucketMs }, String(measured), bucket);
  }
  const state = before && "sum" in before && before.bucketMs === bucketMs ? before : undefined;
  const amount = definition.measure === "count" ? 1 : Number(measured);
  return add(state ?? { sum: [], at: bucket, bucketMs }, amount, bucket);
}

type Sums = Extract<WindowState, { sum: unknown }>;
type Sketch = Extract<WindowState, { slots: unknown }>;

function add(state: Sums, amount: number, bucket: number): Sums {
  const ahead = bucket - state.at;
  if (ahead <= -BUCKETS) return state;
  const sum =
    ahead > 0
      ? [...Array.from({ length: Math.min(ahead, BUCKETS) }, () => 0), ...state.sum].slice(0, BUCKETS)
      : [...state.sum];
  const i = Math.max(-ahead, 0);
  while (sum.length <= i) sum.push(0);
  sum[i] = sum[i]! + amount;
  while (sum.length > 0 && sum.at(-1) === 0) sum.pop();
  return { sum, at: Math.max(state.at, bucket), bucketMs: state.bucketMs };
}

function mark(state: Sketch, value: string, bucket: number): Sketch {
  if (bucket - state.at <= -BUCKETS) return state;
  const at = Math.max(state.at, bucket);
  const slots = Array.from(state.slots);
  // What has left goes now: after 63 buckets its code would mean a new one.
  if (at > state.at)
    for (const [i, code] of slots.entries())
      if (code !== EMPTY && ageOf(code, state.at) + at - state.at >= BUCKETS) slots[i] = EMPTY;
  const i = slotOf(value);
  const seen = slots[i]!;
  if (seen === EMPTY || ageOf(seen, at) > at - bucket) slots[i] = CODES[modulo(bucket, ROUND) + 1]!;
  return { slots: slots.join(""), at, bucketMs: state.bucketMs };
}

/** Buckets between the one of a slot and `at`. */
function ageOf(code: string, at: number): number {
  return modulo(at - (CODES.indexOf(code) - 1), ROUND);
}

function modulo(a: number, n: number): number {
  return ((a % n) + n) % n;
}

/** FNV alone spreads short numbers badly over its low bits: mixed once more. */
function slotOf(value: string): number {
  let h = fnv1a32(value);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) % SLOTS;
}

/** What a window holds at `now`, epoch ms: a number, 0 when nothing came within it. */
export function readWindow(state: WindowState, now: number): number {
  if ("last" in state) return now - state.last < state.windowMs ? state.last : 0;
  const newest = Math.floor(now / state.bucketMs);
  const past = newest - state.at;
  if ("sum" in state) {
    let total = 0;
    for (let i = 0; i < state.sum.length && i + past < BUCKETS; i++) total += state.sum[i]!;
    return total;
  }
  let empty = 0;
  for (const code of state.slots) if (code === EMPTY || ageOf(code, state.at) + past >= BUCKETS) empty++;
  return Math.round(SLOTS * Math.log(SLOTS / Math.max(empty, 1)));
}

/** `windows` with one window's state; those that are no longer declared leave. */
export function withWindow(
  windows: Readonly<Record<string, WindowState>> | undefined,
  id: string,
  state: WindowState,
  declared: (id: string) => boolean,
): Record<string, WindowState> {
  const next: Record<string, WindowState> = {};
  for (const [key, value] of Object.entries(windows ?? {})) if (declared(key)) next[key] = value;
  next[id] = state;
  return next;
}

/** The state of one window. */
export function windowOf(
  windows: Readonly<Record<string, WindowState>> | undefined,
  id: string,
): WindowState | undefined {
  return windows && own(windows, id);
}

/** All windows at `now`. */
export function readWindows(
  windows: Readonly<Record<string, WindowState>>,
  now: number,
): Record<string, number> {
  const values: Record<string, number> = {};
  for (const id in windows) values[id] = readWindow(windows[id]!, now);
  return values;
}
