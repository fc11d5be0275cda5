/** The catalogue (`catalogue/*.yaml`): what the bank can say or do. */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { LIMITS } from "./context.v1.js";
import { durationV1 } from "./duration.js";
import { priorV1 } from "./model.v1.js";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
  .max(48);
const cel = z.string().min(1).max(2_000);
const day = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/,
    "a date such as 2026-03-01, or a time with its offset such as 2026-03-01T09:00:00+01:00",
  );
/** Tag of an action: a journey may offer all actions of a tag. */
export const tagV1 = id;

export const variableV1 = z
  .strictObject({
    type: z
      .enum(["text", "number", "money", "date"])
      .describe(
        "How it is written: money from minor units with the event's currency, a date from ISO 8601 or epoch ms, in the customer's zone",
      ),
    required: z
      .boolean()
      .optional()
      .describe("true: without a value of this type the action cannot be said, and leaves the decision"),
    default: z
      .union([z.string().max(120), z.number()])
      .optional()
      .describe("Stands there when the event has no value of this type"),
  })
  .describe("A field of the event's data that texts may show");
export type VariableDefinition = z.infer<typeof variableV1>;

/** What a score is the product of, in this order. */
export const FACTORS = ["propensity", "value", "context", "lever"] as const;
export type FactorName = (typeof FACTORS)[number];

export const contextWeightV1 = z
  .strictObject({
    when: cel.describe("Condition in CEL"),
    weight: z.number().nonnegative().describe("What the score is multiplied with where it holds"),
    why: z.string().max(200).describe("The reason, for people"),
  })
  .describe("Makes an action worth more or less in a situation");
export type ContextWeight = z.infer<typeof contextWeightV1>;

export const treatmentV1 = z
  .strictObject({
    channel: channelV1,
    language: z
      .string()
      .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "a language tag such as cs or pt-BR")
      .optional()
      .describe(
        "Language of the text (BCP 47); without it, this is what a customer gets whose language no other treatment of the channel has",
      ),
    promotional: z.boolean().optional().describe("true: this text promotes something"),
    title: z.string().max(120).describe("Title or subject; {name} stands for a field of the event's data"),
    body: z
      .string()
      .max(2_000)
      .describe(
        "The text; {name} stands for a field of the event's data, {name|money} for an amount in minor units written as money",
      ),
    receiptTimeout: durationV1
      .default("10m")
      .describe("How long to wait for a positive receipt before the next channel is tried"),
  })
  .describe("What is said on one channel");

export const actionV1 = z
  .strictObject({
    id: id.describe("Name of the action; journeys call it by this"),
    description: z.string().describe("What it is, for people"),
    purpose: purposeV1,
    promotional: z
      .boolean()
      .optional()
      .describe(
        "true: it promotes something, which makes it marketing. false: somebody has looked at the words that read like promotion, and they are none here",
      ),
    tags: z
      .array(tagV1)
      .min(1)
      .max(16)
      .optional()
      .describe("A decide step may name a tag in place of actions"),
    cost: z
      .number()
      .nonnegative()
      .optional()
      .describe("What saying or doing it once costs, in the unit of value; default 0"),
    validity: z
      .strictObject({
        from: day.optional().describe("From this day on (UTC), or from this time"),
        until: day.optional().describe("Up to the end of this day (UTC), or to this time"),
      })
      .optional()
      .describe("When it may be decided for"),
    quota: z
      .strictObject({
        count: z.number().int().positive().max(1_000_000).describe("At most so often, over all customers"),
        period: durationV1.optional().describe("In any such period; without it ever"),
      })
      .optional()
      .describe("How often it may be said or done in all; given back by what was not delivered"),
    budget: z
      .strictObject({
        amount: z.number().positive().describe("At most so much, as the sum of cost"),
        period: durationV1.optional().describe("In any such period; without it ever"),
      })
      .optional()
      .describe("What it may cost in all; given back by what was not delivered"),
    variables: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/, "a field such as amountMinor"),
        variableV1,
      )
      .optional()
      .describe("The fields that its texts show. Where they are declared, a text may show no other"),
    value: z
      .number()
      .nonnegative()
      .describe(
        "What a success is worth to the bank, in its own unit; only the ratio between actions matters",
      ),
    weight: z.number().nonnegative().default(1).describe("A business lever that raises or lowers the value"),
    contextWeights: z
      .array(contextWeightV1)
      .max(8)
      .optional()
      .describe("Weights by situation; those whose condition holds are multiplied"),
    group: id.optional().describe("Actions that say much the same, such as all savings offers"),
    restFor: durationV1
      .optional()
      .describe("After it was said, neither it nor another action of its group and purpose for so long"),
    urgent: z.boolean().default(false).describe("May be said in quiet hours"),
    validFor: durationV1.default("1d").describe("How long it is worth sending after it was ordered"),
    eligibility: cel.optional().describe("Condition in CEL: may this customer have it at all"),
    applicability: cel.optional().describe("Condition in CEL: does it fit now"),
    suitability: cel.optional().describe("Condition in CEL: is it right for this customer"),
    model: id.optional().describe("The adaptive model (models/) that says how likely it succeeds"),
    prior: priorV1.optional(),
    treatments: z
      .array(treatmentV1)
      .min(1)
      .max(64)
      .describe("Per channel, in order of preference; several of one channel differ in language"),
    parameters: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("For execute and agent: handed to the channel"),
  })
  .describe("Something the bank can say or do");
export type TreatmentDefinition = z.infer<typeof treatmentV1>;
export type ActionDefinition = z.infer<typeof actionV1>;

export const arbitrationV1 = z
  .strictObject({
    off: z
      .array(z.enum(FACTORS))
      .max(FACTORS.length)
      .default([])
      .describe("Factors of the score that are switched off"),
    diversity: z
      .strictObject({
        contacts: z
          .number()
          .int()
          .min(2)
          .max(LIMITS.contacts)
          .describe("Of so many marketing contacts in a row"),
        sameAction: z
          .number()
          .int()
          .positive()
          .optional()
          .describe("At most so many may be of the same action"),
        sameGroup: z
          .number()
          .int()
          .positive()
          .optional()
          .describe("At most so many may be of the same group"),
      })
      .optional()
      .describe("Keeps marketing from repeating itself"),
  })
  .describe("How the best of several actions is found; holds for the actions of all catalogues");
export type Arbitration = z.infer<typeof arbitrationV1>;

export const catalogueV1 = z
  .strictObject({
    kind: z.literal("Catalogue").describe("Says that this file is a catalogue"),
    id: id.describe("Name of the catalogue"),
    version: z.number().int().positive().describe("Raised with every change; decisions record it"),
    description: z.string().describe("What its actions have in common"),
    arbitration: arbitrationV1.optional(),
    promotionalWords: z
      .record(
        z.string().regex(/^[A-Za-z]{2,3}$/, "a language such as cs"),
        z.array(z.string().min(2).max(60)).max(200),
      )
      .optional()
      .describe(
        "By language, words that read like promotion besides those that Segue knows; a trailing * stands for any ending",
      ),
    actions: z.array(actionV1).min(1).max(5_000).describe("The actions"),
  })
  .meta({ id: "Catalogue", description: "What the bank can say or do" });
export type CatalogueDefinition = z.infer<typeof catalogueV1>;
