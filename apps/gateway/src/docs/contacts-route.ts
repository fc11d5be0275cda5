/** `POST /v1/contacts` for the table of routes. */
import { contactPostV1, eventsAcceptedV1 } from "#contracts";
import type { ApiParameter, ApiRoute } from "./api-route.js";

const contact = {
  id: "dialer-2026-07-01-118",
  source: "dialer",
  customerId: "cust-42",
  at: "2026-07-01T10:15:00Z",
  channel: "ivr",
  purpose: "collections",
  kind: "attempt",
  about: { debt: "loan-1" },
};

export const contactsRoute = (idempotencyKey: ApiParameter): ApiRoute => ({
  method: "post",
  path: "/v1/contacts",
  operationId: "reportContact",
  tag: "Customers",
  summary: "Report a contact by another system",
  description:
    "Tells of a contact that another system of the bank made or tried. It counts in the caps as Segue's own do, from at most a second " +
    "after the answer on; a conversation also begins the silence that policies ask for. Becomes a `contact.reported` event, which " +
    "may be published over NATS as well. The same `source` and `id` again is the same contact.",
  parameters: [idempotencyKey],
  body: {
    description: "The contact.",
    contents: [{ mediaType: "application/json", schema: contactPostV1, example: contact }],
  },
  answer: {
    status: 202,
    description: "The stream has acknowledged it.",
    schema: eventsAcceptedV1,
    example: { accepted: 1, duplicates: 0, events: [{ id: contact.id, seq: 1_003, duplicate: false }] },
  },
  problems: [
    "malformed-json",
    "invalid-request",
    "unsafe-subject",
    "invalid-data",
    "time-out-of-range",
    "reserved-source",
    "not-a-cloudevent",
    "idempotency-key-reused",
    "too-large",
    "unsupported-media-type",
    "stream-away",
    "busy",
  ],
  curl: `-X POST $SEGUE/v1/contacts -H 'content-type: application/json' -d '${JSON.stringify(contact)}'`,
});
