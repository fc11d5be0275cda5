/** Consents: what is on record, how it came about, and changing it. */
import { Controller, Get, HttpCode, Inject, Param, Post, Put, Req, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { consentsPutV1, eventTypes, optOutV1, type CustomerConsents, type EventsAccepted } from "#contracts";
import { bodyAs } from "../events/json-body.js";
import { bodyOf, customerIdOf, type GatewayRequest } from "../http-request.js";
import { ChangePublisher } from "./change.publisher.js";
import { CustomerReader } from "./customer-reader.store.js";

@Controller("v1/customers/:id")
export class ConsentsController {
  constructor(
    @Inject(ChangePublisher) private readonly changes: ChangePublisher,
    @Inject(CustomerReader) private readonly reader: CustomerReader,
  ) {}

  @Get("consents")
  async consents(@Param("id") id: string): Promise<CustomerConsents> {
    const customerId = customerIdOf(id);
    const { history, now } = await this.reader.profileHistory(customerId);
    return { customerId, consents: history.consents(now), history: history.consentsTold };
  }

  @Put("consents")
  @HttpCode(202)
  put(
    @Param("id") id: string,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsAccepted> {
    const { consents } = bodyAs(consentsPutV1, request);
    const changes = consents.map((data) => ({ type: eventTypes.consentChanged, data }));
    return this.changes.publish(id, request, reply, changes);
  }

  /** The refusal of marketing on every channel and address; of everything, when asked, with the hold `opt-out`. */
  @Post("opt-out")
  @HttpCode(202)
  optOut(
    @Param("id") id: string,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsAccepted> {
    const given = bodyOf(request).byteLength === 0 ? optOutV1.parse({}) : bodyAs(optOutV1, request);
    const { everything, ...proof } = given;
    const refusal = { purpose: "marketing", channel: "*", granted: false, ...proof };
    const hold = { kind: "opt-out", ...(proof.evidence === undefined ? {} : { reason: proof.evidence }) };
    return this.changes.publish(id, request, reply, [
      { type: eventTypes.consentChanged, data: refusal },
      ...(everything === true ? [{ type: eventTypes.holdPlaced, data: hold }] : []),
    ]);
  }
}
