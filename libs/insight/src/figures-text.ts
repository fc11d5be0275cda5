/** Figures as people read them. */
import { number } from "#plot";
import type { Rate } from "./kpi-cell.js";
import type { Estimate } from "./statistics.js";

export const NONE = "–";

/** `12.3 %`. */
export function percent(share: number | undefined): string {
  return share === undefined ? NONE : `${number(share * 100)} %`;
}

/** `12.3 % (10.1 to 14.9)`. */
export function percentWithin(rate: Rate | Estimate | undefined): string {
  if (!rate) return NONE;
  return `${percent(rate.value)} (${number(rate.low * 100)} to ${number(rate.high * 100)})`;
}

/** `1.3 (1.1 to 1.6)`. */
export function within({ value, low, high }: Estimate): string {
  return `${number(value)} (${number(low)} to ${number(high)})`;
}

/** `350 ms`, `2.5 s`, `12 min`, `3.1 h`, `2 d`. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return NONE;
  if (ms < 1_000) return `${number(ms)} ms`;
  if (ms < 120_000) return `${number(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${number(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${number(ms / 3_600_000)} h`;
  return `${number(ms / 86_400_000)} d`;
}

/** `2026-11-21`. */
export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
