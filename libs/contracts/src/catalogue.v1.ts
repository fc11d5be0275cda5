/** The catalogue (`catalogue/*.yaml`): what the bank can say or do. */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { durationV1 } from "./duration.js";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
  .max(48);
const cel = z.string().min(1).max(2_000);

/** What is said on one channel. `{name}` stands for a field of the event's data. */
export const treatmentV1 = z.strictObject({
  channel: channelV1,
  title: z.string().max(120),
  body: z.string().max(2_000),
  /** How long to wait for a positive receipt before the next channel is tried. */
  receiptTimeout: durationV1.default("10m"),
});

export const actionV1 = z.strictObject({
  id,
  description: z.string(),
  purpose: purposeV1,
  /** What a success is worth to the bank, in its own unit; only the ratio between actions matters. */
  value: z.number().nonnegative(),
  /** A business lever that raises or lowers it. */
  weight: z.number().nonnegative().default(1),
  /** May be said in quiet hours. */
  urgent: z.boolean().default(false),
  validFor: durationV1.default("1d"),
  eligibility: cel.optional(),
  applicability: cel.optional(),
  suitability: cel.optional(),
  /** In order of preference. */
  treatments: z.array(treatmentV1).min(1).max(8),
  /** For `execute` and `agent`: handed to the channel. */
  parameters: z.record(z.string(), z.unknown()).default({}),
});
export type ActionDefinition = z.infer<typeof actionV1>;

export const catalogueV1 = z
  .strictObject({
    kind: z.literal("Catalogue"),
    id,
    version: z.number().int().positive(),
    description: z.string(),
    actions: z.array(actionV1).min(1),
  })
  .meta({ id: "Catalogue" });
export type CatalogueDefinition = z.infer<typeof catalogueV1>;
