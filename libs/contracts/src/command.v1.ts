import { z } from "zod";
import { purposeV1 } from "./channel.v1.js";
import { contextViewV1, planLegV1 } from "./decision.v1.js";
import { channelV1 } from "./channel.v1.js";
import { customerIdV1 } from "./ids.js";

/** One order to one channel (stream CMD). The plan's legs are tried in order within the same reservation. */
export const commandV1 = z
  .object({
    commandId: z.string(),
    decisionId: z.string(),
    reservationId: z.string(),
    customerId: customerIdV1,
    action: z.string(),
    purpose: purposeV1,
    journey: z.object({ id: z.string(), version: z.number().int(), instance: z.string(), step: z.string() }),
    plan: z.array(planLegV1).min(1).max(8),
    /** Index into `plan` of the leg to carry out now. */
    attempt: z.number().int().min(0).max(7),
    /** Legs that were tried before, each with why it did not do. */
    tried: z.array(z.object({ channel: channelV1, reason: z.string() })).max(8),
    parameters: z.record(z.string(), z.unknown()),
    /** Data of the event that led to it (amounts, payment ids; no personal data). */
    event: z.object({ type: z.string(), time: z.number(), data: z.record(z.string(), z.unknown()) }),
    /** Of a case for an agent: what was known of the customer when it was ordered. */
    context: contextViewV1.optional(),
    /** EVT sequence of the customer's last outcome when it was ordered; 0 when there was none. */
    outcomesUpTo: z.number().int().nonnegative().optional(),
    /** When it was ordered and until when it is worth sending; epoch ms on Segue's clock. */
    at: z.number(),
    expiresAt: z.number(),
    /** Of an answer to a moment: where the caller waits. `expiresAt` is then no later than the caller's deadline. */
    replyTo: z.string().optional(),
    /** Of an answer to a moment: until when what it says holds, Segue's clock, epoch ms. */
    validUntil: z.number().optional(),
  })
  .meta({ id: "Command" });
export type Command = z.infer<typeof commandV1>;
