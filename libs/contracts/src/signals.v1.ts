/** Signals over rolling windows (`signals/*.yaml`); in expressions `context.windows["<id>"]`, a number. */
import { z } from "zod";
import { durationMs, durationV1 } from "./duration.js";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
  .max(48);
const cel = z.string().min(1).max(2_000);

const HOUR_MS = 3_600_000;
const LONGEST_MS = 90 * 24 * HOUR_MS;

/** Windows that an installation may declare, over all files: each costs every customer that it applies to some bytes. */
export const MAX_WINDOWS = 64;

const windowDurationV1 = durationV1.refine((text) => {
  const ms = durationMs(text);
  return ms >= HOUR_MS && ms <= LONGEST_MS;
}, "a window is 1h to 90d long");

export const windowV1 = z
  .strictObject({
    id: id.describe('Name of the window; in expressions context.windows["<id>"]'),
    event: z.union([z.string(), z.array(z.string()).min(1)]).describe("Event type, or a list of them"),
    when: cel.optional().describe("Condition in CEL: counts only events for which it holds"),
    /**
     * `count` of events; `sum` of `of`; `distinct` values of `of` (about: 8 % off up to 128, 15 % up to 384, never more
     * than 621); `last`: when the last event happened, epoch ms. Each is 0 when nothing came in the window.
     */
    measure: z
      .enum(["count", "sum", "distinct", "last"])
      .describe(
        "count of events; sum of a value; distinct values (a small sketch, a few percent off); last: when the last one happened, epoch ms. 0 when nothing came",
      ),
    of: cel.optional().describe("Expression in CEL: for sum a number, for distinct a text or a number"),
    /** An event counts for at least so long, and leaves at most a 31st of it later (`last`: exactly). */
    window: windowDurationV1.describe("How long an event counts, 1h to 90d"),
  })
  .refine((w) => (w.measure === "sum" || w.measure === "distinct") === (w.of !== undefined), {
    path: ["of"],
    message: "sum and distinct say of what, count and last do not",
  });
export type WindowDefinition = z.infer<typeof windowV1>;

export const signalsV1 = z
  .strictObject({
    kind: z.literal("Signals").describe("Says that this file declares signals"),
    id: id.describe("Name of the file's signals"),
    version: z.number().int().positive().describe("Raised with every change"),
    description: z.string().describe("What they are for"),
    windows: z.array(windowV1).min(1).max(MAX_WINDOWS).describe("The rolling windows"),
  })
  .meta({ id: "Signals", description: "Counts, sums, distinct values and last times over rolling windows" });
export type SignalsDefinition = z.infer<typeof signalsV1>;
