/**
 * Contacts of other systems of the bank: each becomes one event in the customer's own order, and counts in the caps as
 * Segue's own contacts do. The same id and source again is the same contact.
 */
import { Controller, HttpCode, Inject, Post, Req, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { contactPostV1, eventTypes, type ContactPost, type EventsAccepted } from "#contracts";
import { checkEvent, PROBLEM_OF, type CheckedEvent, type EventLimits } from "../events/event-check.js";
import { EventPublisher } from "../events/event.publisher.js";
import { EVENT_LIMITS } from "../events/events.controller.js";
import { fingerprintOf, IdempotencyStore } from "../events/idempotency.store.js";
import { bodyAs } from "../events/json-body.js";
import { bodyOf, type GatewayRequest } from "../http-request.js";
import { ProblemError } from "../problem.js";

@Controller("v1/contacts")
export class ContactsController {
  constructor(
    @Inject(EventPublisher) private readonly publisher: EventPublisher,
    @Inject(IdempotencyStore) private readonly idempotency: IdempotencyStore,
    @Inject(EVENT_LIMITS) private readonly limits: EventLimits,
  ) {}

  /** 202 once the stream has it; from then on it counts within a second. */
  @Post()
  @HttpCode(202)
  async report(
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsAccepted> {
    const event = this.#event(bodyAs(contactPostV1, request, "contact"));
    const fingerprint = fingerprintOf(["POST /v1/contacts", bodyOf(request)]);
    return this.idempotency.answer(request, reply, fingerprint, () => this.publisher.publish([event]));
  }

  #event(contact: ContactPost): CheckedEvent {
    const check = checkEvent(envelopeOf(contact), "", this.limits);
    if (check.kind === "ok") return check.event;
    const [first] = check.errors;
    throw new ProblemError(PROBLEM_OF[first!.code], "The contact was not stored, see errors.", {
      errors: check.errors.map((e) => ({ ...e, pointer: FIELD_OF[e.pointer] ?? e.pointer })),
    });
  }
}

/** Where the attributes of the event stand in the body. */
const FIELD_OF: Readonly<Record<string, string>> = { "/time": "/at", "/subject": "/customerId" };

function envelopeOf({ id, source, customerId, at, ...data }: ContactPost): object {
  return {
    specversion: "1.0",
    id,
    source,
    type: eventTypes.contactReported,
    subject: customerId,
    time: at,
    datacontenttype: "application/json",
    data,
  };
}
