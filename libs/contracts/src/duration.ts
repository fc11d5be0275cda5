import { z } from "zod";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d+)(ms|s|m|h|d)$/;

/** A length of time in definitions: `250ms`, `30s`, `15m`, `12h`, `2d`. A day is 24 hours. */
export const durationV1 = z
  .string()
  .regex(DURATION, "a duration is a whole number and a unit: 250ms, 30s, 15m, 12h, 2d")
  .meta({
    id: "Duration",
    description: "A length of time: a whole number and a unit, 250ms, 30s, 15m, 12h, 2d (24 hours each)",
  });

/** Milliseconds of a duration that `durationV1` has accepted. Throws RangeError otherwise. */
export function durationMs(text: string): number {
  const m = DURATION.exec(text);
  if (!m) throw new RangeError(`not a duration: ${JSON.stringify(text)}`);
  return Number(m[1]) * UNIT_MS[m[2] as keyof typeof UNIT_MS];
}

/** A local time of day, `HH:MM`. */
export const localTimeV1 = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a local time of day such as 21:00")
  .describe("Local time of day, HH:MM");
