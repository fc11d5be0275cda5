/** How a customer took what was said: what cools down and what was ignored, folded from events, bounded. */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";

/** What a contact is about. What is not known is absent. */
export const contactAboutV1 = z
  .object({
    /** `<source>:<id>` of the event that it goes back to. */
    event: z.string().optional(),
    /** The bank's own name of the debt. */
    debt: z.string().optional(),
  })
  .meta({ id: "ContactAbout" });
export type ContactAbout = z.infer<typeof contactAboutV1>;

/** Longer names of debts are not kept. */
const DEBT_CHARS = 64;

/** What contacts are about that an event brings about: the event itself, and the debt that its `data.debtId` names. */
export function aboutOf(event: {
  readonly source: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}): ContactAbout {
  const about: ContactAbout = { event: `${event.source}:${event.id}` };
  const debt = event.data["debtId"];
  if ((typeof debt === "string" && debt !== "" && debt.length <= DEBT_CHARS) || Number.isSafeInteger(debt))
    about.debt = String(debt);
  return about;
}

/** After what a rule may ask for silence. */
export const COOLS_DOWN = ["conversion", "refusal", "complaint", "conversation"] as const;
export type CoolsDown = (typeof COOLS_DOWN)[number];

/** How many of the last facts are kept per customer: one per kind, purpose and debt. */
export const MAX_ENGAGEMENTS = 16;

export const engagementV1 = z
  .object({
    /** When each last happened, the newest last. */
    last: z
      .array(
        z.object({
          what: z.enum(COOLS_DOWN),
          /** Absent: of any. */
          purpose: purposeV1.optional(),
          debt: z.string().optional(),
          /** Epoch ms. */
          at: z.number(),
        }),
      )
      .max(MAX_ENGAGEMENTS)
      .optional(),
    /** Per purpose: contacts that arrived since the last response, and when the last of them did. */
    ignored: z.record(z.string(), z.object({ n: z.number().int().positive(), last: z.number() })).optional(),
  })
  .meta({ id: "Engagement" });
export type Engagement = z.infer<typeof engagementV1>;

/** Data of `contact.reported`: another system of the bank contacted the customer, when the event says. */
export const contactReportedV1 = z
  .object({
    channel: channelV1.exclude(["execute"]),
    purpose: purposeV1,
    /** `attempt`: tried, whether or not the customer noticed. `conversation`: somebody spoke with them. */
    kind: z.enum(["attempt", "conversation"]),
    journey: z.string().min(1).max(64).optional(),
    campaign: z.string().min(1).max(64).optional(),
    about: z
      .object({
        event: z.string().min(1).max(256).optional(),
        debt: z.string().min(1).max(DEBT_CHARS).optional(),
      })
      .optional(),
  })
  .meta({ id: "ContactReported" });
export type ContactReported = z.infer<typeof contactReportedV1>;

/** Tells a reported contact from any other of the customer. Reservations have no colon in their ids. */
export function reportedContactId(event: {
  readonly id: string;
  readonly source: string;
  readonly sourceUri?: string;
}): string {
  return `${event.sourceUri ?? event.source}:${event.id}`;
}
