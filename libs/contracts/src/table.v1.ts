/** Tables (`tables/*.yaml`): which action goes with a purchase, by merchant category code (ISO 18245), for business users to edit. */
import { z } from "zod";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
  .max(48);

export const tableRowV1 = z
  .strictObject({
    mcc: z
      .union([z.number().int().min(0).max(9_999), z.string()])
      .describe("One merchant category code (ISO 18245), or a range such as 3000-3350"),
    name: z.string().min(1).max(120).describe("What the category is called; for those who read the table"),
    action: id.describe("An action of the catalogue"),
  })
  .describe("One row");

export const tableV1 = z
  .strictObject({
    kind: z.literal("Table").describe("Says that this file is a table"),
    id: id.describe("Name of the table; expressions look it up by this"),
    version: z.number().int().positive().describe("Raised with every change"),
    description: z.string().describe("What it maps, for people"),
    rows: z.array(tableRowV1).min(1).max(200).describe("A code belongs to one row"),
  })
  .meta({ id: "Table", description: "Which action goes with a purchase, by merchant category code" });
export type TableDefinition = z.infer<typeof tableV1>;
