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
    treatments: z.array(treatmentV1).min(1).max(8).describe("Per channel, in order of preference"),
    parameters: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("For execute and agent: handed to the channel"),
  })
  .describe("Something the bank can say or do");
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
    actions: z.array(actionV1).min(1).describe("The actions"),
  })
  .meta({ id: "Catalogue", description: "What the bank can say or do" });
export type CatalogueDefinition = z.infer<typeof catalogueV1>;
