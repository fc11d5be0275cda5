/** `POST /v1/moments` for the table of routes. */
import {
  cloudEventV1,
  DEFAULT_DEADLINE_MS,
  MAX_DEADLINE_MS,
  MIN_DEADLINE_MS,
  momentAnswerV1,
} from "#contracts";
import type { ApiRoute } from "./api-route.js";

const example = {
  specversion: "1.0",
  id: "transfer-4711",
  source: "payments",
  type: "transfer.initiated",
  subject: "cust-42",
  data: {
    transferId: "4711",
    amountMinor: 9_000_000,
    balanceBeforeMinor: 10_000_000,
    currency: "CZK",
    destinationBank: "external",
  },
};

export const MOMENTS_ROUTE: ApiRoute = {
  method: "post",
  path: "/v1/moments",
  operationId: "postMoment",
  tag: "Events",
  summary: "Ask what to say to the customer now",
  description:
    "A CloudEvent 1.0 about one customer, structured or binary, as for `POST /v1/events`; the answer comes within the deadline, " +
    "whatever is down: an intervention to show, or `decision: null`, which means to go on as if nobody had asked. A payment is never " +
    "held. `reason` says why: `act`; `none` or the code of the decision not to speak; `elsewhere` (said on another channel); `deadline` " +
    "(stored, but no answer in time); `unavailable` (not stored yet: it is tried on for 30 s; who must be sure sends the event to " +
    "`POST /v1/events`, where its source and id are recognised); `busy` (not stored); `duplicate`; `failed`. Who asks again with the same " +
    "source and id is told the same for about a minute, later `duplicate`; two that ask at once share one answer. What the customer then does is reported with the " +
    "events `moment.shown`, `moment.accepted` and `moment.declined`, with `commandId` in their data. The same over NATS: a request " +
    "with the CloudEvent to `rpc.moment.<customer>`. Clocks of the machines must agree to a small part of the deadline.",
  parameters: [
    {
      name: "deadlineMs",
      in: "query",
      required: false,
      description:
        "Within how many milliseconds of the request's arrival the answer must leave. Also as the event's extension attribute `deadlinems`.",
      schema: {
        type: "integer",
        minimum: MIN_DEADLINE_MS,
        maximum: MAX_DEADLINE_MS,
        default: DEFAULT_DEADLINE_MS,
      },
    },
    {
      name: "traceparent",
      in: "header",
      required: false,
      description: "W3C trace context; the trace goes on through Segue to the outcome.",
      schema: { type: "string" },
    },
  ],
  body: {
    description: "As for `POST /v1/events`, one event.",
    contents: [
      { mediaType: "application/cloudevents+json", schema: cloudEventV1, example },
      { mediaType: "application/json", schema: cloudEventV1, example },
    ],
  },
  answer: {
    status: 200,
    description: "The answer.",
    schema: momentAnswerV1,
    example: {
      decision: {
        decisionId: "cust-42.7.0",
        commandId: "cust-42.7.0.c",
        action: "keep-savings-rate",
        channel: "inapp",
        title: "Before you move it",
        body: "A savings account here pays a bonus rate on new deposits.",
        expiresAt: 1_767_226_500_000,
      },
      reason: "act",
      latencyMs: 24.5,
    },
  },
  problems: [
    "malformed-json",
    "invalid-request",
    "not-a-cloudevent",
    "unsafe-subject",
    "invalid-data",
    "time-out-of-range",
    "reserved-source",
    "too-large",
    "unsupported-media-type",
  ],
  curl: `-X POST "$SEGUE/v1/moments?deadlineMs=150" -H 'content-type: application/cloudevents+json' -d '${JSON.stringify(example)}'`,
};
