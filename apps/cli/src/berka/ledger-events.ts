/** What the bank's rows say, as events of source `berka/core-banking`. Real but for the time of day. */
import type { CloudEvent } from "#contracts";
import { timeOfRow } from "./bank-hours.js";
import type { LedgerKind, LedgerRow } from "./ledger.js";

export const BERKA_SOURCE = "berka/core-banking";
export const CURRENCY = "CZK";

/** An event with its time as a number, before it is put between those of the other accounts. */
export interface TimedEvent {
  /** Epoch ms. */
  readonly at: number;
  readonly event: CloudEvent;
}

/** The customer that stands for an account: each account of the data set has one owner. */
export function customerOf(accountId: number): string {
  return `acc-${accountId}`;
}

/** A CloudEvent; its time is written in UTC. */
export function cloudEvent(
  source: string,
  id: string,
  type: string,
  accountId: number,
  at: number,
  data: Record<string, unknown>,
): TimedEvent {
  const time = new Date(at).toISOString();
  const subject = customerOf(accountId);
  return {
    at,
    event: { specversion: "1.0", id, source, type, subject, time, datacontenttype: "application/json", data },
  };
}

interface Telling {
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

const TELLING: Readonly<Record<LedgerKind, Telling>> = {
  "cash-in": { type: "account.credited", data: { kind: "cash" } },
  "transfer-in": { type: "account.credited", data: { kind: "transfer" } },
  pension: { type: "account.credited", data: { kind: "pension" } },
  interest: { type: "account.credited", data: { kind: "interest" } },
  "cash-out": { type: "account.debited", data: { kind: "cash" } },
  fee: { type: "account.debited", data: { kind: "fee" } },
  penalty: { type: "account.debited", data: { kind: "penalty" } },
  card: { type: "card.withdrawn", data: { kind: "cash" } },
  "transfer-out": { type: "transfer.sent", data: { kind: "transfer" } },
  household: { type: "payment.sent", data: { kind: "payment", purpose: "household" } },
  insurance: { type: "payment.sent", data: { kind: "payment", purpose: "insurance" } },
  loan: { type: "payment.sent", data: { kind: "payment", purpose: "loan" } },
};

/** How long after its row an event that follows from the row happens. */
const CONSEQUENCE_MS = 1_000;

function rowEvent(row: LedgerRow, at: number): TimedEvent {
  const { type, data } = TELLING[row.kind];
  return cloudEvent(BERKA_SOURCE, `t-${row.transactionId}`, type, row.accountId, at, {
    accountId: String(row.accountId),
    transactionId: `t-${row.transactionId}`,
    amountMinor: row.amountMinor,
    balanceMinor: row.balanceMinor,
    balanceBeforeMinor: row.balanceBeforeMinor,
    currency: CURRENCY,
    ...data,
    operation: row.operation,
    ...(row.counterpartyBank === undefined ? {} : { counterpartyBank: row.counterpartyBank }),
  });
}

/**
 * Events of one account whose rows are in the order of booking: one per row and, after it, `account.overdrawn` when the
 * balance has fallen below zero or penalty interest was charged, `account.recovered` with the first row after that
 * which leaves it at zero or above.
 */
export function* accountEvents(rows: readonly LedgerRow[]): Generator<TimedEvent> {
  let overdrawnSince: number | undefined;
  for (let from = 0; from < rows.length;) {
    let to = from + 1;
    while (rows[to]?.day === rows[from]!.day) to++;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      const at = timeOfRow(row, i - from, to - from);
      yield rowEvent(row, at);
      const common = {
        accountId: String(row.accountId),
        transactionId: `t-${row.transactionId}`,
        balanceMinor: row.balanceMinor,
        currency: CURRENCY,
      };
      const after = at + CONSEQUENCE_MS;
      const penalty = row.kind === "penalty";
      if (penalty || (row.balanceMinor < 0 && overdrawnSince === undefined)) {
        overdrawnSince ??= after;
        yield cloudEvent(
          BERKA_SOURCE,
          `t-${row.transactionId}-overdrawn`,
          "account.overdrawn",
          row.accountId,
          after,
          {
            ...common,
            reason: penalty ? "penalty-interest" : "balance",
            ...(penalty ? { penaltyMinor: row.amountMinor } : {}),
          },
        );
      } else if (row.balanceMinor >= 0 && overdrawnSince !== undefined) {
        yield cloudEvent(
          BERKA_SOURCE,
          `t-${row.transactionId}-recovered`,
          "account.recovered",
          row.accountId,
          after,
          {
            ...common,
            overdrawnSince: new Date(overdrawnSince).toISOString(),
          },
        );
        overdrawnSince = undefined;
      }
    }
    from = to;
  }
}
