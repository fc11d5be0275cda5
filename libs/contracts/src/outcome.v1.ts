import { z } from "zod";
import { channelV1 } from "./channel.v1.js";

/** Delivery outcomes: exactly one per command (I8). */
export const TERMINAL_OUTCOMES = ["delivered", "failed", "expired", "suppressed", "unknown"] as const;
/** What the customer did with it, after delivery; any number per command. */
export const RESPONSE_OUTCOMES = ["opened", "clicked", "converted", "declined"] as const;
export const outcomeKindV1 = z.enum([...TERMINAL_OUTCOMES, ...RESPONSE_OUTCOMES]).meta({ id: "OutcomeKind" });
export type OutcomeKind = z.infer<typeof outcomeKindV1>;
export type TerminalOutcome = (typeof TERMINAL_OUTCOMES)[number];
export type ResponseOutcome = (typeof RESPONSE_OUTCOMES)[number];

export function isTerminal(kind: OutcomeKind): kind is TerminalOutcome {
  return (TERMINAL_OUTCOMES as readonly string[]).includes(kind);
}

/** Data of an `outcome.<kind>` event. Its CloudEvents id is `<commandId>:<kind>`, its source `segue`. */
export const outcomeV1 = z
  .object({
    commandId: z.string(),
    decisionId: z.string(),
    reservationId: z.string(),
    action: z.string(),
    kind: outcomeKindV1,
    /** The channel that carried it in the end. */
    channel: channelV1,
    /** Channels tried before, in order, each with why it did not do. */
    tried: z.array(z.object({ channel: channelV1, reason: z.string() })).max(8),
    /** Why it ended so, a code: `receipt`, `provider_rejected`, `opted_out`, … */
    reason: z.string().max(128),
    /** What an `execute` command brought back. */
    result: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "Outcome" });
export type Outcome = z.infer<typeof outcomeV1>;

/** CloudEvents id of an outcome; also its message id. */
export function outcomeEventId(command: string, kind: OutcomeKind): string {
  return `${command}:${kind}`;
}
