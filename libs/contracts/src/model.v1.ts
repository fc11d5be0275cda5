/** Adaptive models (`models/*.yaml`): what is learned from outcomes, of which features, and how far the system may try things out. */
import { z } from "zod";
import { durationMs, durationV1 } from "./duration.js";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
  .max(48);
const cel = z.string().min(1).max(500);

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Features of one model: each costs every decision and the square of their number every state. */
export const MAX_FEATURES = 24;

export const featureV1 = z
  .strictObject({
    kind: z
      .enum(["number", "category", "flag"])
      .describe("number; category: one of a few texts; flag: true or false"),
    scale: z
      .enum(["linear", "log"])
      .optional()
      .describe(
        "log: of a number over several magnitudes, such as an amount or a count, the logarithm is taken",
      ),
    of: cel.describe(
      "Expression in CEL over `event` and `context`; what cannot be computed counts as missing",
    ),
  })
  .describe("Something known at the time of the decision that may tell how the customer responds");
export type FeatureDefinition = z.infer<typeof featureV1>;

const name = z.string().regex(/^[a-z][A-Za-z0-9]{0,31}$/, "a name such as balance or daysSinceLogin");
const endpoint = z.url({ protocol: /^https?$/ });
const deadline = durationV1
  .default("20ms")
  .refine((text) => durationMs(text) >= 1 && durationMs(text) <= 200, "a deadline is 1ms to 200ms")
  .describe("How long a decision waits for it; then the prior counts");

/** The bank's own model. Its answers are used as they are; nothing is learned. */
export const modelSourceV1 = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("http"),
      url: endpoint.describe(
        "Where features are posted as JSON, and propensities come back (docs/decisioning.md)",
      ),
      deadline,
    }),
    z.strictObject({
      kind: z.literal("onnx"),
      file: z
        .string()
        .max(256)
        .describe("The .onnx file, relative to the definitions folder; needs the package onnxruntime-node"),
      inputs: z
        .array(name)
        .min(1)
        .max(MAX_FEATURES)
        .describe("Numbers and flags among the features, in the order of the columns of its input"),
      output: z.string().max(128).optional().describe("Name of the output; without it the last one"),
      actions: z
        .array(id)
        .min(1)
        .max(64)
        .describe("Actions in the order of the columns of its output, each a propensity"),
      deadline,
    }),
  ])
  .describe("A model of the bank's own, in place of one that learns here");
export type ModelSource = z.infer<typeof modelSourceV1>;

export const modelV1 = z
  .strictObject({
    kind: z.literal("Model").describe("Says that this file is a model"),
    id: id.describe("Name of the model; actions call it by this"),
    version: z
      .number()
      .int()
      .positive()
      .describe("Raised with every change; learning begins anew from the audit"),
    description: z.string().describe("What it predicts, for people"),
    success: z
      .array(z.enum(["opened", "clicked", "converted"]))
      .min(1)
      .describe("Responses that count as a success"),
    horizon: durationV1
      .refine(
        (text) => durationMs(text) >= MINUTE_MS && durationMs(text) <= 90 * DAY_MS,
        "a horizon is 1m to 90d",
      )
      .describe(
        "How long after the order a response counts. Then it is settled whether it was a success, and the model learns of it, once",
      ),
    features: z
      .record(name, featureV1)
      .refine((f) => Object.keys(f).length <= MAX_FEATURES, `at most ${MAX_FEATURES} features`)
      .describe("What it goes by, by name; never a protected attribute"),
    protected: z
      .array(z.string().min(2).max(64))
      .max(64)
      .default([])
      .describe("Further attributes that must not be a feature, beside those that never may"),
    memory: z
      .number()
      .int()
      .min(10)
      .optional()
      .describe("After so many outcomes, half of what one of them taught has faded; 7,000 without it"),
    exploration: z
      .strictObject({
        lowest: z.number().min(0).max(1).default(0).describe("No draw is lower"),
        highest: z.number().min(0).max(1).default(1).describe("No draw is higher"),
        deviations: z
          .number()
          .min(0)
          .max(4)
          .default(2)
          .describe("How many standard deviations a draw may lie off what is expected; 0 tries nothing out"),
      })
      .refine(({ lowest, highest }) => lowest <= highest, {
        path: ["highest"],
        message: "highest is not below lowest",
      })
      .prefault({})
      .describe("Bounds of what is drawn to try out actions of which little is known (Thompson sampling)"),
    source: modelSourceV1.optional(),
  })
  .meta({ id: "Model", description: "How the response to actions is learned and predicted" });
export type ModelDefinition = z.infer<typeof modelV1>;

/** What is expected of an action before anything is known: a share, and how many outcomes it weighs as much as. */
export const priorV1 = z
  .strictObject({
    propensity: z
      .number()
      .gt(0)
      .lt(1)
      .describe("Share of customers expected to respond, before outcomes are known"),
    strength: z
      .number()
      .positive()
      .max(10_000)
      .default(20)
      .describe("How many outcomes this expectation weighs as much as"),
  })
  .describe("What a model starts from");
export type Prior = z.infer<typeof priorV1>;
