/** `GET /v1/customers/{id}/permissions`: may we say this, and why (not). */
import { Controller, Get, Inject, Param, Query } from "@nestjs/common";
import { NothingToSay, permissionsOf } from "#audit";
import type { Clock } from "#clock";
import { channelV1, type Channel, type Permissions } from "#contracts";
import { RpcClient, RpcUnavailable } from "#messaging";
import { customerIdOf } from "../http-request.js";
import { NatsLink } from "../nats-link.js";
import { ProblemError } from "../problem.js";

export const PERMISSIONS_CLOCK = Symbol("permissions clock");

@Controller("v1/customers/:id")
export class PermissionsController {
  #client: RpcClient | undefined;

  constructor(
    @Inject(NatsLink) private readonly link: NatsLink,
    @Inject(PERMISSIONS_CLOCK) private readonly clock: Clock,
  ) {}

  @Get("permissions")
  async permissions(
    @Param("id") id: string,
    @Query("action") action?: string,
    @Query("at") at?: string,
    @Query("channel") channel?: string,
  ): Promise<Permissions> {
    const customerId = customerIdOf(id);
    if (typeof action !== "string" || action === "")
      throw new ProblemError("invalid-request", "action is missing: name an action of the catalogue.");
    const { nc } = this.link.parts;
    const client = (this.#client ??= new RpcClient(nc));
    const question = { customerId, action, at: timeOf(at, this.clock), channel: channelOf(channel) };
    try {
      return await permissionsOf(nc, client, question);
    } catch (error) {
      if (error instanceof NothingToSay)
        throw new ProblemError(
          "action-not-found",
          "The catalogues in force have no such action, or not on this channel.",
        );
      if (error instanceof RpcUnavailable)
        throw new ProblemError("busy", "The policy service does not answer now.");
      throw error;
    }
  }
}

function timeOf(text: unknown, clock: Clock): number {
  if (text === undefined) return clock.now();
  const ms = typeof text === "string" ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new ProblemError("invalid-request", "at must be a time such as 2026-03-01T09:00:00Z.");
  return ms;
}

function channelOf(text: unknown): Channel | undefined {
  if (text === undefined) return undefined;
  const channel = channelV1.safeParse(text);
  if (!channel.success)
    throw new ProblemError("invalid-request", `channel must be one of ${channelV1.options.join(", ")}.`);
  return channel.data;
}
