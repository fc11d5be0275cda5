/**
 * Changes that a request makes of a customer's consents and holds: each is one event in the customer's own order, and the
 * answer comes once the stream has it. From then on no send starts that it forbids (I7).
 */
import { createHash, randomUUID } from "node:crypto";
import { Inject, Injectable } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import type { EventsAccepted } from "#contracts";
import { checkEvent, type CheckedEvent, type EventLimits } from "../events/event-check.js";
import { EventPublisher } from "../events/event.publisher.js";
import { EVENT_LIMITS } from "../events/events.controller.js";
import { fingerprintOf, IdempotencyStore } from "../events/idempotency.store.js";
import { bodyOf, customerIdOf, headerOf, type GatewayRequest } from "../http-request.js";

/** CloudEvents source of the events that the gateway makes itself. */
export const GATEWAY_SOURCE = "gateway";

export interface Change {
  readonly type: string;
  readonly data: unknown;
}

@Injectable()
export class ChangePublisher {
  constructor(
    @Inject(EventPublisher) private readonly publisher: EventPublisher,
    @Inject(IdempotencyStore) private readonly idempotency: IdempotencyStore,
    @Inject(EVENT_LIMITS) private readonly limits: EventLimits,
  ) {}

  /** In this order. Throws `unsafe-subject`, and what publishing throws. */
  async publish(
    id: string,
    request: GatewayRequest,
    reply: FastifyReply,
    changes: readonly Change[],
  ): Promise<EventsAccepted> {
    const customerId = customerIdOf(id);
    const key = headerOf(request, "idempotency-key");
    const fingerprint = fingerprintOf([request.method, request.url, bodyOf(request)]);
    return this.idempotency.answer(request, reply, fingerprint, () =>
      this.publisher.publish(
        changes.map((change, i) =>
          this.#event(customerId, change, eventIdOf(customerId, key, fingerprint, i)),
        ),
      ),
    );
  }

  #event(customerId: string, { type, data }: Change, id: string): CheckedEvent {
    const envelope = {
      specversion: "1.0",
      id,
      source: GATEWAY_SOURCE,
      type,
      subject: customerId,
      datacontenttype: "application/json",
      data,
    };
    const check = checkEvent(envelope, "", this.limits);
    if (check.kind === "refused")
      throw new Error(`the gateway made an event that it refuses: ${JSON.stringify(check.errors)}`);
    return check.event;
  }
}

/**
 * With an Idempotency-Key the same request makes the same event ids, so that a retry is recognised also by another
 * gateway and after the answer is forgotten. Without one, each request is a change of its own.
 */
function eventIdOf(customerId: string, key: string | undefined, fingerprint: string, index: number): string {
  if (key === undefined) return randomUUID();
  return createHash("sha256")
    .update(JSON.stringify([customerId, key, fingerprint, index]))
    .digest("hex")
    .slice(0, 32);
}
