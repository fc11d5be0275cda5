/** The stream of events that a replay tells: the bank's rows with what follows from them, and what is scripted beside them. */
import type { CloudEvent } from "#contracts";
import { accountEvents, BERKA_SOURCE, type TimedEvent } from "./ledger-events.js";
import { orderedAccounts } from "./ledger-order.js";
import { readLedger, type Account, type LedgerRow } from "./ledger.js";
import { optOut, optOutAt, paymentFailure, registration } from "./scripted-events.js";

export interface BerkaOptions {
  /** Folder with the compressed files: `data/berka`. */
  readonly dir: string;
  /** First day, `YYYY-MM-DD`; without it, from the beginning. */
  readonly from?: string;
  /** The day after the last one; without it, to the end. */
  readonly to?: string;
}

function dayStart(option: "from" | "to", day: string | undefined, otherwise: number): number {
  if (day === undefined) return otherwise;
  const at = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== day) {
    throw new Error(`${option} is ${JSON.stringify(day)}: write a day as YYYY-MM-DD, for example 1993-10-01`);
  }
  return at;
}

/** Everything of one account within the time, in order of time, its registration first. */
function customerStream(
  account: Account,
  rows: readonly LedgerRow[],
  from: number,
  to: number,
): TimedEvent[] {
  const rowsById = new Map(rows.map((row) => [`t-${row.transactionId}`, row]));
  const leaving = optOutAt(account.accountId, rows[0]!.day);
  const all: TimedEvent[] = [];
  for (const timed of accountEvents(rows)) {
    const row = rowsById.get(timed.event.id);
    const failed = row && paymentFailure(row, timed.at);
    if (failed) all.push(failed);
    all.push(timed);
  }
  const last = all.at(-1)!.at;
  if (leaving !== undefined && leaving <= last) all.push(optOut(account.accountId, leaving));
  const slice = all.filter((e) => e.at >= from && e.at < to).sort((a, b) => a.at - b.at);
  const first = slice[0];
  return first ? [registration(account, first.event.id, first.at, leaving), ...slice] : [];
}

/**
 * Reads and orders the events of `[from, to)`. The same options give the same events, byte for byte; whatever the slice, an event
 * of the bank has the same id, time and data. 38,080 rows fit in memory, so nothing is streamed from disk.
 */
export function readBerkaEvents(options: BerkaOptions): readonly CloudEvent[] {
  const from = dayStart("from", options.from, -Infinity);
  const to = dayStart("to", options.to, Infinity);
  const { accounts, rows } = readLedger(options.dir);
  const all: TimedEvent[] = [];
  for (const [accountId, booked] of orderedAccounts(rows))
    all.push(...customerStream(accounts.get(accountId)!, booked, from, to));
  // The sort is stable: at one time accounts stand in ascending order, and each account's events in their own order.
  return all.sort((a, b) => a.at - b.at).map((timed) => timed.event);
}

/** The same, as the replay takes it. */
export async function* berkaEvents(options: BerkaOptions): AsyncGenerator<CloudEvent> {
  yield* readBerkaEvents(options);
}

export interface BerkaSummary {
  readonly events: number;
  readonly customers: number;
  /** Events of the bank's own rows and their consequences; the others are scripted. */
  readonly real: number;
  /** Epoch ms of the first and last event. */
  readonly firstTime: number;
  readonly lastTime: number;
  readonly byType: Readonly<Record<string, number>>;
  /** Per `YYYY-MM`. */
  readonly byMonth: Readonly<Record<string, number>>;
}

/** What a stream of events holds; zeros for an empty one. */
export function berkaSummary(events: readonly CloudEvent[]): BerkaSummary {
  const byType: Record<string, number> = {};
  const byMonth: Record<string, number> = {};
  const customers = new Set<string>();
  let real = 0;
  for (const { type, time, subject, source } of events) {
    byType[type] = (byType[type] ?? 0) + 1;
    const month = (time ?? "").slice(0, 7);
    byMonth[month] = (byMonth[month] ?? 0) + 1;
    customers.add(subject);
    if (source === BERKA_SOURCE) real++;
  }
  const timeOf = (event: CloudEvent | undefined): number => (event?.time ? Date.parse(event.time) : 0);
  const [firstTime, lastTime] = [timeOf(events[0]), timeOf(events.at(-1))];
  return { events: events.length, customers: customers.size, real, firstTime, lastTime, byType, byMonth };
}
