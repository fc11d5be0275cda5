/** What the API's document says about simulation. */
import { simulateRequestDocument, simulationReportV1 } from "../journeys/simulation-bodies.js";
import type { ApiRoute } from "./api-route.js";

const simulateExample = {
  definition: {
    kind: "Journey",
    id: "balance-leaving",
    version: 2,
    description: "A large part of the balance leaves the account.",
    purpose: "marketing",
    trigger: { event: "transfer.sent" },
    entry: { rule: "after-exit" },
    steps: [
      { id: "offer", type: "decide", actions: ["savings-account"], next: "end", otherwise: "end" },
      { id: "end", type: "exit", reason: "done" },
    ],
  },
  since: "2026-03-02T00:00:00Z",
  until: "2026-03-03T00:00:00Z",
};

export const SIMULATE_ROUTE: ApiRoute = {
  method: "post",
  path: "/v1/journeys/simulate",
  operationId: "simulateJourney",
  tag: "Journeys",
  summary: "Simulate a new version of a journey",
  description:
    "Runs the new version and what is published over the same recorded events, sends nothing, and answers what differs: decisions gained, " +
    "lost and changed with examples, contacts per customer, channel and action, caps touched, and the verdict of the gate (`passes`). " +
    "The events are those of the request, or those of the stream between `since` and `until` (default yesterday, UTC). " +
    "Bounded: 200,000 events, 20 s and one simulation at a time unless configured; `segue simulate` on the command line takes more.",
  parameters: [],
  body: {
    description: "The new version, as JSON, and where the events come from.",
    contents: [{ mediaType: "application/json", schema: simulateRequestDocument, example: simulateExample }],
  },
  answer: {
    status: 200,
    description: "The report; `passes: false` when a limit of the gate is broken.",
    schema: simulationReportV1,
    example: {
      passes: true,
      candidate: { journey: "balance-leaving", version: 2 },
      published: { version: 1 },
      gate: {
        id: "default",
        version: 1,
        verdicts: [
          {
            limit: "minEvents",
            verdict: "kept",
            detail: "events simulated: 17,685, at least 500",
            reason: "Fewer events show too little of what customers do.",
          },
        ],
      },
      difference: { gained: 0, lost: 0, changed: 0, same: 332 },
      assumptions: ["Nothing was sent."],
    },
  },
  problems: [
    "malformed-json",
    "unsupported-media-type",
    "invalid-request",
    "invalid-data",
    "too-large",
    "stream-away",
    "busy",
  ],
  curl: `-X POST $SEGUE/v1/journeys/simulate -H 'content-type: application/json' -d '{"definition": …, "since": "2026-03-02T00:00:00Z"}'`,
};
