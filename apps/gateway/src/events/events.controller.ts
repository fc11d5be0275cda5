import { Controller, HttpCode, Inject, Post, Req, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import type { EventsAccepted } from "#contracts";
import { bodyOf, type GatewayRequest } from "../http-request.js";
import { GatewayMetrics } from "../metrics.js";
import { ProblemError } from "../problem.js";
import { readEnvelopes, type BatchLimits } from "./event-body.js";
import {
  checkEvent,
  type CheckedEvent,
  PROBLEM_OF,
  type EventError,
  type EventLimits,
} from "./event-check.js";
import { EventPublisher } from "./event.publisher.js";
import { fingerprintOf, IdempotencyStore } from "./idempotency.store.js";

export const EVENT_LIMITS = Symbol("event limits");
export const BATCH_LIMITS = Symbol("batch limits");

/** Errors shown of one request; more say nothing new. */
const MAX_ERRORS = 64;

@Controller("v1/events")
export class EventsController {
  constructor(
    @Inject(EventPublisher) private readonly publisher: EventPublisher,
    @Inject(IdempotencyStore) private readonly idempotency: IdempotencyStore,
    @Inject(GatewayMetrics) private readonly metrics: GatewayMetrics,
    @Inject(EVENT_LIMITS) private readonly eventLimits: EventLimits,
    @Inject(BATCH_LIMITS) private readonly batchLimits: BatchLimits,
  ) {}

  /** 202 once the stream has acknowledged every event (I1). A batch is checked as a whole before any of it is published. */
  @Post()
  @HttpCode(202)
  async post(
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsAccepted> {
    const body = bodyOf(request);
    const events = this.#check(readEnvelopes({ headers: request.headers, body }, this.batchLimits));
    const fingerprint = fingerprintOf([
      "POST /v1/events",
      ...Object.entries(request.headers)
        .filter(([name]) => name === "content-type" || name.startsWith("ce-"))
        .map(([name, value]) => `${name}: ${String(value)}`)
        .sort(),
      body,
    ]);
    return this.idempotency.answer(request, reply, fingerprint, () => this.publisher.publish(events));
  }

  #check(envelopes: ReturnType<typeof readEnvelopes>): CheckedEvent[] {
    const events: CheckedEvent[] = [];
    const errors: EventError[] = [];
    /** What stands under a message id so far, as it was sent. */
    const seen = new Map<string, string>();
    for (const { pointer, value } of envelopes) {
      const check = checkEvent(value, pointer, this.eventLimits);
      if (check.kind === "refused") {
        errors.push(...check.errors);
        continue;
      }
      const { event } = check;
      const sent = envelopes.length > 1 ? JSON.stringify(value) : "";
      if ((seen.get(event.messageId) ?? sent) !== sent) {
        // The stream would acknowledge the second as a duplicate of the first, and its content would be lost.
        errors.push({
          pointer: `${pointer}/id`,
          code: "not_a_cloudevent",
          detail: "another event of this batch has the same source and id",
        });
      }
      seen.set(event.messageId, sent);
      events.push(event);
    }
    const [first] = errors;
    if (!first) return events;
    for (const { code } of errors) this.metrics.refused.add({ reason: code });
    const kind = PROBLEM_OF[first.code];
    const what =
      envelopes.length > 1
        ? `Nothing of the batch of ${envelopes.length} was stored`
        : "The event was not stored";
    throw new ProblemError(
      kind,
      `${what}: ${errors.length === 1 ? "1 fault" : `${errors.length} faults`}, see errors.`,
      {
        errors: errors.slice(0, MAX_ERRORS),
      },
    );
  }
}
