/** The agent channel of the sandbox: offers the case on the agent desktop's subject; a sandbox agent takes it. */
import type { NatsConnection } from "@nats-io/nats-core";
import { subjects, type DeskOffer } from "#contracts";
import type { SendOrder } from "../provider.port.js";
import { drawFor } from "./sandbox-random.js";

/** The agent that a case goes to: the same one each time. */
export function agentFor(seed: string, commandId: string, agents: readonly string[]): string {
  const agent = agents[Math.floor(drawFor(seed, "agent", commandId).next() * agents.length)];
  if (agent === undefined) throw new Error("no agent to route to: name some in AGENTS");
  return agent;
}

export function deskOffer(agentId: string, order: SendOrder): DeskOffer {
  const { commandId: caseId, customerId, title, body, command, at: offeredAt } = order;
  const { action, purpose, journey, parameters, event, context, tried, expiresAt } = command;
  return {
    caseId,
    agentId,
    customerId,
    action,
    purpose,
    journey,
    title,
    body,
    parameters,
    event,
    ...(context ? { context } : {}),
    tried,
    offeredAt,
    expiresAt,
  };
}

/** Publishes the offer (core NATS: a desktop that is not there does not see it) and answers who got it. */
export function offerCase(
  nc: NatsConnection,
  seed: string,
  agents: readonly string[],
): (order: SendOrder) => Record<string, unknown> {
  return (order) => {
    const agentId = agentFor(seed, order.commandId, agents);
    nc.publish(subjects.deskOffer(agentId), JSON.stringify(deskOffer(agentId, order)));
    return { agentId };
  };
}
