/** The envelope: CloudEvents 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { customerIdV1 } from "./ids.js";
import { isEventType } from "./subjects.js";

/** Largest event accepted, envelope included, in bytes. */
export const MAX_EVENT_BYTES = 65_536;

export const cloudEventV1 = z
  .looseObject({
    specversion: z.literal("1.0"),
    id: z.string().min(1).max(256),
    source: z.string().min(1).max(256),
    type: z.string().max(128).refine(isEventType, "up to 8 dot-separated tokens of A-Z a-z 0-9 _ -"),
    /** The customer. */
    subject: customerIdV1,
    /** When it happened; without it, when it was received. */
    time: z.iso.datetime({ offset: true }).optional(),
    datacontenttype: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
    traceparent: z.string().max(64).optional(),
  })
  .meta({ id: "CloudEvent" });
export type CloudEvent = z.infer<typeof cloudEventV1>;

/**
 * Message id (`Nats-Msg-Id`) of an event: `source:id`. A colon within the source, and what is not visible ASCII,
 * is percent-encoded, so that two events never share one: the stream would drop the second as a duplicate.
 */
export function eventMessageId(source: string, id: string): string {
  return `${source.replace(/[^!-~]|[%:]/gu, encodeURIComponent)}:${id.replace(/[^!-~]|%/gu, encodeURIComponent)}`;
}

/**
 * One event of one customer as the domain sees it: parsed once at the edge, trusted inside.
 * `time` and `receivedAt` are epoch milliseconds; `seq` is its sequence in the EVT stream.
 */
export interface CustomerEvent {
  readonly id: string;
  /** The subject token of its source. */
  readonly source: string;
  /** The envelope's own source, where it is not the token: two sources may share one. */
  readonly sourceUri?: string;
  readonly type: string;
  readonly customerId: string;
  readonly time: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly seq: number;
  /** Somebody waits for an answer to it. */
  readonly moment?: CallerWaits;
}

/** The caller of a moment. */
export interface CallerWaits {
  /** Where the answer goes. */
  readonly replyTo: string;
  /** Until when it is waited for, Segue's clock, epoch ms. */
  readonly expiresAt: number;
  /** It was over already when the event was read. */
  readonly over: boolean;
}

/**
 * An address by a reference of the bank's, never the address itself: what may stand in a context, a decision record and
 * the audit. A number in digits is refused, it would be a telephone number sooner or later.
 */
export const addressRefV1 = z
  .string()
  .regex(
    /^[A-Za-z0-9_-]{1,64}$/,
    "a reference of 1 to 64 characters of A-Z a-z 0-9 _ -, not the address itself",
  )
  .refine((ref) => !/^\d{6,}$/.test(ref), "looks like a telephone number: give a reference to it");

/** Data of the event types that Segue itself acts on. Unknown types are applied as signals. */
export const consentChangedV1 = z.object({
  purpose: z.enum(["marketing", "service", "collections"]),
  /** `*` is every channel. */
  channel: z.enum(["push", "sms", "email", "atm", "ivr", "agent", "execute", "inapp", "*"]),
  granted: z.boolean(),
  /** What proves it: a reference to a form, a recording, a screen's version. */
  evidence: z.string().max(256).optional(),
  /** Only for this address of the channel; without it for all of them. */
  address: addressRefV1.optional(),
  /** When the customer said so; without it at the event's time. */
  obtainedAt: z.iso.datetime({ offset: true }).optional(),
  /** A grant counts as none from then on. A refusal never expires: there it says nothing. */
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  /** Where it was obtained: `branch`, `preference-centre`, … */
  source: z.string().max(64).optional(),
});
export type ConsentChanged = z.infer<typeof consentChangedV1>;

export const customerRegisteredV1 = z.object({
  /** IANA name, e.g. `Europe/Prague`. */
  timezone: z.string().max(64).optional(),
  language: z.string().max(16).optional(),
  /** Where the customer lives, ISO 3166-1 alpha-2, e.g. `US`: the law of that place applies. Unknown, the strictest does. */
  country: z.string().max(64).optional(),
  /** The part of the country, ISO 3166-2, e.g. `US-FL`. */
  region: z.string().max(64).optional(),
  consents: z.array(consentChangedV1).max(27).optional(),
  /** The address that each channel is sent to by now; channels that are not named keep theirs. */
  addresses: z.partialRecord(channelV1, addressRefV1).optional(),
});
export type CustomerRegistered = z.infer<typeof customerRegisteredV1>;

/** A reply of the customer's: an SMS, an email. Words such as STOP in it end consent (`replyWord` in the domain). */
export const messageReceivedV1 = z.object({
  channel: channelV1,
  text: z.string(),
  /** That it came from. */
  address: addressRefV1.optional(),
  /** What the number or mailbox that it came to is used for, where that is not marketing. */
  purpose: purposeV1.optional(),
});
export type MessageReceived = z.infer<typeof messageReceivedV1>;

export const HOLDS = [
  "fraud",
  "hardship",
  "vulnerable",
  "complaint",
  "moratorium",
  "litigation",
  "deceased",
  "opt-out",
] as const;
export const holdKindV1 = z.enum(HOLDS);
export type HoldKind = z.infer<typeof holdKindV1>;
export const holdPlacedV1 = z.object({
  kind: holdKindV1,
  /** Why. */
  reason: z.string().max(256).optional(),
  /** Who. */
  by: z.string().max(64).optional(),
  /** It counts as lifted from then on; without it, when it is lifted. */
  until: z.iso.datetime({ offset: true }).optional(),
});
export type HoldPlaced = z.infer<typeof holdPlacedV1>;
export const holdLiftedV1 = z.object({
  kind: holdKindV1,
  reason: z.string().max(256).optional(),
  by: z.string().max(64).optional(),
});

/** Event types with a meaning of their own to Segue. */
export const eventTypes = {
  registered: "customer.registered",
  consentChanged: "consent.changed",
  holdPlaced: "hold.placed",
  holdLifted: "hold.lifted",
  messageReceived: "message.received",
  /** Another system of the bank contacted the customer (`contactReportedV1`). */
  contactReported: "contact.reported",
  /** First token of `outcome.<kind>` events (source `segue`). */
  outcomeFamily: "outcome",
  timerFamily: "timer",
  /** What the customer did with what a moment's answer said. */
  momentShown: "moment.shown",
  momentAccepted: "moment.accepted",
  momentDeclined: "moment.declined",
} as const;
