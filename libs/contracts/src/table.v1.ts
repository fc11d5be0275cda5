/** Tables (`tables/*.yaml`): which action goes with a purchase, by merchant category code (ISO 18245), for business users to edit. */
import { z } from "zod";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
  .max(48);

export const tableRowV1 = z.strictObject({
  /** One code or a range of codes; a code may be written as a number. */
  mcc: z.union([z.number().int().min(0).max(9_999), z.string()]),
  /** What the category is called; for those who read the table. */
  name: z.string().min(1).max(120),
  /** An action of the catalogue. */
  action: id,
});

export const tableV1 = z
  .strictObject({
    kind: z.literal("Table"),
    id,
    version: z.number().int().positive(),
    description: z.string(),
    rows: z.array(tableRowV1).min(1).max(200),
  })
  .meta({ id: "Table" });
export type TableDefinition = z.infer<typeof tableV1>;
