/** `GET /v1/customers/{id}/permissions` for the table of routes. */
import { channelV1, permissionsV1 } from "#contracts";
import type { ApiRoute } from "./api-route.js";
import { customerIdParameter } from "./consents-routes.js";

export const PERMISSIONS_ROUTE: ApiRoute = {
  method: "get",
  path: "/v1/customers/{id}/permissions",
  operationId: "getPermissions",
  tag: "Customers",
  summary: "May we say this, and why (not)",
  description:
    "Per channel what policy would answer about an action for this customer: the verdict, its reason code, the rule and where that " +
    "comes from, and from when on it would be permitted if nothing else changed. The policy service is asked as a decision " +
    "would ask it, and reserves nothing.",
  parameters: [
    customerIdParameter,
    {
      name: "action",
      in: "query",
      required: true,
      description: "An action of the catalogue in force.",
      schema: { type: "string" },
    },
    {
      name: "at",
      in: "query",
      required: false,
      description: "The time to judge by; without it now.",
      schema: { type: "string", format: "date-time" },
    },
    {
      name: "channel",
      in: "query",
      required: false,
      description: "One channel alone.",
      schema: { type: "string", enum: [...channelV1.options] },
    },
  ],
  answer: {
    status: 200,
    description: "The verdicts.",
    schema: permissionsV1,
    example: {
      customerId: "cust-42",
      action: "savings-account",
      purpose: "marketing",
      at: "2026-07-01T20:30:00.000Z",
      permitted: false,
      channels: [
        {
          channel: "push",
          verdict: "deferred",
          reason: "quiet_hours",
          means: "quiet hours",
          rule: "default/marketing/quietHours",
          permittedFrom: "2026-07-02T06:00:00.000Z",
        },
      ],
      packs: ["default@4"],
    },
  },
  problems: ["invalid-request", "action-not-found", "stream-away", "busy"],
  curl: "'$SEGUE/v1/customers/cust-42/permissions?action=savings-account'",
};
