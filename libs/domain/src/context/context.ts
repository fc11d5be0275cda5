/**
 * The fold of one customer's events into the context: counters, rings and the latest attributes. Journeys are
 * advanced by `libs/domain/journey`. Nothing here grows without bound (`LIMITS`).
 */
import {
  eventTypes,
  isProtected,
  LIMITS,
  SEGUE_SOURCE,
  type Context,
  type ContextView,
  type CustomerEvent,
} from "#contracts";
import { emptyProfile } from "../policy/index.js";
import { eventFingerprint, remember } from "./fingerprint.js";
import { own, UNUSABLE_KEY } from "./own.js";
import { readWindows } from "./windows.js";

/** The context of a customer of whom nothing has been heard. */
export function emptyContext(customerId: string): Context {
  return {
    v: 1,
    customerId,
    applied: 0,
    duplicates: 0,
    deadLettered: 0,
    watermark: 0,
    outcomesUpTo: 0,
    now: 0,
    profile: emptyProfile,
    attributes: {},
    signals: {},
    recent: [],
    seen: "",
    journeys: [],
    entries: {},
    contacts: [],
    audit: { n: 0, hash: "" },
    outbox: [],
  };
}

/** Fields of event data whose latest value is kept as an attribute; besides, every scalar in `data.attributes`. */
const LATEST = ["balanceMinor", "currency"] as const;

/** True for the events that Segue sends itself when a timer is due. */
export function isTimer(event: CustomerEvent): boolean {
  return event.source === SEGUE_SOURCE && event.type.startsWith(`${eventTypes.timerFamily}.`);
}

/** `context` with the event counted and its latest values kept. `context.now` must be set already. */
export function recordEvent(context: Context, event: CustomerEvent): Context {
  const next: Context = {
    ...context,
    applied: context.applied + 1,
    watermark: event.seq,
  };
  // A timer that is set again carries the same id; whether it counts is up to its wait.
  if (isTimer(event)) return next;
  next.seen = remember(context.seen, eventFingerprint(event));
  const { id, source, type, time } = event;
  next.recent = [...context.recent.slice(-(LIMITS.recent - 1)), { id, source, type, time }];
  next.signals = countSignal(context.signals, event);
  next.attributes = latestAttributes(context.attributes, event.data);
  return next;
}

/** `context` after an event that was seen before: counted as a duplicate, nothing else. */
export function recordDuplicate(context: Context, seq: number): Context {
  return { ...context, duplicates: context.duplicates + 1, watermark: seq };
}

/** `context` after an event that could not be handled and went to DLQ. */
export function recordDeadLetter(context: Context, seq: number): Context {
  return { ...context, deadLettered: context.deadLettered + 1, watermark: seq };
}

function countSignal(signals: Context["signals"], event: CustomerEvent): Context["signals"] {
  const usable = event.type !== UNUSABLE_KEY;
  const room = Object.keys(signals).length < LIMITS.signalTypes - 1;
  const known = usable && (room || own(signals, event.type) !== undefined);
  const key = known ? event.type : "other";
  const before = own(signals, key);
  return { ...signals, [key]: { n: (before?.n ?? 0) + 1, last: Math.max(before?.last ?? 0, event.time) } };
}

function latestAttributes(
  attributes: Context["attributes"],
  data: CustomerEvent["data"],
): Context["attributes"] {
  let next = attributes;
  for (const name of LATEST) if (data[name] !== undefined) next = withAttribute(next, name, data[name]);
  const declared = data["attributes"];
  if (typeof declared === "object" && declared !== null && !Array.isArray(declared)) {
    for (const [name, value] of Object.entries(declared)) next = withAttribute(next, name, value);
  }
  return next;
}

/** `attributes` with `name` set; the same object when it is so already, or is not kept: no scalar, too long, one too many. */
export function withAttribute(
  attributes: Context["attributes"],
  name: string,
  value: unknown,
): Context["attributes"] {
  const scalar =
    // JSON reads 1e999 as infinity and writes infinity as null: the context could not be read again.
    (typeof value === "number" && Number.isFinite(value)) ||
    typeof value === "boolean" ||
    (typeof value === "string" && value.length <= LIMITS.attributeChars);
  if (!scalar || name.length > LIMITS.attributeChars || name === UNUSABLE_KEY) return attributes;
  if (isProtected(name)) return attributes;
  const before = own(attributes, name);
  if (before === value) return attributes;
  if (before === undefined && Object.keys(attributes).length >= LIMITS.attributes) return attributes;
  return { ...attributes, [name]: value };
}

/** What expressions may read of a context. */
export function viewOf(context: Context): ContextView {
  const view: ContextView = {
    now: context.now,
    attributes: context.attributes,
    signals: context.signals,
    contacts: context.contacts.map(({ action, channel, purpose, at, outcome }) => ({
      action,
      channel,
      purpose,
      at,
      ...(outcome === undefined ? {} : { outcome }),
    })),
  };
  // Most customers have none, and the view is made for every condition.
  if (context.windows !== undefined) view.windows = readWindows(context.windows, context.now);
  return view;
}
