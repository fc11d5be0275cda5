import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { engagementV1 } from "./engagement.v1.js";
import { customerIdV1 } from "./ids.js";
import { journeyCapV1, MAX_RUN, profileV1, verdictV1 } from "./policy.v1.js";

/** The event that a decision is about, as expressions see it (`event`). `time` is epoch ms. */
export const momentV1 = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  time: z.number(),
  data: z.record(z.string(), z.unknown()),
});
export type Moment = z.infer<typeof momentV1>;

/** The part of a context that expressions may read (`context`). Times are epoch ms. */
export const contextViewV1 = z.object({
  now: z.number(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** Per event type: how many were applied, and when the last one happened. */
  signals: z.record(z.string(), z.object({ n: z.number(), last: z.number() })),
  /** Rolling windows by id, as of `now`; what is not here is 0. */
  windows: z.record(z.string(), z.number()).optional(),
  /** The last contacts, oldest first. */
  contacts: z.array(
    z.object({
      action: z.string(),
      channel: channelV1,
      purpose: purposeV1,
      at: z.number(),
      outcome: z.string().optional(),
    }),
  ),
});
export type ContextView = z.infer<typeof contextViewV1>;

export const decisionRequestV1 = z
  .object({
    decisionId: z.string(),
    customerId: customerIdV1,
    /** The time to decide by, epoch ms. */
    at: z.number(),
    moment: momentV1,
    context: contextViewV1,
    profile: profileV1,
    journey: z.object({ id: z.string(), version: z.number().int(), instance: z.string(), step: z.string() }),
    /** Catalogue ids to choose from. */
    candidates: z.array(z.string()).min(1).max(64),
    /** Restricts and orders the channels; without it the action's own order counts. */
    channels: z.array(channelV1).optional(),
    /** Channels that must not be used (tried before in this journey). */
    exclude: z.array(channelV1).optional(),
    cap: journeyCapV1.optional(),
    engagement: engagementV1.optional(),
    /** Everything of this customer up to this EVT sequence is committed; what is asked about comes after it. */
    watermark: z.number().int().nonnegative().optional(),
  })
  .meta({ id: "DecisionRequest" });
export type DecisionRequest = z.infer<typeof decisionRequestV1>;

/**
 * Decisions of one customer, in order: for waiting events, that need not go the whole way one by one. Each request is what
 * it will be if the ones before it are answered `none`, which is known beforehand because nothing else changes (I3).
 */
export const decisionRunV1 = z
  .object({ requests: z.array(decisionRequestV1).min(1).max(MAX_RUN) })
  .meta({ id: "DecisionRun" });
export type DecisionRun = z.infer<typeof decisionRunV1>;

/** One leg of a plan: a channel, what to say on it, and how long to wait for a positive receipt. */
export const planLegV1 = z.object({
  channel: channelV1,
  title: z.string(),
  body: z.string(),
  receiptTimeoutMs: z.number().positive(),
});
export type PlanLeg = z.infer<typeof planLegV1>;

export const decisionReplyV1 = z
  .discriminatedUnion("kind", [
    z.object({
      kind: z.literal("act"),
      decisionId: z.string(),
      action: z.string(),
      purpose: purposeV1,
      /** May be said in quiet hours. */
      urgent: z.boolean(),
      reservationId: z.string(),
      /** First leg first; the rest is the fallback. */
      plan: z.array(planLegV1).min(1),
      /** How long the command is worth carrying out. */
      validForMs: z.number().positive(),
      /** For `execute` and `agent`: what to do, from the catalogue. */
      parameters: z.record(z.string(), z.unknown()),
      reason: z.string(),
    }),
    z.object({ kind: z.literal("defer"), decisionId: z.string(), until: z.number(), reason: z.string() }),
    z.object({ kind: z.literal("none"), decisionId: z.string(), reason: z.string() }),
  ])
  .meta({ id: "DecisionReply" });
export type DecisionReply = z.infer<typeof decisionReplyV1>;

export const STAGES = [
  "eligibility",
  "applicability",
  "suitability",
  "channel",
  "policy",
  "arbitration",
  "chosen",
] as const;

/** Where one candidate left the funnel (or `chosen`), and why. */
export const explanationV1 = z.object({
  action: z.string(),
  stage: z.enum(STAGES),
  reason: z.string(),
  /** Present once it was scored: each factor by name, and their product. */
  score: z.number().optional(),
  factors: z.record(z.string(), z.number()).optional(),
});
export type Explanation = z.infer<typeof explanationV1>;

/** Why a decision came out as it did. */
export const decisionExplanationV1 = z.object({
  explanations: z.array(explanationV1),
  verdicts: z.array(verdictV1),
  /** `catalogue/<id>` and `policy/<id>`, each with the name of its version (`versionName`). */
  versions: z.record(z.string(), z.string()),
});
export type DecisionExplanation = z.infer<typeof decisionExplanationV1>;

/** What the decision service answers. */
export const decisionAnswerV1 = z
  .object({
    reply: decisionReplyV1,
    /** A `DecisionExplanation` as JSON text: it goes on record as it is, and nobody on the way reads it. */
    explanation: z.string().startsWith("{").endsWith("}"),
  })
  .meta({ id: "DecisionAnswer" });
export type DecisionAnswer = z.infer<typeof decisionAnswerV1>;

/** Answers to the first requests of a run, ending at the latest with the first that is not `none`. */
export const decisionRunAnswerV1 = z
  .object({ answers: z.array(decisionAnswerV1).min(1).max(MAX_RUN) })
  .meta({ id: "DecisionRunAnswer" });
export type DecisionRunAnswer = z.infer<typeof decisionRunAnswerV1>;

/** The record of a decision: everything needed to explain it and to compute it again (I9). */
export const decisionRecordV1 = z
  .object({ request: decisionRequestV1, reply: decisionReplyV1, ...decisionExplanationV1.shape })
  .meta({ id: "DecisionRecord" });
export type DecisionRecord = z.infer<typeof decisionRecordV1>;

/** A message of AUDIT, kind `decision`: the records of one commit, in order. */
export const decisionRecordsV1 = z
  .object({ records: z.array(decisionRecordV1).min(1) })
  .meta({ id: "DecisionRecords" });
export type DecisionRecords = z.infer<typeof decisionRecordsV1>;
