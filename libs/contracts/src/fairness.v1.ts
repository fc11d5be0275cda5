/**
 * Fairness monitors (`fairness/*.yaml`): whether groups of customers are offered, denied and contacted alike. The attribute
 * is one that no decision can know (`isProtected`); groups serve for monitoring alone.
 */
import { z } from "zod";
import { isProtected } from "./protected-attributes.v1.js";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
  .max(48);

/** What is compared: customers offered something, customers denied it, customers contacted. */
export const FAIRNESS_RATES = ["offer", "denial", "contact"] as const;
export type FairnessRate = (typeof FAIRNESS_RATES)[number];

export const fairnessV1 = z
  .strictObject({
    kind: z.literal("Fairness").describe("Says that this file is a fairness monitor"),
    id: id.describe("Name of the monitor"),
    version: z.number().int().positive().describe("Raised with every change"),
    description: z.string().describe("What is watched, and why"),
    attribute: z
      .string()
      .max(64)
      .refine(isProtected, {
        message:
          "the groups of a fairness monitor are of a protected attribute (sex, ageGroup, ethnicity, … or protected_<name>): any other may have a part in decisions",
      })
      .describe("The customer attribute that says the group"),
    bands: z
      .array(z.number())
      .min(1)
      .max(8)
      .optional()
      .describe("For a number: where one group ends and the next begins, ascending"),
    journeys: z
      .array(id)
      .min(1)
      .optional()
      .describe("Decisions of these journeys alone; without it of all, service messages included"),
    rates: z
      .array(z.enum(FAIRNESS_RATES))
      .min(1)
      .default([...FAIRNESS_RATES])
      .describe(
        "What is compared. For offer and contact too low a rate is what harms; for denial too high a one",
      ),
    bound: z
      .strictObject({
        ratio: z
          .number()
          .gt(0)
          .lt(1)
          .default(0.8)
          .describe(
            "Alert when a group's rate is below this share of the best group's (for denial: of being not denied); four fifths is the rule of thumb of 29 CFR 1607.4(D)",
          ),
        minimum: z
          .number()
          .int()
          .min(1)
          .default(30)
          .describe("Groups of fewer customers are shown and not judged"),
      })
      .prefault({})
      .describe("What raises an alert"),
  })
  .meta({ id: "Fairness", description: "Whether groups of customers are treated alike" });
export type FairnessDefinition = z.infer<typeof fairnessV1>;

/** Groups that are told apart by one monitor; further values count as one. */
export const MAX_GROUPS = 16;
