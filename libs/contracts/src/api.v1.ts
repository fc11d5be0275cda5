/** Bodies of the gateway's HTTP API that are not contracts of their own. */
import { z } from "zod";
import { auditEntryV1 } from "./audit.v1.js";
import { consentChangedV1 } from "./cloud-event.v1.js";
import { contextV1 } from "./context.v1.js";
import { decisionRecordV1 } from "./decision.v1.js";
import { contactReportedV1 } from "./engagement.v1.js";
import { customerIdV1 } from "./ids.js";

/** What the stream said about one event: where it stands, and whether it stood there already. */
export const eventReceiptV1 = z
  .object({ id: z.string(), seq: z.number().int().positive(), duplicate: z.boolean() })
  .meta({ id: "EventReceipt" });
export type EventReceipt = z.infer<typeof eventReceiptV1>;

export const eventsAcceptedV1 = z
  .object({
    /** Events that the stream acknowledged, duplicates included. */
    accepted: z.number().int(),
    duplicates: z.number().int(),
    /** In the order of the request. */
    events: z.array(eventReceiptV1),
  })
  .meta({ id: "EventsAccepted" });
export type EventsAccepted = z.infer<typeof eventsAcceptedV1>;

/** A context as the API shows it: without what only the actor needs. Times are epoch ms on Segue's clock. */
export const customerViewV1 = contextV1
  .omit({ outbox: true, seen: true, outcomesUpTo: true, monitoring: true })
  .meta({ id: "Customer" });
export type CustomerView = z.infer<typeof customerViewV1>;

/** What one event changed for the customer. */
export const timelineItemV1 = z
  .object({
    /** Number of the record in the customer's audit chain. */
    n: z.number().int().positive(),
    /** When Segue handled it, on Segue's clock: epoch ms, and the same as ISO 8601. */
    at: z.number(),
    time: z.string(),
    event: z.object({ id: z.string(), source: z.string(), type: z.string(), time: z.string() }),
    /** One sentence per entry. */
    text: z.array(z.string()),
    entries: z.array(auditEntryV1),
  })
  .meta({ id: "TimelineItem" });
export type TimelineItem = z.infer<typeof timelineItemV1>;

export const timelineV1 = z
  .object({
    customerId: customerIdV1,
    /** Newest first. */
    items: z.array(timelineItemV1),
    /** Pass as `before` for the next page; absent on the last one. */
    next: z.number().int().optional(),
  })
  .meta({ id: "Timeline" });
export type Timeline = z.infer<typeof timelineV1>;

export const decisionViewV1 = decisionRecordV1
  .extend({
    /** The decision in plain words. */
    summary: z.string(),
    /** SHA-256 (hex) of the record, which the entry of the customer's timeline that tells of it names. */
    sha256: z.string(),
  })
  .meta({ id: "Decision" });
export type DecisionView = z.infer<typeof decisionViewV1>;

/** A contact that another system of the bank made or tried. */
export const contactPostV1 = z
  .strictObject({
    id: z.string().min(1).max(256).describe("The other system's own id of the contact"),
    source: z.string().min(1).max(256).describe("The other system; ids are unique within it"),
    customerId: customerIdV1,
    at: z.iso.datetime({ offset: true }).describe("When it took place"),
    ...contactReportedV1.shape,
  })
  .meta({ id: "ContactPost", description: "A contact by another system of the bank" });
export type ContactPost = z.infer<typeof contactPostV1>;

export const consentsPutV1 = z.object({ consents: z.array(consentChangedV1).min(1).max(27) }).meta({
  id: "Consents",
  description: "Changes of consent, applied in order; `*` as channel means every channel",
});
