/**
 * Policy packs (`policies/*.yaml`): what may be said, when, and how often. Every pack applies that names no place, or one
 * where the customer may be; the strictest wins.
 */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { holdKindV1 } from "./cloud-event.v1.js";
import { durationV1, localTimeV1 } from "./duration.js";
import { COOLS_DOWN } from "./engagement.v1.js";

export const legalSourceV1 = z
  .strictObject({
    citation: z.string().min(1).describe("The provision, as it is cited"),
    says: z.string().min(1).describe("What it asks for, in short"),
    since: z.iso.date().optional().describe("In force since"),
    url: z.url().optional().describe("Where its text stands"),
    verified: z
      .enum(["text", "account", "unverified"])
      .describe(
        "What it was compared with: the words of the provision itself, what an authority or a law firm writes of it, or nothing",
      ),
    checked: z.iso.date().describe("When that was done"),
  })
  .meta({ id: "LegalSource", description: "Where a rule comes from, and how that was verified" });
export type LegalSource = z.infer<typeof legalSourceV1>;

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Countries whose public holidays Segue computes. */
export const HOLIDAY_CALENDARS = ["AU", "CA", "FR"] as const;
export type HolidayCalendar = (typeof HOLIDAY_CALENDARS)[number];

export const contactTimesV1 = z
  .strictObject({
    open: z
      .array(
        z.strictObject({
          days: z.array(z.enum(WEEKDAYS)).min(1).describe("On these days of the week"),
          from: localTimeV1.describe("From this local time of the customer"),
          to: z
            .union([localTimeV1, z.literal("24:00")])
            .describe("Until this one of the same day, which is no longer part of it; 24:00 is midnight"),
        }),
      )
      .min(1)
      .describe("When contacts are allowed; at all other times they are not"),
    closedOn: z
      .enum(HOLIDAY_CALENDARS)
      .optional()
      .describe("Closed on the public holidays of this country too"),
  })
  .meta({
    id: "ContactTimes",
    description:
      "When contacts are allowed, by the customer's own clock. Urgency opens them for service alone",
  });
export type ContactTimes = z.infer<typeof contactTimesV1>;

export const CALENDARS = ["day", "week", "month"] as const;
export type Calendar = (typeof CALENDARS)[number];

export const capV1 = z
  .strictObject({
    count: z.number().int().positive().describe("At most so many contacts"),
    period: durationV1.optional().describe("In any such period, rolling"),
    calendar: z
      .enum(CALENDARS)
      .optional()
      .describe("Instead of a period: in a calendar day, week (from Monday) or month where the customer is"),
    channel: channelV1.optional().describe("Only on this channel"),
    channels: z
      .array(channelV1)
      .min(1)
      .optional()
      .describe(
        "Only on these channels, on each of which a contact is an attempt of its own; without it on all, and a contact with its fallbacks is one",
      ),
    scope: z
      .enum(["purpose", "journey", "all"])
      .optional()
      .describe(
        "What it counts: contacts of this purpose, of the same journey, or all; without it those of the purpose",
      ),
    per: z
      .enum(["customer", "debt", "event"])
      .optional()
      .describe(
        "Counts those about the same debt (`debtId` of the event), or caused by the same event; one about which that is not known counts for every",
      ),
  })
  .refine((c) => (c.period === undefined) !== (c.calendar === undefined), {
    error: "a cap has a period or a calendar: one of the two",
  })
  .refine((c) => c.channel === undefined || c.channels === undefined, {
    error: "a cap has a channel or channels, not both",
  })
  .meta({ id: "Cap", description: "A bound of contacts" });
export type CapDefinition = z.infer<typeof capV1>;

export const coolDownV1 = z
  .strictObject({
    after: z
      .enum(COOLS_DOWN)
      .describe(
        "conversion: the customer accepted; refusal: declined; complaint: a hold for one was placed; conversation: somebody spoke with them. Conversions, refusals and conversations of this purpose; complaints of any",
      ),
    for: durationV1.describe("No contact for so long afterwards"),
    channels: z.array(channelV1).min(1).optional().describe("On these channels; without it on all"),
    per: z
      .enum(["customer", "debt"])
      .optional()
      .describe("debt: only about the same debt; one about which that is not known silences every"),
  })
  .meta({ id: "CoolDown", description: "Silence after what the customer did" });
export type CoolDown = z.infer<typeof coolDownV1>;

export const policyRuleV1 = z.strictObject({
  purpose: purposeV1,
  channels: z
    .array(channelV1)
    .min(1)
    .optional()
    .describe(
      "The rule is about these channels; without it about all. Times and caps are about `agent` (a case for a human, who may call) only where it is named here",
    ),
  source: legalSourceV1.optional(),
  consent: z
    .enum(["required", "not-refused", "ignored"])
    .describe("Whether a recorded consent is needed. A recorded refusal always counts"),
  blockedBy: z.array(holdKindV1).default([]).describe("Holds that stop it"),
  quietHours: z
    .strictObject({
      from: localTimeV1.describe("From this local time of the customer"),
      to: localTimeV1.describe("Until this one, over midnight if it is earlier"),
      channels: z.array(channelV1).optional().describe("On these channels; without it on all"),
    })
    .optional()
    .describe("No contact between these times; what may not be said then is deferred until the end"),
  contactTimes: contactTimesV1.optional(),
  spread: durationV1
    .optional()
    .describe(
      "What was deferred is let go spread over this long from the opening on, so that it does not all go at once",
    ),
  caps: z.array(capV1).default([]).describe("Bounds of contacts"),
  coolDown: z.array(coolDownV1).optional().describe("Silence after what the customer did"),
  suppressAfterIgnored: z
    .strictObject({
      count: z
        .number()
        .int()
        .positive()
        .describe("So many contacts of this purpose in a row without any response"),
      for: durationV1.describe("Nothing more for so long after the last of them"),
    })
    .optional()
    .describe(
      "Silence after contacts that arrived and were ignored. Opening, clicking, accepting and declining are responses",
    ),
});
export type PolicyRule = z.infer<typeof policyRuleV1>;

export const policyPackV1 = z
  .strictObject({
    kind: z.literal("PolicyPack").describe("Says that this file is a policy pack"),
    id: z
      .string()
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      .max(48)
      .describe("Name of the pack"),
    version: z.number().int().positive().describe("Raised with every change; verdicts record it"),
    description: z.string().describe("What it is for"),
    source: z.string().describe("Law, regulation or house rule that it comes from"),
    appliesTo: z
      .strictObject({
        countries: z
          .array(z.string().regex(/^[A-Z]{2}$/, "two capital letters, ISO 3166-1"))
          .min(1)
          .optional()
          .describe("Customers in these countries (ISO 3166-1 alpha-2)"),
        regions: z
          .array(
            z.string().regex(/^[A-Z]{2}-[A-Z0-9]{1,3}$/, "a country and its part, ISO 3166-2, e.g. US-FL"),
          )
          .min(1)
          .optional()
          .describe("Customers in these parts of countries (ISO 3166-2)"),
      })
      .optional()
      .describe(
        "Where the pack applies, in any of these places; without it everywhere. For marketing and collections it applies unless the customer is known to be elsewhere, for service only where they are known to be there",
      ),
    rules: z
      .array(
        policyRuleV1.refine((r) => r.purpose !== "service" || r.caps.every((c) => c.scope !== "all"), {
          error: "a cap of service cannot count all purposes: marketing would block service messages",
          path: ["caps"],
        }),
      )
      .min(1)
      .describe("Rules for each purpose; of several the strictest counts"),
  })
  .meta({ id: "PolicyPack", description: "What may be said, when, and how often" });
export type PolicyPackDefinition = z.infer<typeof policyPackV1>;
