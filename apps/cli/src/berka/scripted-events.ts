/**
 * What the data set does not hold and the journeys need: who the customers are to Segue (time zone, language, consents),
 * opt-outs and failed payments. All of it is made up, and says so by its source `scripted`. It depends on
 * account and transaction numbers alone.
 */
import type { ConsentChanged } from "#contracts";
import { cloudEvent, CURRENCY, type TimedEvent } from "./ledger-events.js";
import type { Account, LedgerRow } from "./ledger.js";
import { openingTime } from "./bank-hours.js";
import { unitHash } from "./unit-hash.js";

export const SCRIPTED_SOURCE = "scripted";

/** Shares of customers, of all 1. */
export const SHARES = {
  /** No consent on record at all: policy must refuse marketing. */
  noConsentRecord: 0.05,
  /** No time zone on record: quiet hours cannot be known. */
  noTimezone: 0.03,
  /** Of those with a record: who granted marketing, by channel. */
  marketing: { push: 0.8, sms: 0.6, email: 0.7 },
  /** Refused service messages on every channel. */
  serviceRefused: 0.02,
  /** Opt out of all marketing some time after their first transaction. */
  optOut: 0.06,
  /** Speak English rather than Czech. */
  english: 0.08,
} as const;

/** Of the household payments, the share that fails at first. */
const FAILED_PAYMENTS = 1 / 60;

const DAY_MS = 86_400_000;
const EVIDENCE = "synthetic";

/** Days from an account's first transaction within which an opt-out falls. */
const OPT_OUT_DAYS = { from: 20, to: 320 } as const;

function isAmong(share: number, what: string, accountId: number): boolean {
  return unitHash(`${what}-${accountId}`) < share;
}

/** When a customer whose first transaction was on `firstDay` opts out of marketing, epoch ms; most never do. */
export function optOutAt(accountId: number, firstDay: string): number | undefined {
  if (!isAmong(SHARES.optOut, "opt-out", accountId)) return undefined;
  const scatter = unitHash(`opt-out-day-${accountId}`);
  const days = OPT_OUT_DAYS.from + Math.floor(scatter * (OPT_OUT_DAYS.to - OPT_OUT_DAYS.from));
  const day = new Date(Date.parse(`${firstDay}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
  return openingTime(day) + Math.floor(unitHash(`opt-out-time-${accountId}`) * 36_000) * 1_000;
}

const ALL_MARKETING_REFUSED: ConsentChanged = {
  purpose: "marketing",
  channel: "*",
  granted: false,
  evidence: EVIDENCE,
};

/** The consents of a customer at registration. */
function consents(accountId: number): readonly ConsentChanged[] | undefined {
  if (isAmong(SHARES.noConsentRecord, "no-consents", accountId)) return undefined;
  const marketing = (["push", "sms", "email"] as const).map((channel) => ({
    purpose: "marketing" as const,
    channel,
    granted: isAmong(SHARES.marketing[channel], `marketing-${channel}`, accountId),
    evidence: EVIDENCE,
  }));
  const service = { purpose: "service" as const, channel: "*" as const, evidence: EVIDENCE };
  return [
    ...marketing,
    { ...service, granted: !isAmong(SHARES.serviceRefused, "service-refused", accountId) },
  ];
}

/**
 * `customer.registered` just before the account's first event of a stream, at `before` (epoch ms). `eventId` is that
 * event's id: a stream that begins later registers anew, with what is on record by then.
 */
export function registration(
  account: Account,
  eventId: string,
  before: number,
  optedOutAt: number | undefined,
): TimedEvent {
  const { accountId } = account;
  const at = before - 60_000;
  const granted = consents(accountId);
  const optedOut = optedOutAt !== undefined && optedOutAt <= at;
  const onRecord = optedOut
    ? [...(granted ?? []).filter((c) => c.purpose !== "marketing"), ALL_MARKETING_REFUSED]
    : granted;
  return cloudEvent(SCRIPTED_SOURCE, `r-${accountId}-${eventId}`, "customer.registered", accountId, at, {
    ...(isAmong(SHARES.noTimezone, "no-timezone", accountId) ? {} : { timezone: "Europe/Prague" }),
    language: isAmong(SHARES.english, "english", accountId) ? "en" : "cs",
    ...(onRecord === undefined ? {} : { consents: onRecord }),
    statements: account.statements,
  });
}

/** `consent.changed`: no marketing on any channel from now on. */
export function optOut(accountId: number, at: number): TimedEvent {
  return cloudEvent(SCRIPTED_SOURCE, `c-${accountId}-opt-out`, "consent.changed", accountId, at, {
    ...ALL_MARKETING_REFUSED,
  });
}

/** ISO 20022 status reason codes (ExternalStatusReason1Code) and how often each is given. */
const FAILURES = [
  { below: 0.5, reasonCode: "AM04", category: "insufficient-funds" },
  { below: 0.7, reasonCode: "AC04", category: "closed-account" },
  // Time-out at the creditor's bank: the payment itself was in order.
  { below: 1, reasonCode: "AB05", category: "technical" },
] as const;

/** For some household payments: the attempt of the day before, which failed. `at` is when the payment itself was made. */
export function paymentFailure(row: LedgerRow, at: number): TimedEvent | undefined {
  if (row.kind !== "household" || row.operation !== "transfer") return undefined;
  if (unitHash(`payment-failed-${row.transactionId}`) >= FAILED_PAYMENTS) return undefined;
  const scatter = unitHash(`payment-reason-${row.transactionId}`);
  const { reasonCode, category } = FAILURES.find((f) => scatter < f.below)!;
  return cloudEvent(SCRIPTED_SOURCE, `f-${row.transactionId}`, "payment.failed", row.accountId, at - DAY_MS, {
    accountId: String(row.accountId),
    paymentId: `p-${row.transactionId}`,
    amountMinor: row.amountMinor,
    currency: CURRENCY,
    purpose: "household",
    reasonCode,
    category,
  });
}
