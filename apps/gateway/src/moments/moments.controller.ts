import { Controller, HttpCode, Inject, Post, Req, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import type { MomentAnswer } from "#contracts";
import { readEnvelopes } from "../events/event-body.js";
import type { EventLimits } from "../events/event-check.js";
import { EVENT_LIMITS } from "../events/events.controller.js";
import { bodyOf, type GatewayRequest } from "../http-request.js";
import { ProblemError } from "../problem.js";
import { readMoment } from "./moment-request.js";
import { Moments } from "./moments.js";

@Controller("v1/moments")
export class MomentsController {
  constructor(
    @Inject(Moments) private readonly moments: Moments,
    @Inject(EVENT_LIMITS) private readonly limits: EventLimits,
  ) {}

  /** Always 200 within the deadline for a valid event (I12): what is down is a reason, not an error. */
  @Post()
  @HttpCode(200)
  async post(
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MomentAnswer> {
    // Counted from the request's first byte on.
    const startedAt = performance.now() - reply.elapsedTime;
    const [envelope, more] = readEnvelopes(
      { headers: request.headers, body: bodyOf(request) },
      { maxEvents: 1 },
    );
    if (!envelope || more) throw new ProblemError("invalid-request", "A moment is one event.");
    const { deadlineMs } = request.query as Readonly<Record<string, unknown>>;
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    return this.moments.ask(
      { ...readMoment(envelope.value, deadlineMs, this.limits), startedAt },
      gone.signal,
    );
  }
}
