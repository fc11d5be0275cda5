/** Holds: which stand, who placed them and why; placing one, and its release by a person. */
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import {
  eventTypes,
  holdKindV1,
  holdPlacedV1,
  holdReleaseV1,
  type CustomerHolds,
  type EventsAccepted,
  type HoldKind,
} from "#contracts";
import { bodyAs } from "../events/json-body.js";
import { customerIdOf, type GatewayRequest } from "../http-request.js";
import { ProblemError } from "../problem.js";
import { ChangePublisher } from "./change.publisher.js";
import { CustomerReader } from "./customer-reader.store.js";

@Controller("v1/customers/:id/holds")
export class HoldsController {
  constructor(
    @Inject(ChangePublisher) private readonly changes: ChangePublisher,
    @Inject(CustomerReader) private readonly reader: CustomerReader,
  ) {}

  @Get()
  async holds(@Param("id") id: string): Promise<CustomerHolds> {
    const customerId = customerIdOf(id);
    const { history, now } = await this.reader.profileHistory(customerId);
    return { customerId, holds: history.holds(now), history: history.holdsTold };
  }

  @Post()
  @HttpCode(202)
  place(
    @Param("id") id: string,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsAccepted> {
    const data = bodyAs(holdPlacedV1, request);
    return this.changes.publish(id, request, reply, [{ type: eventTypes.holdPlaced, data }]);
  }

  /** By a person, who says why. */
  @Post(":kind/release")
  @HttpCode(202)
  release(
    @Param("id") id: string,
    @Param("kind") kind: string,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsAccepted> {
    const data = { kind: kindOf(kind), ...bodyAs(holdReleaseV1, request) };
    return this.changes.publish(id, request, reply, [{ type: eventTypes.holdLifted, data }]);
  }

  /** By a system that has its own record of who and why. */
  @Delete(":kind")
  @HttpCode(202)
  lift(
    @Param("id") id: string,
    @Param("kind") kind: string,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsAccepted> {
    const data = { kind: kindOf(kind) };
    return this.changes.publish(id, request, reply, [{ type: eventTypes.holdLifted, data }]);
  }
}

function kindOf(text: string): HoldKind {
  const known = holdKindV1.safeParse(text);
  if (known.success) return known.data;
  throw new ProblemError("invalid-request", `The kind of a hold is one of ${holdKindV1.options.join(", ")}.`);
}
