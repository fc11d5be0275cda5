import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { holdKindV1 } from "./cloud-event.v1.js";
import { contactAboutV1 } from "./engagement.v1.js";
import { customerIdV1 } from "./ids.js";
import { outcomeKindV1 } from "./outcome.v1.js";
import { journeyCapV1 } from "./policy.v1.js";

/**
 * A command that was ordered, with the contact that policy reserved for it: these entries are the ledger of
 * contacts, from which policy rebuilds its index.
 */
export const commandEntryV1 = z.object({
  kind: z.literal("command"),
  commandId: z.string(),
  reservationId: z.string(),
  action: z.string(),
  purpose: purposeV1,
  /** The first leg's. */
  channel: channelV1,
  /** Of all legs of the plan. */
  channels: z.array(channelV1).min(1),
  journey: z.string(),
  /** When it was ordered, Segue's clock, epoch ms. */
  at: z.number(),
  /** False for what is no contact (execute, agent): reserved, but not counted. */
  counts: z.boolean(),
  /** May be said in quiet hours that have begun since. */
  urgent: z.boolean(),
  /** The journey's cap that it was reserved under; counted again right before the send. */
  cap: journeyCapV1.optional(),
  /** What it is about; absent in entries of older releases. */
  about: contactAboutV1.optional(),
});
export type CommandEntry = z.infer<typeof commandEntryV1>;

/** A contact by another system of the bank, which reported it: in the ledger it counts as Segue's own do. */
export const reportedEntryV1 = z.object({
  kind: z.literal("contact-reported"),
  /** `reportedContactId` of its event. */
  contactId: z.string(),
  channel: channelV1,
  purpose: purposeV1,
  /** Whether somebody spoke with the customer. */
  conversation: z.boolean(),
  /** When it took place, epoch ms. */
  at: z.number(),
  journey: z.string().optional(),
  campaign: z.string().optional(),
  about: contactAboutV1.optional(),
});
export type ReportedEntry = z.infer<typeof reportedEntryV1>;

/** Entries that make the ledger of contacts: the message that holds one has kind `contact`. */
export function isLedgerEntry(entry: { readonly kind: string }): boolean {
  return entry.kind === "command" || entry.kind === "contact-reported";
}

/** What changed of a profile: what the rules go by, no personal data. */
export const profileChangeV1 = z.discriminatedUnion("what", [
  z.object({
    what: z.literal("consent"),
    purpose: purposeV1,
    /** `*` is every channel. */
    channel: z.union([channelV1, z.literal("*")]),
    granted: z.boolean(),
    /** The bank's reference of the address, where it is for one address. */
    address: z.string().optional(),
    /** A grant's expiry, epoch ms. */
    until: z.number().optional(),
  }),
  z.object({
    what: z.literal("hold"),
    hold: holdKindV1,
    placed: z.boolean(),
    /** Who placed or lifted it. Why is free text: it stands in the event alone. */
    by: z.string().optional(),
    until: z.number().optional(),
  }),
  z.object({ what: z.enum(["timezone", "language", "country", "region"]) }),
]);
export type ProfileChangeEntry = z.infer<typeof profileChangeV1>;

/** What happened to a customer because of one event. */
export const auditEntryV1 = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("journey-entered"),
    journey: z.string(),
    version: z.number().int(),
    instance: z.string(),
    /** Version of the engine whose behaviour the instance keeps; 0 when absent. */
    engine: z.number().int().optional(),
  }),
  z.object({
    kind: z.literal("journey-refused"),
    journey: z.string(),
    version: z.number().int(),
    reason: z.string(),
    /** The open instance that stands in the way. */
    by: z.string().optional(),
  }),
  z.object({
    kind: z.literal("journey-exited"),
    journey: z.string(),
    version: z.number().int(),
    instance: z.string(),
    reason: z.string(),
    /** For `displaced`: the journey that took its place. */
    by: z.string().optional(),
  }),
  z.object({
    kind: z.literal("goal-reached"),
    journey: z.string(),
    version: z.number().int(),
    instance: z.string(),
  }),
  /** Another marketing journey spoke in the same moment: the step was not asked about and went on to `otherwise`. */
  z.object({
    kind: z.literal("journey-outranked"),
    journey: z.string(),
    version: z.number().int(),
    instance: z.string(),
    step: z.string(),
    /** The journey that spoke. */
    by: z.string(),
  }),
  z.object({
    kind: z.literal("branch-started"),
    journey: z.string(),
    version: z.number().int(),
    /** Of the branch. */
    instance: z.string(),
    parent: z.string(),
    branch: z.string(),
  }),
  z.object({
    kind: z.literal("branch-ended"),
    journey: z.string(),
    version: z.number().int(),
    instance: z.string(),
    parent: z.string(),
    branch: z.string(),
    reason: z.string(),
  }),
  /** A parallel step for whose branches there was no room. */
  z.object({
    kind: z.literal("parallel-refused"),
    journey: z.string(),
    version: z.number().int(),
    instance: z.string(),
    step: z.string(),
    reason: z.string(),
  }),
  z.object({
    kind: z.literal("attributes-updated"),
    journey: z.string(),
    version: z.number().int(),
    instance: z.string(),
    step: z.string(),
    /** Names. */
    attributes: z.array(z.string()),
  }),
  /** It stands still from here on; its open wait keeps the time that is left. */
  z.object({
    kind: z.literal("journey-paused"),
    journey: z.string(),
    version: z.number().int(),
    instance: z.string(),
    /** `hold_<kind>`, or `journey_paused`. */
    reason: z.string(),
  }),
  z.object({
    kind: z.literal("journey-resumed"),
    journey: z.string(),
    version: z.number().int(),
    instance: z.string(),
    /** What had held it. */
    reason: z.string(),
  }),
  /** A running instance moved to another version; its open wait keeps its due time (I10). */
  z.object({
    kind: z.literal("journey-migrated"),
    journey: z.string(),
    /** The version it moved to. */
    version: z.number().int(),
    instance: z.string(),
    from: z.number().int(),
    /** Where it stands now. */
    step: z.string(),
    reason: z.enum(["migration", "rollback"]),
  }),
  z.object({
    kind: z.literal("decision"),
    decisionId: z.string(),
    journey: z.string(),
    instance: z.string(),
    step: z.string(),
    /** `unavailable`: no answer within the budget, so the step's own fallback was taken. */
    answer: z.enum(["act", "defer", "none", "unavailable"]),
    action: z.string().optional(),
    channel: channelV1.optional(),
    reason: z.string(),
    /** SHA-256 (hex) over the JSON of the decision record: it cannot be changed without the chain telling. */
    record: z.string().optional(),
  }),
  commandEntryV1,
  reportedEntryV1,
  z.object({
    kind: z.literal("outcome"),
    commandId: z.string(),
    action: z.string(),
    channel: channelV1,
    outcome: outcomeKindV1,
    reason: z.string(),
    tried: z.array(z.object({ channel: channelV1, reason: z.string() })),
  }),
  z.object({
    kind: z.literal("profile-changed"),
    event: z.string(),
    changes: z.array(profileChangeV1).optional(),
  }),
  z.object({ kind: z.literal("expression-failed"), where: z.string(), error: z.string() }),
]);
export type AuditEntry = z.infer<typeof auditEntryV1>;

/**
 * One record of a customer's audit chain: what one event brought about. `hash` is SHA-256 (hex) over the canonical
 * JSON of the record without `hash`; `prev` is the hash of record n-1 (empty for the first).
 */
export const auditRecordV1 = z
  .object({
    v: z.literal(1),
    customerId: customerIdV1,
    n: z.number().int().positive(),
    prev: z.string(),
    hash: z.string(),
    /** Segue's clock, epoch ms. */
    at: z.number(),
    event: z.object({
      id: z.string(),
      source: z.string(),
      type: z.string(),
      time: z.number(),
      /** Where it stands in EVT. */
      seq: z.number().int().optional(),
    }),
    /** None when the event only moved a journey on. */
    entries: z.array(auditEntryV1),
  })
  .meta({ id: "AuditRecord" });
export type AuditRecord = z.infer<typeof auditRecordV1>;

/**
 * A message of AUDIT: the records of one commit, in the order of the chain. Kind `contact` when a contact is among
 * them (`isLedgerEntry`), so that the ledger of contacts can be read alone, otherwise `step`.
 */
export const auditRecordsV1 = z
  .object({ records: z.array(auditRecordV1).min(1) })
  .meta({ id: "AuditRecords" });
export type AuditRecords = z.infer<typeof auditRecordsV1>;

/** Why a message went to DLQ. */
export const DLQ_REASONS = [
  "malformed_json",
  "not_a_cloudevent",
  "customer_mismatch",
  "unsafe_subject",
  "type_mismatch",
  "time_out_of_range",
  "too_large",
  "reserved_source",
  "invalid_data",
  "handler_failed",
] as const;
export type DlqReason = (typeof DLQ_REASONS)[number];

/** Headers of a DLQ message; the body is the original bytes, the other headers the original ones. */
export const dlqHeaders = {
  reason: "Segue-Dlq-Reason",
  detail: "Segue-Dlq-Detail",
  subject: "Segue-Dlq-Subject",
  stream: "Segue-Dlq-Stream",
  sequence: "Segue-Dlq-Sequence",
  /** Only the first bytes of the body and none of the original headers are here; the body's bytes in its stream. */
  cut: "Segue-Dlq-Cut",
} as const;
