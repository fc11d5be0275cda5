/** The routes of a customer's consents and holds. */
import {
  consentsPutV1,
  customerConsentsV1,
  customerHoldsV1,
  customerIdV1,
  eventsAcceptedV1,
  holdKindV1,
  holdPlacedV1,
  holdReleaseV1,
  optOutV1,
} from "#contracts";
import type { ProblemKind } from "../problem.js";
import type { ApiParameter, ApiRoute } from "./api-route.js";

export const customerIdParameter: ApiParameter = {
  name: "id",
  in: "path",
  required: true,
  description: "The customer: the CloudEvents subject of the events.",
  schema: customerIdV1,
};

export const idempotencyKey: ApiParameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "The same key with the same body gets the first answer again (header `Idempotency-Replayed: true`) for 10 minutes from the same " +
    "gateway; with another body it is refused. Only answers of success are remembered.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

const change = {
  status: 202,
  description: "The stream has acknowledged every event.",
  schema: eventsAcceptedV1,
  example: {
    accepted: 1,
    duplicates: 0,
    events: [{ id: "0b9f6a1e-4c1d-4f0e-9a57-2a4b8f0c7d11", seq: 1_002, duplicate: false }],
  },
} as const;

/** Of a route that takes a body. */
const CHANGE_PROBLEMS: readonly ProblemKind[] = [
  "malformed-json",
  "invalid-request",
  "unsafe-subject",
  "invalid-data",
  "idempotency-key-reused",
  "too-large",
  "unsupported-media-type",
  "stream-away",
  "busy",
];

const kindParameter: ApiParameter = {
  name: "kind",
  in: "path",
  required: true,
  description: "Which hold.",
  schema: holdKindV1,
};

const told = { id: "0b9f6a1e", source: "gateway", type: "consent.changed", seq: 1_002 };

export const CONSENTS_ROUTES: readonly ApiRoute[] = [
  {
    method: "get",
    path: "/v1/customers/{id}/consents",
    operationId: "getConsents",
    tag: "Customers",
    summary: "Which consents are on record, and how they came about",
    description:
      "Per purpose, channel and address: granted, refused or expired, with its evidence, source and time; and everything that was ever told, oldest first. Read from the stream of events, so that a change is there as soon as its 202. Times are epoch milliseconds.",
    parameters: [customerIdParameter],
    answer: {
      status: 200,
      description: "The consents. What is not named is not on record, which for marketing means no.",
      schema: customerConsentsV1,
      example: {
        customerId: "cust-42",
        consents: [
          {
            purpose: "marketing",
            channel: "email",
            state: "granted",
            expiresAt: 1_830_297_600_000,
            obtainedAt: 1_767_225_600_000,
            evidence: "form 4711",
            source: "branch",
            event: told,
          },
        ],
        history: [
          {
            purpose: "marketing",
            channel: "email",
            granted: true,
            obtainedAt: 1_767_225_600_000,
            expiresAt: 1_830_297_600_000,
            evidence: "form 4711",
            source: "branch",
            taken: true,
            event: told,
          },
        ],
      },
    },
    problems: ["unsafe-subject", "stream-away"],
    curl: "$SEGUE/v1/customers/cust-42/consents",
  },
  {
    method: "put",
    path: "/v1/customers/{id}/consents",
    operationId: "putConsents",
    tag: "Customers",
    summary: "Give or withdraw consents",
    description:
      "Each entry becomes a `consent.changed` event in the customer's order. Consents that are not named stay as they are. After the 202, no send that a withdrawal forbids starts later than one second. `address` is a reference of yours, never the address itself. A grant whose `obtainedAt` is more than a day before it is told lifts no refusal.",
    parameters: [customerIdParameter, idempotencyKey],
    body: {
      description: "Changes, applied in order.",
      contents: [
        {
          mediaType: "application/json",
          schema: consentsPutV1,
          example: {
            consents: [
              { purpose: "marketing", channel: "*", granted: false, evidence: "branch visit" },
              {
                purpose: "marketing",
                channel: "email",
                granted: true,
                evidence: "form 4711",
                source: "branch",
                expiresAt: "2028-01-01T00:00:00Z",
              },
            ],
          },
        },
      ],
    },
    answer: change,
    problems: CHANGE_PROBLEMS,
    curl: `-X PUT $SEGUE/v1/customers/cust-42/consents -H 'content-type: application/json' -d '{"consents":[{"purpose":"marketing","channel":"*","granted":false}]}'`,
  },
  {
    method: "post",
    path: "/v1/customers/{id}/opt-out",
    operationId: "optOut",
    tag: "Customers",
    summary: "Opt out of marketing, or of everything",
    description:
      "Refuses marketing on every channel and address; with `everything` it also places the hold `opt-out`, under which the policies let nothing out. Open marketing journeys end. The body may be left out.",
    parameters: [customerIdParameter, idempotencyKey],
    body: {
      description: "What proves it.",
      contents: [
        {
          mediaType: "application/json",
          schema: optOutV1,
          example: { evidence: "preference page 3.1", source: "preference-centre" },
        },
      ],
    },
    answer: change,
    problems: CHANGE_PROBLEMS,
    curl: "-X POST $SEGUE/v1/customers/cust-42/opt-out",
  },
  {
    method: "get",
    path: "/v1/customers/{id}/holds",
    operationId: "getHolds",
    tag: "Customers",
    summary: "Which holds stand, who placed them and why",
    description:
      "A hold whose end has come is `over`: it counts as lifted. The history tells of every hold that was placed or lifted, oldest first. Times are epoch milliseconds.",
    parameters: [customerIdParameter],
    answer: {
      status: 200,
      description: "The holds.",
      schema: customerHoldsV1,
      example: {
        customerId: "cust-42",
        holds: [
          {
            kind: "moratorium",
            state: "holds",
            since: 1_767_225_600_000,
            until: 1_772_409_600_000,
            by: "anna",
            reason: "breathing space 60 days",
            event: { ...told, type: "hold.placed" },
          },
        ],
        history: [],
      },
    },
    problems: ["unsafe-subject", "stream-away"],
    curl: "$SEGUE/v1/customers/cust-42/holds",
  },
  {
    method: "post",
    path: "/v1/customers/{id}/holds",
    operationId: "placeHold",
    tag: "Customers",
    summary: "Place a hold",
    description: `Stops automation for the customer as the policies say: ${holdKindV1.options.join(", ")}. Becomes a \`hold.placed\` event. With \`until\` it counts as lifted from then on; placing it again can only make it longer.`,
    parameters: [customerIdParameter, idempotencyKey],
    body: {
      description: "The hold.",
      contents: [
        {
          mediaType: "application/json",
          schema: holdPlacedV1,
          example: {
            kind: "moratorium",
            by: "anna",
            reason: "breathing space 60 days",
            until: "2027-01-20T00:00:00Z",
          },
        },
      ],
    },
    answer: change,
    problems: CHANGE_PROBLEMS,
    curl: `-X POST $SEGUE/v1/customers/cust-42/holds -H 'content-type: application/json' -d '{"kind":"fraud","by":"anna","reason":"card reported stolen"}'`,
  },
  {
    method: "post",
    path: "/v1/customers/{id}/holds/{kind}/release",
    operationId: "releaseHold",
    tag: "Customers",
    summary: "Release a hold, by a person who answers for it",
    description:
      "Becomes a `hold.lifted` event that says who and why; the audit names who. Releasing a hold that is not there changes nothing.",
    parameters: [customerIdParameter, kindParameter, idempotencyKey],
    body: {
      description: "Who releases it, and why.",
      contents: [
        {
          mediaType: "application/json",
          schema: holdReleaseV1,
          example: { by: "anna", reason: "talked to the customer; plan agreed" },
        },
      ],
    },
    answer: change,
    problems: CHANGE_PROBLEMS,
    curl: `-X POST $SEGUE/v1/customers/cust-42/holds/fraud/release -H 'content-type: application/json' -d '{"by":"anna","reason":"cleared with the customer"}'`,
  },
  {
    method: "delete",
    path: "/v1/customers/{id}/holds/{kind}",
    operationId: "liftHold",
    tag: "Customers",
    summary: "Lift a hold, by a system",
    description:
      "For a system that keeps its own record of who and why; a person releases. Becomes a `hold.lifted` event. Lifting a hold that is not there changes nothing.",
    parameters: [customerIdParameter, kindParameter, idempotencyKey],
    answer: change,
    problems: ["invalid-request", "unsafe-subject", "idempotency-key-reused", "stream-away", "busy"],
    curl: "-X DELETE $SEGUE/v1/customers/cust-42/holds/fraud",
  },
];
