/** A customer's consents and holds as the API and the command line show them. Times are epoch ms on Segue's clock. */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { consentChangedV1, holdKindV1 } from "./cloud-event.v1.js";
import { customerIdV1 } from "./ids.js";

/** The event that told it, and its sequence in EVT. */
const eventRefV1 = z.object({ id: z.string(), source: z.string(), type: z.string(), seq: z.number().int() });

/** What is on record of one purpose, channel and address. */
export const consentRecordV1 = z
  .object({
    purpose: purposeV1,
    channel: channelV1,
    /** The bank's reference; without it, of the channel. */
    address: z.string().optional(),
    state: z.enum(["granted", "refused", "expired"]),
    expiresAt: z.number().optional(),
    obtainedAt: z.number(),
    evidence: z.string().optional(),
    source: z.string(),
    event: eventRefV1,
  })
  .meta({ id: "ConsentRecord" });
export type ConsentRecord = z.infer<typeof consentRecordV1>;

/** What was told once, whatever became of it. */
export const consentStatementV1 = z
  .object({
    purpose: purposeV1,
    channel: z.union([channelV1, z.literal("*")]),
    address: z.string().optional(),
    granted: z.boolean(),
    obtainedAt: z.number(),
    expiresAt: z.number().optional(),
    evidence: z.string().optional(),
    source: z.string(),
    /** False for what changed nothing: a grant from before a refusal. */
    taken: z.boolean(),
    event: eventRefV1,
  })
  .meta({ id: "ConsentStatement" });
export type ConsentStatement = z.infer<typeof consentStatementV1>;

export const customerConsentsV1 = z
  .object({
    customerId: customerIdV1,
    /** In the order of purpose, channel and address. What is not named is not on record. */
    consents: z.array(consentRecordV1),
    /** Oldest first. */
    history: z.array(consentStatementV1),
  })
  .meta({ id: "CustomerConsents" });
export type CustomerConsents = z.infer<typeof customerConsentsV1>;

export const holdRecordV1 = z
  .object({
    kind: holdKindV1,
    /** `over`: its end has come; it counts as lifted. */
    state: z.enum(["holds", "over"]),
    since: z.number(),
    until: z.number().optional(),
    by: z.string().optional(),
    reason: z.string().optional(),
    event: eventRefV1,
  })
  .meta({ id: "HoldRecord" });
export type HoldRecord = z.infer<typeof holdRecordV1>;

export const holdStatementV1 = z
  .object({
    kind: holdKindV1,
    placed: z.boolean(),
    at: z.number(),
    by: z.string().optional(),
    reason: z.string().optional(),
    until: z.number().optional(),
    /** False for what changed nothing. */
    taken: z.boolean(),
    event: eventRefV1,
  })
  .meta({ id: "HoldStatement" });
export type HoldStatement = z.infer<typeof holdStatementV1>;

export const customerHoldsV1 = z
  .object({
    customerId: customerIdV1,
    holds: z.array(holdRecordV1),
    /** Oldest first. */
    history: z.array(holdStatementV1),
  })
  .meta({ id: "CustomerHolds" });
export type CustomerHolds = z.infer<typeof customerHoldsV1>;

/** `POST /v1/customers/{id}/opt-out`. */
export const optOutV1 = consentChangedV1
  .pick({ evidence: true, source: true })
  .extend({
    /** No contact at all: also places the hold `opt-out`. Otherwise marketing, on every channel and address. */
    everything: z.boolean().optional(),
  })
  .meta({ id: "OptOut" });

/** `POST /v1/customers/{id}/holds/{kind}/release`: a person answers for it. */
export const holdReleaseV1 = z
  .object({ by: z.string().trim().min(1).max(64), reason: z.string().trim().min(1).max(256) })
  .meta({ id: "HoldRelease" });
