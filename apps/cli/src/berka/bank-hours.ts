/** Times of day: the published rows have none. */
import type { LedgerRow } from "./ledger.js";
import { unitHash } from "./unit-hash.js";

const OPENING_HOUR = 8;
const OPEN_MS = 10 * 3_600_000;
/** The end of each slot stays free, so that what follows from a row (an overdraft) comes before the next row. */
const USED_OF_SLOT = 0.9;

const pragueHour = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Europe/Prague",
  hour: "2-digit",
  hourCycle: "h23",
});

/** Epoch ms of 08:00 in Prague on a day `YYYY-MM-DD`. The clocks change at night, so that the offset at 08:00 UTC is the day's. */
export function openingTime(day: string): number {
  const at = Date.parse(`${day}T0${OPENING_HOUR}:00:00Z`);
  const offsetHours = Number(pragueHour.format(at)) - OPENING_HOUR;
  return at - offsetHours * 3_600_000;
}

/**
 * Epoch ms (whole seconds) of the `rank`-th of `count` rows of one account and day: within 08:00–18:00 in Prague, in the order of
 * rank, scattered by the transaction's id so that the accounts of a day do not move in step.
 */
export function timeOfRow(row: LedgerRow, rank: number, count: number): number {
  const slotMs = OPEN_MS / count;
  const scatter = unitHash(`time-${row.transactionId}`);
  return openingTime(row.day) + Math.floor((slotMs * (rank + scatter * USED_OF_SLOT)) / 1_000) * 1_000;
}
