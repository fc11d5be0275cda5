/**
 * From a message of EVT to an event of the domain. The context actor and the policy index read with the same eyes: what
 * the one sends to DLQ the other must not follow.
 */
import type { JsMsg } from "@nats-io/jetstream";
import type { MsgHdrs } from "@nats-io/nats-core";
import {
  cloudEventV1,
  MAX_EVENT_BYTES,
  momentHeaders,
  parseEvt,
  parseMomentReply,
  parseTimerType,
  partitionOf,
  SEGUE_SOURCE,
  type CustomerEvent,
  type DlqReason,
} from "#contracts";
import type { Clock } from "#clock";
import { readHeader } from "./message-headers.js";

/** A message as it stands in EVT. */
export interface EventMessage {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  /** When it was stored, wall-clock epoch ms. */
  readonly storedAt: number;
}

/** A message from a consumer of EVT. Its headers are looked at only when it is parsed: they may be unreadable. */
export function eventMessage(message: JsMsg): EventMessage {
  return {
    subject: message.subject,
    seq: message.seq,
    data: message.data,
    get headers() {
      return message.headers;
    },
    storedAt: storedAt(message),
  };
}

/** When a message was stored in its stream, wall-clock epoch ms. */
export function storedAt(message: JsMsg): number {
  return Number(message.timestampNanos / 1_000_000n);
}

export type ParsedEvent =
  | { readonly kind: "event"; readonly event: CustomerEvent }
  /** Cannot be applied. `customerId` when the subject at least names one. */
  | { readonly kind: "unreadable"; readonly reason: DlqReason; readonly detail: string };

/** Strict: bytes that are no UTF-8 would all become the same replacement character, and two ids one. */
const TEXT = new TextDecoder("utf-8", { fatal: true });
const FUTURE_LIMIT_MS = 5 * 60_000;
const PAST_LIMIT_MS = 10 * 365 * 86_400_000;

/** Parses and checks; in live use the time must lie within 5 minutes ahead of and 10 years before its receipt. */
export function parseEvent(message: EventMessage, clock: Clock): ParsedEvent {
  const refuse = (reason: DlqReason, detail: string): ParsedEvent => ({ kind: "unreadable", reason, detail });
  const subject = parseEvt(message.subject);
  if (!subject)
    return refuse(
      "unsafe_subject",
      `subject ${message.subject} is not evt.<partition>.<customer>.<source>.<type…> with safe tokens`,
    );
  if (subject.partition !== partitionOf(subject.customerId))
    return refuse("unsafe_subject", `subject ${message.subject} is not in its customer's partition`);
  if (message.data.length > MAX_EVENT_BYTES)
    return refuse("too_large", `${message.data.length} bytes; at most ${MAX_EVENT_BYTES}`);
  let envelope: unknown;
  try {
    envelope =
      ceHeader(message.headers, "specversion") === undefined
        ? JSON.parse(TEXT.decode(message.data))
        : fromBinary(message);
  } catch (error) {
    return refuse("malformed_json", (error as Error).message);
  }
  const parsed = cloudEventV1.safeParse(withSubject(envelope, subject.customerId));
  if (!parsed.success) {
    return refuse(
      "not_a_cloudevent",
      parsed.error.issues.map((i) => `${i.path.join(".") || "envelope"}: ${i.message}`).join("; "),
    );
  }
  const ce = parsed.data;
  if (ce.subject !== subject.customerId)
    return refuse("customer_mismatch", "the envelope's subject is not the customer of the NATS subject");
  if (ce.type !== subject.type)
    return refuse("type_mismatch", `the envelope's type ${ce.type} is not the subject's ${subject.type}`);
  if (subject.source === SEGUE_SOURCE && !isOwn(ce.type)) {
    return refuse(
      "reserved_source",
      `source ${SEGUE_SOURCE} is Segue's own; ${ce.type} is not one of its events`,
    );
  }
  const receivedAt = message.storedAt;
  // Without a time it happened when it came; in a replay Segue's clock says when that is.
  const untimed = clock.kind === "wall" ? receivedAt : clock.now();
  const time = ce.time === undefined ? untimed : Date.parse(ce.time);
  if (subject.source !== SEGUE_SOURCE) {
    const aheadMs = time - receivedAt;
    // What is replayed may be as old as it likes; no event lies ahead of both clocks.
    const future = aheadMs > FUTURE_LIMIT_MS && time - clock.now() > FUTURE_LIMIT_MS;
    if (future || (clock.kind === "wall" && aheadMs < -PAST_LIMIT_MS)) {
      return refuse(
        "time_out_of_range",
        `time ${ce.time} is more than 5 minutes ahead of or 10 years before its receipt`,
      );
    }
  }
  return {
    kind: "event",
    event: {
      id: ce.id,
      source: subject.source,
      ...(ce.source === subject.source ? {} : { sourceUri: ce.source }),
      type: ce.type,
      customerId: ce.subject,
      time,
      data: ce.data ?? {},
      seq: message.seq,
      ...callerOf(message.headers, time, clock),
    },
  };
}

/** Of a moment: who waits, and until when. The wait is real time; a replay maps what is left of it to its own. */
function callerOf(
  headers: MsgHdrs | undefined,
  time: number,
  clock: Clock,
): Pick<CustomerEvent, "moment"> | undefined {
  const replyTo = readHeader(headers, momentHeaders.replyTo);
  // Anyone who may publish an event may set its headers: nothing is sent but to where a gateway waits.
  if (replyTo === undefined || parseMomentReply(replyTo) === undefined) return undefined;
  const leftMs = Number(readHeader(headers, momentHeaders.deadline)) - Date.now();
  const over = !(leftMs > 0);
  return { moment: { replyTo, expiresAt: clock.at(time) + (over ? 0 : leftMs / clock.wallMs(1)), over } };
}

function isOwn(type: string): boolean {
  return type.startsWith("outcome.") || parseTimerType(type) !== undefined;
}

/** The customer of the NATS subject counts; an envelope without one gets it. */
function withSubject(envelope: unknown, customerId: string): unknown {
  if (typeof envelope !== "object" || envelope === null || Array.isArray(envelope) || "subject" in envelope)
    return envelope;
  return { ...envelope, subject: customerId };
}

/** CloudEvents binary mode: attributes in `ce-*` headers, data in the body (CloudEvents NATS binding §3.1). */
function fromBinary(message: EventMessage): Record<string, unknown> {
  const envelope: Record<string, unknown> = {};
  for (const key of message.headers?.keys() ?? []) {
    const lower = key.toLowerCase();
    if (lower.startsWith("ce-")) envelope[lower.slice(3)] = decodeURIComponent(message.headers!.get(key));
  }
  if (message.data.length > 0) envelope["data"] = JSON.parse(TEXT.decode(message.data));
  return envelope;
}

function ceHeader(headers: MsgHdrs | undefined, name: string): string | undefined {
  return readHeader(headers, `ce-${name}`);
}
