/**
 * Quotas and budgets of actions, over all customers. Each action that has one has a log in the stream LIMITS, subject
 * `limit.<action>`: what was taken of it and what was given back, written by compare-and-set on the subject.
 */
import { z } from "zod";

const periodMs = z.number().positive().optional();

/** What bounds an action; a period is rolling, without one it counts for ever. */
export const limitsV1 = z.object({
  quota: z.object({ count: z.number().int().positive(), periodMs }).optional(),
  budget: z.object({ amount: z.number().positive(), periodMs }).optional(),
  /** What saying it once takes of the budget. */
  cost: z.number().nonnegative(),
});
export type Limits = z.infer<typeof limitsV1>;

/** A message of LIMITS: what one write took and gave back. */
export const limitEntryV1 = z
  .object({
    v: z.literal(1),
    /** `id`: of the decision that took it; `at`: by Segue's clock, epoch ms. */
    taken: z.array(z.object({ id: z.string(), at: z.number(), cost: z.number().nonnegative() })),
    /** Ids whose command ended without a delivery. */
    givenBack: z.array(z.string()),
  })
  .meta({ id: "LimitEntry" });
export type LimitEntry = z.infer<typeof limitEntryV1>;
