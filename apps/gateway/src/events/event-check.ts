/**
 * From a parsed body to events that may be published. Pure: what is refused here is what the partition reader
 * would put into DLQ, under the same word, so that a publisher over HTTP learns at once what one over NATS
 * finds there. Error texts name the field and the rule, never the value.
 */
import { z } from "zod";
import {
  cloudEventV1,
  consentChangedV1,
  contactReportedV1,
  customerRegisteredV1,
  eventMessageId,
  eventTypes,
  holdLiftedV1,
  holdPlacedV1,
  messageReceivedV1,
  MAX_EVENT_BYTES,
  momentActV1,
  SEGUE_SOURCE,
  sourceToken,
  subjects,
  type CloudEvent,
  type DlqReason,
  type ProblemErrorEntry,
} from "#contracts";
import type { Clock } from "#clock";
import type { ProblemKind } from "../problem.js";

export interface EventLimits {
  readonly clock: Clock;
  readonly maxFutureMs: number;
  readonly maxAgeMs: number;
  /** The wall's time, epoch ms; for tests. */
  readonly wallNow?: () => number;
}

export interface CheckedEvent {
  readonly id: string;
  readonly customerId: string;
  /** NATS subject and message id to publish under. */
  readonly subject: string;
  readonly messageId: string;
  /** Structured JSON. */
  readonly body: string;
}

export type EventFault = Extract<
  DlqReason,
  | "not_a_cloudevent"
  | "unsafe_subject"
  | "invalid_data"
  | "time_out_of_range"
  | "reserved_source"
  | "too_large"
>;
export const PROBLEM_OF: Readonly<Record<EventFault, ProblemKind>> = {
  not_a_cloudevent: "not-a-cloudevent",
  unsafe_subject: "unsafe-subject",
  invalid_data: "invalid-data",
  time_out_of_range: "time-out-of-range",
  reserved_source: "reserved-source",
  too_large: "too-large",
};
export interface EventError extends ProblemErrorEntry {
  readonly code: EventFault;
}

export type EventCheck =
  | { readonly kind: "ok"; readonly event: CheckedEvent }
  | { readonly kind: "refused"; readonly errors: readonly EventError[] };

/** Deeper nesting says nothing about a customer, and would overflow a recursive reader. */
export const MAX_DEPTH = 32;

const dataSchemas: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  [eventTypes.registered, customerRegisteredV1],
  [eventTypes.consentChanged, consentChangedV1],
  [eventTypes.holdPlaced, holdPlacedV1],
  [eventTypes.holdLifted, holdLiftedV1],
  [eventTypes.messageReceived, messageReceivedV1],
  [eventTypes.contactReported, contactReportedV1],
  [eventTypes.momentShown, momentActV1],
  [eventTypes.momentAccepted, momentActV1],
  [eventTypes.momentDeclined, momentActV1],
]);

/** CloudEvents 1.0 §2.1: a String must not contain control characters or lone surrogates. */
const NOT_IN_STRINGS = /\p{Cc}|\p{Cs}/u;

/** Largest time that ISO 8601 writes with four digits of year. */
const LAST_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Checks one event. `pointer` is where it stands in the body (empty for a single one). An event without a
 * time gets the time of Segue's clock, which is when it was received.
 */
export function checkEvent(value: unknown, pointer: string, limits: EventLimits): EventCheck {
  const refuse = (code: EventFault, path: string, detail: string): EventCheck => ({
    kind: "refused",
    errors: [{ pointer: pointer + path, code, detail }],
  });
  if (isDeeperThan(value, MAX_DEPTH))
    return refuse("not_a_cloudevent", "", `nested more than ${MAX_DEPTH} levels deep`);
  const parsed = cloudEventV1.safeParse(value);
  if (!parsed.success) {
    const subjectGiven = isRecord(value) && typeof value["subject"] === "string";
    return {
      kind: "refused",
      errors: zodErrors(parsed.error, pointer).map(({ path, ...e }) => ({
        ...e,
        code: path[0] === "subject" && subjectGiven ? "unsafe_subject" : "not_a_cloudevent",
      })),
    };
  }
  const event = parsed.data;
  for (const attribute of ["id", "source"] as const) {
    if (NOT_IN_STRINGS.test(event[attribute])) {
      return refuse("not_a_cloudevent", `/${attribute}`, "must not contain control characters");
    }
  }
  if ("data_base64" in event) {
    return refuse("invalid_data", "/data_base64", "binary data is not read: send a JSON object as data");
  }
  const lost = outOfRange(event);
  if (lost !== undefined)
    return refuse("invalid_data", lost, "the number is out of range (about ±1.8e308): send it as a string");
  const source = sourceToken(event.source);
  if (source === SEGUE_SOURCE) {
    return refuse("reserved_source", "/source", `the source ${SEGUE_SOURCE} is reserved for Segue itself`);
  }
  const data = dataSchemas.get(event.type)?.safeParse(event.data ?? {});
  if (data && !data.success) {
    return {
      kind: "refused",
      errors: zodErrors(data.error, `${pointer}/data`).map(({ pointer: p, detail }) => ({
        pointer: p,
        detail,
        code: "invalid_data",
      })),
    };
  }
  const badTime = event.time === undefined ? undefined : timeFault(Date.parse(event.time), limits);
  if (badTime) return refuse("time_out_of_range", "/time", badTime);
  const body = JSON.stringify(withTime(event, limits.clock));
  if (Buffer.byteLength(body) > MAX_EVENT_BYTES) {
    return refuse("too_large", "", `an event may have ${MAX_EVENT_BYTES} bytes, envelope included`);
  }
  return {
    kind: "ok",
    event: {
      id: event.id,
      customerId: event.subject,
      subject: subjects.bank(source, event.subject, event.type),
      messageId: eventMessageId(event.source, event.id),
      body,
    },
  };
}

/**
 * The publisher's clock may be ahead of ours. In a replay a moment of network delay is hours of event time, so
 * the tolerance holds on the wall as well: an event is too early only when it is by both measures. And what has happened
 * by the wall's time may be told to a replay of earlier years: the readers of the stream take it, too.
 */
function timeFault(time: number, limits: EventLimits): string | undefined {
  const { clock, maxFutureMs, maxAgeMs, wallNow = Date.now } = limits;
  const now = clock.now();
  const wall = clock.kind === "replay" ? wallNow() : now;
  const ahead = Math.min(time - now, clock.wallAt(time) - clock.wallAt(now), time - wall);
  if (ahead > maxFutureMs) return `more than ${Math.round(maxFutureMs / 1_000)} s ahead of Segue's clock`;
  if (now - time > maxAgeMs) return `more than ${Math.round(maxAgeMs / 86_400_000)} days in the past`;
  return undefined;
}

function withTime(event: CloudEvent, clock: Clock): CloudEvent {
  if (event.time !== undefined) return event;
  const now = clock.now();
  // A fast replay clock may have run beyond the year 9999; the reader then takes the time of receipt.
  return now > LAST_TIME_MS ? event : { ...event, time: new Date(now).toISOString() };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  const children: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return children.some((child) => isDeeperThan(child, levels - 1));
}

/** Pointer to a number that JSON.parse has read as infinity (`1e999`); JSON.stringify would write it as null. */
function outOfRange(value: unknown): string | undefined {
  if (value === Infinity || value === -Infinity) return "";
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, child] of Object.entries(value)) {
    const at = outOfRange(child);
    if (at !== undefined) return pointerTo(name) + at;
  }
  return undefined;
}

function pointerTo(name: PropertyKey): string {
  return `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

interface FieldError {
  readonly path: readonly PropertyKey[];
  readonly pointer: string;
  readonly detail: string;
}

/** Issues of a schema as pointers and sentences that say the rule and not the value. */
export function zodErrors(error: z.ZodError, at: string): FieldError[] {
  return error.issues.map((issue) => ({
    path: issue.path,
    pointer: at + issue.path.map(pointerTo).join(""),
    detail: sentence(issue),
  }));
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) return "is required";
  if (issue.code === "invalid_format" && issue.format === "datetime") {
    return "must be an RFC 3339 time with a zone, such as 2026-01-31T09:30:00Z";
  }
  return issue.message.replace(/^Invalid input: /, "").replace(/^Invalid option: /, "");
}
