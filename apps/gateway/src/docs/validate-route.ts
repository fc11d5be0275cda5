/** `POST /v1/journeys/validate` for the table of routes. */
import { journeyV1, journeyValidationV1 } from "#contracts";
import type { ApiRoute } from "./api-route.js";

const journey = {
  kind: "Journey",
  id: "thank-you",
  version: 1,
  description: "Says thank you once an overdrawn account has recovered.",
  purpose: "service",
  trigger: { event: "account.recovered" },
  entry: { rule: "once-per", period: "90d" },
  steps: [
    { id: "thank", type: "send", action: "overdraft-thanks", next: "done", otherwise: "dnoe" },
    { id: "done", type: "exit", reason: "done" },
  ],
};

export const VALIDATE_ROUTE: ApiRoute = {
  method: "post",
  path: "/v1/journeys/validate",
  operationId: "validateJourney",
  tag: "Journeys",
  summary: "Check a journey",
  description:
    "What `segue validate` says of a journey, in YAML or JSON: the schema, names and ways that lead nowhere, purposes and consents, and " +
    "conflicts with the journeys that are published. The answer is 200 also when there are problems. Nothing is stored.",
  parameters: [],
  body: {
    description: "The journey. YAML is read with its lines, so that the problems point into your file.",
    contents: [
      { mediaType: "application/json", schema: journeyV1, example: journey },
      { mediaType: "application/yaml", schema: journeyV1, example: journey },
    ],
  },
  answer: {
    status: 200,
    description: "What was found.",
    schema: journeyValidationV1,
    example: {
      ok: false,
      problems: [
        {
          file: "journey",
          line: 10,
          column: 78,
          path: "steps[0].otherwise",
          cause: 'there is no step "dnoe"',
          suggestion: 'did you mean "done"?',
        },
      ],
      warnings: [],
    },
  },
  problems: ["too-large", "unsupported-media-type"],
  curl: "-X POST $SEGUE/v1/journeys/validate -H 'content-type: application/yaml' --data-binary @journeys/overdraft-rescue.yaml",
};
