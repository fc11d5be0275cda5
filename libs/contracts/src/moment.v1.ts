/**
 * A moment: an event on which an answer is wanted at once (I12). Over HTTP `POST /v1/moments`, over NATS request/reply on
 * `rpc.moment.<customer>`; the body is a CloudEvent either way.
 */
import { z } from "zod";
import { channelV1 } from "./channel.v1.js";
import { eventTypes } from "./cloud-event.v1.js";
import type { ResponseOutcome } from "./outcome.v1.js";

export const DEFAULT_DEADLINE_MS = 150;
export const MIN_DEADLINE_MS = 20;
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

/**
 * `decision: null`: go on as if nobody had asked. Reasons:
 * - `act`: there is a decision;
 * - `none`: no journey asked for one; or the code of the decision not to speak (`no_consent_record`, `cap_reached`, …), or
 *   why it was not said after all (`opted_out`, …); `elsewhere`: something is said, but on another channel;
 * - `deadline`: the event is stored, but no answer came in time;
 * - `unavailable`: not even stored by then. It is tried on for a while; who must be sure sends it to `POST /v1/events`;
 * - `duplicate`: the event was stored before, and its answer is not known any more;
 * - `busy`: the gateway holds as many events as it may; this one is not stored;
 * - `failed`: the event could not be handled.
 */
export const momentAnswerV1 = z
  .object({
    decision: interventionV1.nullable(),
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

/** What is sent to `replyTo`: by the in-app channel with an intervention, as a request; by the actor without one. */
export const momentReplyV1 = z.object({
  decision: interventionV1.nullable(),
  reason: z.string(),
  /** Without an intervention: the command whose will not come. The request is answered as if it had been sent again. */
  commandId: z.string().optional(),
});
export type MomentReply = z.infer<typeof momentReplyV1>;

/** The gateway's answer to the in-app channel: whether the caller got the command's intervention, now or before. */
export const momentTakenV1 = z.object({ taken: z.boolean() });
export type MomentTaken = z.infer<typeof momentTakenV1>;

/** Data of `moment.shown`, `moment.accepted` and `moment.declined`, which the app publishes. */
export const momentActV1 = z.object({ commandId: z.string().min(1).max(128) });

/** As what an act of the customer counts for the command that it is about. */
export const OUTCOME_OF_ACT: ReadonlyMap<string, ResponseOutcome> = new Map<string, ResponseOutcome>([
  [eventTypes.momentShown, "opened"],
  [eventTypes.momentAccepted, "converted"],
  [eventTypes.momentDeclined, "declined"],
]);
