import { z } from "zod";
import { purposeV1 } from "./channel.v1.js";
import { contextViewV1 } from "./decision.v1.js";
import { customerIdV1 } from "./ids.js";

/** A case offered to one agent (core NATS, `desk.<agentId>.offer`), with what the agent needs to act on it. */
export const deskOfferV1 = z
  .object({
    /** The case is the command's: one per command. */
    caseId: z.string(),
    agentId: z.string(),
    customerId: customerIdV1,
    action: z.string(),
    purpose: purposeV1,
    journey: z.object({ id: z.string(), version: z.number().int(), instance: z.string(), step: z.string() }),
    title: z.string(),
    body: z.string(),
    parameters: z.record(z.string(), z.unknown()),
    /** The event that led to it. */
    event: z.object({ type: z.string(), time: z.number(), data: z.record(z.string(), z.unknown()) }),
    /** What was known of the customer when the case was made: latest values, what happened how often, last contacts. */
    context: contextViewV1.optional(),
    /** Channels on which the customer could not be reached before. */
    tried: z.array(z.object({ channel: z.string(), reason: z.string() })),
    /** Segue's clock, epoch ms. */
    offeredAt: z.number(),
    expiresAt: z.number(),
  })
  .meta({ id: "DeskOffer" });
export type DeskOffer = z.infer<typeof deskOfferV1>;
