import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { holdKindV1 } from "./cloud-event.v1.js";
import { contactAboutV1, engagementV1 } from "./engagement.v1.js";
import { customerIdV1 } from "./ids.js";
import { limitsV1 } from "./limit.v1.js";

/**
 * What Segue knows of a customer that decides whether it may speak: held in the context (in event order)
 * and indexed by the policy service. `seq` is the EVT sequence of the last event that changed it, so that
 * of two copies the newer one is known.
 */
export const profileV1 = z
  .object({
    seq: z.number().int().nonnegative(),
    timezone: z.string().optional(),
    language: z.string().optional(),
    /** Where the customer lives: ISO 3166-1 alpha-2, and its part after ISO 3166-2, e.g. `US` and `US-FL`. */
    country: z.string().optional(),
    region: z.string().optional(),
    /** Key `<purpose>.<channel>`; absent means that nothing is on record. */
    consents: z.record(z.string(), z.boolean()),
    holds: z.array(z.object({ kind: holdKindV1, since: z.number(), until: z.number().optional() })),
    /** Where each channel is sent to by now (`addressRefV1`). */
    addresses: z.partialRecord(channelV1, z.string()).optional(),
    /** Consents for one address each; key `<purpose>.<channel>.<address>`. They say more than those of the channel. */
    consentsAt: z.record(z.string(), z.boolean()).optional(),
    /** When the grant under a key of `consents` or `consentsAt` expires, epoch ms. */
    consentUntil: z.record(z.string(), z.number()).optional(),
    /** What a STOP ended, and START brings back: true for a grant, false where nothing was on record. */
    stopped: z.record(z.string(), z.boolean()).optional(),
    /** When a refusal was made, epoch ms, where it says so: a grant from before lifts it not. */
    refusedAt: z.record(z.string(), z.number()).optional(),
  })
  .meta({ id: "Profile" });
export type Profile = z.infer<typeof profileV1>;

/** Key into `Profile.consents`, with an address into `Profile.consentsAt`. */
export function consentKey(purpose: string, channel: string, address?: string): string {
  return address === undefined ? `${purpose}.${channel}` : `${purpose}.${channel}.${address}`;
}

/** So many of the best-ranked candidates are put to policy; what is ranked behind them is not asked about. */
export const MAX_OPTIONS = 64;

/** One ranked action put to the policy service: channels in order of preference. */
export const policyOptionV1 = z.object({
  action: z.string(),
  purpose: purposeV1,
  channels: z.array(channelV1).min(1).max(8),
  /** An urgent action may be said in quiet hours. */
  urgent: z.boolean(),
  /** Quota and budget of the action, where it has one. */
  limits: limitsV1.optional(),
});
export type PolicyOption = z.infer<typeof policyOptionV1>;

/** A cap that a journey brings along: at most `count` contacts of this journey within `periodMs`. */
export const journeyCapV1 = z.object({
  journey: z.string(),
  count: z.number().int().positive(),
  periodMs: z.number().positive(),
});
export type JourneyCap = z.infer<typeof journeyCapV1>;

export const evaluateRequestV1 = z
  .object({
    decisionId: z.string(),
    customerId: customerIdV1,
    /** The time to judge by, epoch ms. */
    at: z.number(),
    /** Ranked, best first. */
    options: z.array(policyOptionV1).min(1).max(MAX_OPTIONS),
    journey: z.string().optional(),
    cap: journeyCapV1.optional(),
    /** The context's copy of the profile as of the event being handled. */
    profile: profileV1,
    /** Whether anything was ever ordered for this customer, as the context knows it. */
    contacted: z.boolean().optional(),
    /** Everything of this customer up to this EVT sequence is committed, and in `profile` and `contacted`. */
    watermark: z.number().int().nonnegative().optional(),
    about: contactAboutV1.optional(),
    /** As of the event being handled. */
    engagement: engagementV1.optional(),
    /** Only asked: it is judged and counted, and nothing is reserved. The reply has no reservation then. */
    preview: z.literal(true).optional(),
  })
  .meta({ id: "PolicyEvaluateRequest" });
export type EvaluateRequest = z.infer<typeof evaluateRequestV1>;

/** Requests that may travel together. */
export const MAX_RUN = 16;

/** Requests of one customer, in order. Each presumes that the ones before it reserve nothing and defer nothing. */
export const evaluateRunV1 = z
  .object({ requests: z.array(evaluateRequestV1).min(1).max(MAX_RUN) })
  .meta({ id: "PolicyEvaluateRun" });
export type EvaluateRun = z.infer<typeof evaluateRunV1>;

export const REASON_CODES = [
  "permitted",
  "no_consent_record",
  "consent_refused",
  "consent_expired",
  "hold_fraud",
  "hold_hardship",
  "hold_vulnerable",
  "hold_complaint",
  "hold_moratorium",
  "hold_litigation",
  "hold_deceased",
  "hold_opt_out",
  "no_timezone",
  "quiet_hours",
  "outside_contact_times",
  "cap_reached",
  "journey_cap_reached",
  "quota_reached",
  "budget_spent",
  /** Silence after a conversion, a refusal, a complaint or a conversation. */
  "cool_down",
  /** Silence after contacts that were ignored. */
  "suppressed_ignored",
  "policy_unavailable",
  "reservation_missing",
  "reservation_released",
  "outranked",
  /** By the kill switch. */
  "stopped",
] as const;
export const reasonCodeV1 = z.enum(REASON_CODES).meta({ id: "ReasonCode" });
export type ReasonCode = z.infer<typeof reasonCodeV1>;

/** The policy's answer for some actions on one channel. `until` (epoch ms) when deferred, and where a silence ends. */
export const verdictV1 = z
  .object({
    /** Those of whom all the rest is true, in order of rank: most candidates are judged alike. */
    actions: z.array(z.string()).min(1),
    channel: channelV1,
    verdict: z.enum(["permitted", "deferred", "denied"]),
    reason: reasonCodeV1,
    /** The rule that decided, e.g. `default/marketing/caps/0`. */
    rule: z.string().optional(),
    until: z.number().optional(),
  })
  .meta({ id: "Verdict" });
export type Verdict = z.infer<typeof verdictV1>;

export const evaluateReplyV1 = z
  .object({
    /** Set when something was permitted and is now reserved; equals the decision id. */
    reservationId: z.string().optional(),
    /** What was reserved: the first permitted action, with every permitted channel of it in order. */
    chosen: z.object({ action: z.string(), channels: z.array(channelV1).min(1) }).optional(),
    /** Each action on each of its channels once, grouped, in order of the first action of each. */
    verdicts: z.array(verdictV1),
    /** Policy packs that judged, `id@` and the name of the version (`versionName`). */
    packs: z.array(z.string()),
  })
  .meta({ id: "PolicyEvaluateReply" });
export type EvaluateReply = z.infer<typeof evaluateReplyV1>;

/** Replies to the first requests of a run, ending at the latest with the first that reserves or defers something. */
export const evaluateRunReplyV1 = z
  .object({ replies: z.array(evaluateReplyV1).min(1).max(MAX_RUN) })
  .meta({ id: "PolicyEvaluateRunReply" });
export type EvaluateRunReply = z.infer<typeof evaluateRunReplyV1>;

/** Asked by the channel service right before each send. */
export const gateRequestV1 = z
  .object({
    commandId: z.string(),
    reservationId: z.string(),
    customerId: customerIdV1,
    action: z.string(),
    purpose: purposeV1,
    /** Of the command; the kill switch may stop it. */
    journey: z.string().optional(),
    channel: channelV1,
    /** 0 for the first channel of the plan, 1 for the second, … */
    attempt: z.number().int().min(0).max(8),
    /** Epoch ms to judge by. */
    at: z.number(),
    /** Tells one delivery of the command from another: a retry of the same delivery may go, another may not. */
    delivery: z.string(),
    redelivered: z.boolean(),
    /** When the command was first published, wall-clock epoch ms. */
    publishedAt: z.number(),
  })
  .meta({ id: "PolicyGateRequest" });
export type GateRequest = z.infer<typeof gateRequestV1>;

export const gateReplyV1 = z
  .object({
    /**
     * `go`: send now, once. `stop`: do not send (outcome `suppressed`, with the reason).
     * `claimed`: another delivery of this attempt may have sent already: outcome `unknown`, unless one is on record.
     */
    answer: z.enum(["go", "stop", "claimed"]),
    reason: reasonCodeV1,
  })
  .meta({ id: "PolicyGateReply" });
export type GateReply = z.infer<typeof gateReplyV1>;
