/**
 * What can go wrong over HTTP, as RFC 9457 problem details. Each kind has a page at `/problems/<kind>`.
 * A problem never repeats what the caller sent: a body may hold personal data, and answers end up in logs.
 */
import type { Problem, ProblemErrorEntry } from "#contracts";

interface ProblemKindInfo {
  readonly status: number;
  readonly title: string;
  /** What it means and what to do, for the page. */
  readonly help: string;
}

export const PROBLEMS = {
  "malformed-json": {
    status: 400,
    title: "The body is not JSON",
    help: "The body could not be read as UTF-8 JSON. Nothing was stored. Send it again once it is valid; the detail says where it breaks.",
  },
  "invalid-request": {
    status: 400,
    title: "The request is not valid",
    help: "A path part, a query parameter or a header is not what the route expects. The detail says which.",
  },
  "not-a-cloudevent": {
    status: 422,
    title: "Not a CloudEvent",
    help: "The body is JSON but not a CloudEvent 1.0 as Segue reads it: specversion, id, source, type and subject (the customer) are required. `errors` lists every fault with a JSON pointer. Of a batch nothing was stored.",
  },
  "unsafe-subject": {
    status: 422,
    title: "The customer id is not safe",
    help: "The CloudEvents subject is the customer id: 1 to 64 characters of A-Z a-z 0-9 _ -. Use an opaque id, never a name, an account number or an e-mail address.",
  },
  "invalid-data": {
    status: 422,
    title: "The data does not fit",
    help: "Segue acts on this event type (or route), so its data must fit the schema; and in no event may a number be out of range (about ±1.8e308). `errors` lists every fault with a JSON pointer.",
  },
  "time-out-of-range": {
    status: 422,
    title: "The event's time is out of range",
    help: "The event's time is too far ahead of Segue's clock (5 minutes unless configured) or too far in the past (10 years unless configured). Check the publisher's clock, and that seconds were not sent as milliseconds.",
  },
  "reserved-source": {
    status: 422,
    title: "The source is reserved",
    help: "The source `segue` marks what Segue itself publishes (timers, outcomes). Use a name of your own system.",
  },
  "too-large": {
    status: 413,
    title: "Too large",
    help: "An event may have 65,536 bytes, envelope included; a batch 256 events and 4 MB unless configured. Send references instead of documents, or smaller batches.",
  },
  "headers-too-large": {
    status: 431,
    title: "The headers are too large",
    help: "All headers together may have 16 kB. The connection is closed.",
  },
  "request-timeout": {
    status: 408,
    title: "The request came too slowly",
    help: "The whole request must arrive within 30 seconds. The connection is closed; send it again.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "This content type is not read here",
    help: "Events: application/cloudevents+json, application/cloudevents-batch+json, or application/json (structured, an array of events, or binary mode with ce-* headers). Other routes: application/json. UTF-8, not compressed.",
  },
  "idempotency-key-reused": {
    status: 422,
    title: "The Idempotency-Key was used for another request",
    help: "A key stands for one request. The same key with the same body gets the first answer again; for another body use a new key.",
  },
  "customer-not-found": {
    status: 404,
    title: "No such customer",
    help: "Segue holds nothing about this customer. A customer is known as soon as the first event has been applied, usually within milliseconds of its 202.",
  },
  "decision-not-found": {
    status: 404,
    title: "No such decision",
    help: "There is no record of a decision with this id. Ids have the form <customer>.<event count>.<index>; the customer's timeline lists them.",
  },
  "action-not-found": {
    status: 404,
    title: "No such action",
    help: "The catalogues that are in force have no action of this id, or it has no text for the channel that was named.",
  },
  "journey-not-found": {
    status: 404,
    title: "No such journey",
    help: "Nothing is published or proposed under this id. GET /v1/journeys lists what there is.",
  },
  "definition-not-found": {
    status: 404,
    title: "No such catalogue or policy pack",
    help: "Nothing is published or proposed under this name, catalogue/<id> or policy/<id>. GET /v1/definitions lists what there is.",
  },
  "release-refused": {
    status: 409,
    title: "The change is refused",
    help: "The release stays as it is. `code` says why: four_eyes (who wrote a version may not publish it), gate_failed (`errors` name the limits of the simulation's gate that it breaks), unknown_version, version_taken, version_too_low, not_wider, nothing_before, not_the_newest, wrong_state, bad_mapping, changed_meanwhile (read it again first).",
  },
  "not-found": {
    status: 404,
    title: "No such route",
    help: "There is nothing at this address. /docs lists the routes.",
  },
  "method-not-allowed": {
    status: 405,
    title: "This method is not allowed here",
    help: "The route exists, but not for this method. The Allow header lists those that it has.",
  },
  "stream-away": {
    status: 503,
    title: "The event stream is not reachable",
    help: "The stream did not acknowledge in time, so nothing is promised about what it has stored. Send the same request again after Retry-After seconds: an event that was stored is recognised by its source and id. `events`, when present, says which ones are stored.",
  },
  busy: {
    status: 503,
    title: "Too much at once",
    help: "As many events as this gateway may hold are waiting for the stream. Send the same request again after Retry-After seconds.",
  },
  "internal-error": {
    status: 500,
    title: "The gateway failed",
    help: "A fault of the gateway. Its log has the cause under the `instance` of the answer.",
  },
} as const satisfies Record<string, ProblemKindInfo>;

export type ProblemKind = keyof typeof PROBLEMS;

export interface ProblemOptions {
  readonly errors?: readonly ProblemErrorEntry[] | undefined;
  readonly retryAfterS?: number;
  readonly allow?: readonly string[];
  /** Members of its own beside those of the RFC. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Thrown anywhere below a controller; the filter turns it into the answer. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly status: number;

  constructor(
    readonly kind: ProblemKind,
    readonly detail: string,
    readonly options: ProblemOptions = {},
  ) {
    super(`${kind}: ${detail}`, { cause: options.cause });
    this.status = PROBLEMS[kind].status;
  }
}

/** The body of the answer. `requestId` is the UUID of the request. */
export function problemBody(error: ProblemError, requestId: string): Problem {
  const { status, title } = PROBLEMS[error.kind];
  return {
    type: `/problems/${error.kind}`,
    title,
    status,
    detail: error.detail,
    instance: `urn:uuid:${requestId}`,
    ...(error.options.errors ? { errors: [...error.options.errors] } : {}),
    ...error.options.members,
  };
}
