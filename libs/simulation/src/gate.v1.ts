/** Limits that a new version of a journey must keep in simulation before it may be published (`gates/*.yaml`). */
import { z } from "zod";

const reason = z.string().min(1).max(400);
const share = z.number().min(0).max(1);
const atMost = z.strictObject({ atMost: z.number().nonnegative(), reason });
const shareAtMost = z.strictObject({ atMost: share, reason });

export const gateV1 = z
  .strictObject({
    kind: z.literal("Gate"),
    id: z
      .string()
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
      .max(48),
    version: z.number().int().positive(),
    description: z.string(),
    /** A limit that is left out is not judged. Each says why it is as it is. */
    limits: z.strictObject({
      /** Fewer events or customers say nothing about a version. */
      minEvents: z.strictObject({ atLeast: z.number().int().positive(), reason }).optional(),
      minCustomers: z.strictObject({ atLeast: z.number().int().positive(), reason }).optional(),
      /** Contacts of any one customer in any 7 days, over all journeys. */
      maxContactsPerWeek: atMost.optional(),
      /** Customers who hear anything at all, of all customers. */
      maxShareContacted: shareAtMost.optional(),
      /** Contacts over all journeys, compared with what is published: 0.25 is a quarter more. */
      maxContactGrowth: atMost.optional(),
      /** Customers with so many contacts or more in their busiest 7 days, of all customers. */
      maxShareOften: z
        .strictObject({ contacts: z.number().int().positive(), atMost: share, reason })
        .optional(),
      /** Decisions that a cap stopped or narrowed, of all decisions: a version that lives at the caps leans on them. */
      maxShareAtCaps: shareAtMost.optional(),
      /** Events that the engine could not handle, and customers whose run does not come to rest. */
      maxFailures: atMost.optional(),
    }),
  })
  .meta({ id: "Gate" });
export type GateDefinition = z.infer<typeof gateV1>;
