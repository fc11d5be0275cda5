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

/** Candidates of one decision that may be named; more can compete by their tags. */
export const MAX_CANDIDATES = 512;

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
    /** Catalogue ids to choose from, and with `tags` whatever has one of them besides. */
    candidates: z.array(z.string()).max(MAX_CANDIDATES),
    /** Restricts and orders the channels; without it the action's own order counts. */
    channels: z.array(channelV1).optional(),
    /** Channels that must not be used (tried before in this journey). */
    exclude: z.array(channelV1).optional(),
    cap: journeyCapV1.optional(),
    tags: z.array(z.string()).min(1).max(16).optional(),
    engagement: engagementV1.optional(),
    /** Everything of this customer up to this EVT sequence is committed; what is asked about comes after it. */
    watermark: z.number().int().nonnegative().optional(),
  })
  .refine((r) => r.candidates.length > 0 || r.tags !== undefined, {
    path: ["candidates"],
    message: "names no candidate and no tag",
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
  /** It, or one of its group, was said too recently. */
  "exclusion",
  /** Too many of the last contacts were like it. */
  "diversity",
  /** The customer is in a control group. */
  "control",
  /** A context weight could not be computed. */
  "scoring",
  "policy",
  "arbitration",
  "chosen",
] as const;

/** Where one candidate left the funnel (or `chosen`), and why. */
export const explanationV1 = z.object({
  action: z.string(),
  stage: z.enum(STAGES),
  reason: z.string(),
  /** Of an exclusion: when its rest ends, epoch ms. */
  until: z.number().optional(),
  /** Present once it was scored: each factor by name, and what they come to. */
  score: z.number().optional(),
  factors: z.record(z.string(), z.number()).optional(),
  /** Others that left at the same stage with a reason of the same code, where many competed. */
  alike: z.array(z.string()).optional(),
});
export type Explanation = z.infer<typeof explanationV1>;

/**
 * Why a model had no say: there is none of this id; its state cannot be used; the bank's own answered too late, was not there, answered
 * nonsense (`model_broken`), or was not asked because it had failed several times just before.
 */
export const PROPENSITY_FALLBACKS = [
  "model_missing",
  "model_broken",
  "too_late",
  "unavailable",
  "not_asked",
] as const;

/** What an adaptive model expected of an action for this customer at this moment. */
export const propensityV1 = z.object({
  model: z.string(),
  /** Of the model's state. */
  version: z.number().int().nonnegative(),
  /** Calibrated mean. */
  p: z.number().min(0).max(1),
  /** What scores: drawn around the mean within bounds, so that the model also learns of what it does not yet prefer. */
  drawn: z.number().min(0).max(1),
  /** The features that mattered most; `effect` is their part of the log-odds. */
  top: z
    .array(z.object({ feature: z.string(), effect: z.number() }))
    .max(3)
    .optional(),
  /** Why the model had no say and the prior counts. */
  fallback: z.enum(PROPENSITY_FALLBACKS).optional(),
});
export type Propensity = z.infer<typeof propensityV1>;

/** Why a decision came out as it did. */
export const decisionExplanationV1 = z.object({
  explanations: z.array(explanationV1),
  verdicts: z.array(verdictV1),
  /** `catalogue/<id>`, `experiment/<id>` and `policy/<id>`, each with the name of its version (`versionName`). */
  versions: z.record(z.string(), z.string()),
  /** By action; absent when no candidate has a model. An input of the decision, like the request. */
  propensities: z.record(z.string(), propensityV1).optional(),
  /** Version of the arithmetic that scored (`libs/domain/src/decision/flags.ts`); absent: 0. */
  engine: z.number().int().positive().optional(),
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
