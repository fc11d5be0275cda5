/**
 * Experiments (`experiments/*.yaml`): control groups. Some customers, always the same, get no marketing, so that it can be
 * said what marketing is worth. Service messages and collections are never held back: there is no field for it.
 */
import { z } from "zod";
import { durationV1 } from "./duration.js";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
  .max(48);
const cel = z.string().min(1).max(2_000);

export const experimentV1 = z
  .strictObject({
    kind: z.literal("Experiment").describe("Says that this file is an experiment"),
    id: id.describe("Name of the experiment"),
    version: z.number().int().positive().describe("Raised with every change; decisions record it"),
    description: z.string().describe("What is to be learned from it"),
    journeys: z
      .array(id)
      .min(1)
      .optional()
      .describe(
        "The control group gets no marketing of these journeys; without it of no journey at all: a global control",
      ),
    control: z
      .strictObject({
        percent: z.number().gt(0).max(50).describe("Share of all customers in the control group"),
        salt: z
          .string()
          .min(1)
          .max(64)
          .optional()
          .describe("Draws the customers; another salt draws others. Without it the experiment's id"),
      })
      .describe("Who is held out: by a hash of customer and salt, so that it is the same customers always"),
    success: z
      .strictObject({
        event: z
          .union([z.string(), z.array(z.string()).min(1)])
          .describe("Event type, or a list of them. Of the bank's systems: it must come in both groups"),
        when: cel.optional().describe("Condition in CEL over the event alone"),
        value: cel.optional().describe("What it is worth, a number in CEL over the event alone"),
        within: durationV1.describe(
          "Counts so long after the customer's first decision in the experiment; before that is over the customer is not counted",
        ),
      })
      .describe("What is hoped for"),
  })
  .meta({
    id: "Experiment",
    description: "A control group, and what is hoped for from those who are in none",
  });
export type ExperimentDefinition = z.infer<typeof experimentV1>;
