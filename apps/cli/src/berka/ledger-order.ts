/**
 * The order of booking. The published rows have a day but no time, and stand in any order within it; their balances
 * tell the order: each row begins where the one before ended.
 */
import type { LedgerRow } from "./ledger.js";

/** Published balances are rounded to 0.10 CZK here and there. */
export const BALANCE_TOLERANCE_MINOR = 10;

/** True when a balance of `before` goes on from one of `after`. */
export function continues(after: number, before: number): boolean {
  return Math.abs(after - before) <= BALANCE_TOLERANCE_MINOR;
}

function chain(rows: readonly LedgerRow[], opening: number | undefined): LedgerRow[] | undefined {
  if (rows.length === 0) return [];
  for (const [i, row] of rows.entries()) {
    if (opening !== undefined && !continues(opening, row.balanceBeforeMinor)) continue;
    const rest = chain(rows.toSpliced(i, 1), row.balanceMinor);
    if (rest) return [row, ...rest];
  }
  return undefined;
}

/**
 * Rows of one account and day as they were booked after a closing balance of `opening`: in a chain of balances
 * if there is one, else by transaction id. Of several chains the one with the smaller ids first is taken.
 */
export function orderOfDay(rows: readonly LedgerRow[], opening: number | undefined): readonly LedgerRow[] {
  const byId = rows.toSorted((a, b) => a.transactionId - b.transactionId);
  return chain(byId, opening) ?? chain(byId, undefined) ?? byId;
}

/** All rows by account (ascending), each account's in the order of booking. */
export function orderedAccounts(rows: readonly LedgerRow[]): ReadonlyMap<number, readonly LedgerRow[]> {
  const sorted = rows.toSorted(
    (a, b) => a.accountId - b.accountId || (a.day < b.day ? -1 : a.day > b.day ? 1 : 0),
  );
  const accounts = new Map<number, LedgerRow[]>();
  for (let from = 0; from < sorted.length;) {
    const { accountId, day } = sorted[from]!;
    let to = from + 1;
    while (sorted[to]?.accountId === accountId && sorted[to]?.day === day) to++;
    const booked = accounts.get(accountId) ?? [];
    booked.push(...orderOfDay(sorted.slice(from, to), booked.at(-1)?.balanceMinor));
    accounts.set(accountId, booked);
    from = to;
  }
  return accounts;
}
