/**
 * A moment: an event on which an answer is wanted at once (I12). Over HTTP `POST /v1/moments`, over NATS request/reply on
 * `rpc.moment.<customer>`; the body is a CloudEvent either way.
 */
import { z } from "zod";
import { channelV1 } from "./channel.v1.js";

export const DEFAULT_DEADLINE_MS = 150;
export const MAX_DEADLINE_MS = 10_000;

/** What to show to the customer now, in the place from which the moment came. */
export const interventionV1 = z.object({
  decisionId: z.string(),
  commandId: z.string(),
  action: z.string(),
  channel: channelV1,
  title: z.string(),
  body: z.string(),
  /** Until when it may be shown, epoch ms. */
  expiresAt: z.number(),
});
export type Intervention = z.infer<typeof interventionV1>;

/** `decision: null`: go on as if nobody had asked. */
export const momentAnswerV1 = z
  .object({
    decision: interventionV1.nullable(),
    /** A code: `act`, `none`, `deadline`, `unavailable`, `duplicate`, … */
    reason: z.string(),
    latencyMs: z.number(),
  })
  .meta({ id: "MomentAnswer" });
export type MomentAnswer = z.infer<typeof momentAnswerV1>;

/** Headers of a moment's event in EVT, set by the gateway alone. */
export const momentHeaders = {
  /** Where the answer is waited for (a core NATS subject). */
  replyTo: "Segue-Moment-Reply",
  /** Until when, epoch ms of the wall. */
  deadline: "Segue-Moment-Deadline",
} as const;
