/**
 * The public routes as one typed table: the OpenAPI document and the page at `/docs` are made from it, and a test
 * holds it against the routes that Fastify has. Schemas are the contracts' own.
 */
import {
  cloudEventV1,
  customerViewV1,
  decisionExplainedV1,
  decisionViewV1,
  eventsAcceptedV1,
  timelineV1,
} from "#contracts";
import { TIMELINE_LIMIT } from "../customers/customers.controller.js";
import type { ApiRoute } from "./api-route.js";
import { CONSENTS_ROUTES, customerIdParameter, idempotencyKey } from "./consents-routes.js";
import { DEFINITIONS_ROUTES } from "./definitions-routes.js";
import { JOURNEYS_ROUTES } from "./journeys-routes.js";
import { contactsRoute } from "./contacts-route.js";
import { PERMISSIONS_ROUTE } from "./permissions-route.js";
import { SIMULATE_ROUTE } from "./simulate-route.js";
import { MOMENTS_ROUTE } from "./moments-route.js";
import { VALIDATE_ROUTE } from "./validate-route.js";

const exampleEvent = {
  specversion: "1.0",
  id: "txn-4711",
  source: "core-banking",
  type: "account.overdrawn",
  subject: "cust-42",
  data: { account: "a-1", balanceMinor: -12_500, currency: "CZK" },
};

const accepted = {
  status: 202,
  description: "The stream has acknowledged every event.",
  schema: eventsAcceptedV1,
  example: { accepted: 1, duplicates: 0, events: [{ id: "txn-4711", seq: 1_001, duplicate: false }] },
} as const;

export const API_ROUTES: readonly ApiRoute[] = [
  {
    method: "post",
    path: "/v1/events",
    operationId: "postEvents",
    tag: "Events",
    summary: "Publish one event or a batch",
    description:
      "A CloudEvent 1.0 about one customer (its `subject`), structured or binary (`ce-*` headers), or a batch. 202 means that the stream " +
      "has it. An event is recognised by its `source` and `id`, so sending it again is harmless and is answered `duplicate: true` " +
      "within two minutes (later it is dropped when it is applied). A batch is checked as a whole: when one event is refused, none is " +
      "stored. Events of one customer are stored in the order of the batch. When the stream goes away within a batch, the answer is 503 " +
      "and its `events` say for each one whether it is stored; send the whole batch again. An event without a time gets the time of receipt. " +
      "Limits: 65,536 bytes per event; 256 events or 4 MB per batch; 32 levels of nesting. Event types that no journey knows are kept as signals.",
    parameters: [
      idempotencyKey,
      {
        name: "traceparent",
        in: "header",
        required: false,
        description: "W3C trace context; the trace goes on through Segue to the outcome.",
        schema: { type: "string" },
      },
    ],
    body: {
      description:
        "In binary mode the body is the event's data (application/json) and the attributes are headers: ce-id, ce-source, ce-type, ce-subject, …",
      contents: [
        { mediaType: "application/cloudevents+json", schema: cloudEventV1, example: exampleEvent },
        {
          mediaType: "application/cloudevents-batch+json",
          schema: cloudEventV1,
          holds: "many",
          example: [exampleEvent, { ...exampleEvent, id: "txn-4712" }],
        },
        { mediaType: "application/json", schema: cloudEventV1, holds: "one-or-many", example: exampleEvent },
      ],
    },
    answer: accepted,
    problems: [
      "malformed-json",
      "invalid-request",
      "not-a-cloudevent",
      "unsafe-subject",
      "invalid-data",
      "time-out-of-range",
      "reserved-source",
      "idempotency-key-reused",
      "too-large",
      "unsupported-media-type",
      "stream-away",
      "busy",
    ],
    curl: `-X POST $SEGUE/v1/events -H 'content-type: application/cloudevents+json' -d '${JSON.stringify(exampleEvent)}'`,
  },
  MOMENTS_ROUTE,
  {
    method: "get",
    path: "/v1/customers/{id}",
    operationId: "getCustomer",
    tag: "Customers",
    summary: "What Segue holds about a customer",
    description:
      "The context: signals, open journeys, contact history, consents and holds, as of the last event applied. Times are epoch milliseconds on Segue's clock.",
    parameters: [customerIdParameter],
    answer: {
      status: 200,
      description: "The context.",
      schema: customerViewV1,
      example: {
        v: 1,
        customerId: "cust-42",
        applied: 1,
        duplicates: 0,
        deadLettered: 0,
        watermark: 1_001,
        now: 1_767_225_600_000,
        profile: { seq: 0, consents: { "marketing.push": true }, holds: [] },
        attributes: { balanceMinor: -12_500 },
        signals: { "account.overdrawn": { n: 1, last: 1_767_225_600_000 } },
        recent: [
          { id: "txn-4711", source: "core-banking", type: "account.overdrawn", time: 1_767_225_600_000 },
        ],
        journeys: [],
        entries: {},
        contacts: [],
        audit: { n: 1, hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" },
      },
    },
    problems: ["unsafe-subject", "customer-not-found", "stream-away"],
    curl: "$SEGUE/v1/customers/cust-42",
  },
  PERMISSIONS_ROUTE,
  {
    method: "get",
    path: "/v1/customers/{id}/timeline",
    operationId: "getTimeline",
    tag: "Customers",
    summary: "What happened to a customer, and why",
    description:
      "The customer's audit records in words, newest first: what came in, what was decided, what was sent and what became of it.",
    parameters: [
      customerIdParameter,
      {
        name: "limit",
        in: "query",
        required: false,
        description: "Records per page.",
        schema: { type: "integer", minimum: 1, maximum: TIMELINE_LIMIT.max, default: TIMELINE_LIMIT.default },
      },
      {
        name: "before",
        in: "query",
        required: false,
        description: "Only records with a lower number: the `next` of the page before.",
        schema: { type: "integer", minimum: 1 },
      },
    ],
    answer: {
      status: 200,
      description: "One page.",
      schema: timelineV1,
      example: {
        customerId: "cust-42",
        items: [
          {
            n: 1,
            at: 1_767_225_600_000,
            time: "2026-01-01T00:00:00.000Z",
            event: {
              id: "txn-4711",
              source: "core-banking",
              type: "account.overdrawn",
              time: "2026-01-01T00:00:00.000Z",
            },
            text: ["Entered journey overdraft-rescue (version 1)."],
            entries: [
              {
                kind: "journey-entered",
                journey: "overdraft-rescue",
                version: 1,
                instance: "overdraft-rescue-1",
              },
            ],
          },
        ],
      },
    },
    problems: ["invalid-request", "unsafe-subject", "customer-not-found", "stream-away"],
    curl: '"$SEGUE/v1/customers/cust-42/timeline?limit=5"',
  },
  ...CONSENTS_ROUTES,
  contactsRoute(idempotencyKey),
  {
    method: "get",
    path: "/v1/decisions/{id}",
    operationId: "getDecision",
    tag: "Decisions",
    summary: "A decision with its explanation",
    description:
      "The record of a decision: what was asked, at which stage each candidate left and why, the policy's verdicts, the versions of the definitions, and the answer; with a summary in plain words. The customer's timeline lists the ids.",
    parameters: [
      {
        name: "id",
        in: "path",
        required: true,
        description: "`<customer>.<event count>.<index>`",
        schema: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}\\.\\d{1,15}\\.\\d{1,4}$" },
      },
    ],
    answer: {
      status: 200,
      description: "The record.",
      schema: decisionViewV1,
      example: undefined,
    },
    problems: ["invalid-request", "decision-not-found", "stream-away"],
    curl: "$SEGUE/v1/decisions/cust-42.1.0",
  },
  {
    method: "get",
    path: "/v1/decisions/{id}/explanation",
    operationId: "explainDecision",
    tag: "Decisions",
    summary: "A decision explained, and what would have changed it",
    description:
      "In plain words: what happened, what was decided and why, why not each of the others, which rules were in force with their versions, which consents, holds and caps mattered, what became of it; and what would have changed it, each computed by making the decision again with one fact changed. Reads the customer's whole audit, and checks its chain on the way.",
    parameters: [
      {
        name: "id",
        in: "path",
        required: true,
        description: "`<customer>.<event count>.<index>`",
        schema: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}\\.\\d{1,15}\\.\\d{1,4}$" },
      },
    ],
    answer: {
      status: 200,
      description: "The explanation.",
      schema: decisionExplainedV1,
      example: undefined,
    },
    problems: ["invalid-request", "decision-not-found", "stream-away"],
    curl: "$SEGUE/v1/decisions/cust-42.1.0/explanation",
  },
  VALIDATE_ROUTE,
  ...JOURNEYS_ROUTES,
  ...DEFINITIONS_ROUTES,
  SIMULATE_ROUTE,
];
