/**
 * How often a declined card payment may be tried again. The schemes charge for more, and for any try after an answer that
 * says "never":
 * - Visa (Visa Core Rules, table 7-2): no retry after a category 1 decline; otherwise 20 within 30 days
 *   (15 until May 2025) for the same card, amount and currency.
 * - Mastercard (Transaction Processing Excellence): 10 within 24 hours and 35 within 30 days per card and amount; none
 *   after merchant advice code 03 (do not try again) or 21 (payment cancelled); after 24 to 30 not before the time that
 *   the code stands for.
 *
 * The schemes count tries; which of them were retries they cannot tell for every acquirer. So the first try counts, too:
 * one retry fewer than could be argued for, never one more.
 */
export type CardScheme = "visa" | "mastercard";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface SchemeRules {
  /** At most `count` tries in any time of `periodMs`. */
  readonly limits: readonly { readonly count: number; readonly periodMs: number }[];
  /** Response codes (ISO 8583, field 39) after which there is no other try. */
  readonly neverCodes: ReadonlySet<string>;
  /** Merchant advice codes after which there is no other try. */
  readonly neverAdvice: ReadonlySet<string>;
  /** Merchant advice codes that ask for a pause. */
  readonly pauseMs: ReadonlyMap<string, number>;
}

/** Pick up card, lost, stolen, no such account, closed: no scheme approves these later. */
const NEVER_ANYWHERE = ["04", "07", "14", "15", "41", "43", "46"];

export const SCHEME_RULES: Readonly<Record<CardScheme, SchemeRules>> = {
  visa: {
    limits: [{ count: 20, periodMs: 30 * DAY_MS }],
    // Category 1: the issuer will never approve.
    neverCodes: new Set([...NEVER_ANYWHERE, "12", "57", "R0", "R1", "R3"]),
    neverAdvice: new Set(),
    pauseMs: new Map(),
  },
  mastercard: {
    limits: [
      { count: 10, periodMs: DAY_MS },
      { count: 35, periodMs: 30 * DAY_MS },
    ],
    neverCodes: new Set(NEVER_ANYWHERE),
    neverAdvice: new Set(["03", "21"]),
    pauseMs: new Map([
      ["24", HOUR_MS],
      ["25", DAY_MS],
      ["26", 2 * DAY_MS],
      ["27", 4 * DAY_MS],
      ["28", 6 * DAY_MS],
      ["29", 8 * DAY_MS],
      ["30", 10 * DAY_MS],
    ]),
  },
};

/** No rule of any scheme looks further back. */
export const RETRY_MEMORY_MS = 30 * DAY_MS;
/** Tries that need to be remembered: beyond the highest limit none is made. */
export const MAX_TRIES = 35;

/** One try of one card and amount, at whichever acquirer. */
export interface Try {
  /** The same try has the same id, however often it is told. */
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  readonly acquirer?: string | undefined;
}

/** What is known of one card and amount. Bounded: `MAX_TRIES` tries, none older than `RETRY_MEMORY_MS`. */
export interface TryLedger {
  readonly tries: readonly Try[];
  /** When a scheme or issuer said "never again", and until when tries must wait; epoch ms. */
  readonly neverSince?: number | undefined;
  readonly notBefore?: number | undefined;
}

export const NO_TRIES: TryLedger = { tries: [] };

/** How an issuer answered. */
export interface Decline {
  /** ISO 8583 field 39, two characters. */
  readonly responseCode: string;
  /** Mastercard's merchant advice code. */
  readonly adviceCode?: string | undefined;
}

/** The ledger with a decline that was heard at `at`: what it forbids from now on. */
export function afterDecline(ledger: TryLedger, scheme: CardScheme, decline: Decline, at: number): TryLedger {
  const rules = SCHEME_RULES[scheme];
  const { responseCode, adviceCode = "" } = decline;
  if (rules.neverCodes.has(responseCode) || rules.neverAdvice.has(adviceCode))
    return { ...ledger, neverSince: ledger.neverSince ?? at };
  const pause = rules.pauseMs.get(adviceCode);
  if (pause === undefined) return ledger;
  return { ...ledger, notBefore: Math.max(ledger.notBefore ?? 0, at + pause) };
}

/** The ledger with one more try; one that is there already changes nothing. */
export function withTry(ledger: TryLedger, attempt: Try): TryLedger {
  if (ledger.tries.some((t) => t.id === attempt.id)) return ledger;
  // Two clocks may differ: a try that claims to come before the last one would slip out of the window that it belongs to.
  const at = Math.max(attempt.at, ledger.tries.at(-1)?.at ?? 0);
  const tries = [...ledger.tries, { ...attempt, at }].filter((t) => t.at > at - RETRY_MEMORY_MS);
  return { ...ledger, tries: tries.slice(-MAX_TRIES) };
}

export type RetryRefusal = "do_not_retry" | "retry_too_early" | "retry_limit";

/** Why this card and amount may not be tried at `at` (epoch ms), as a code; `undefined` when it may. */
export function retryRefusal(ledger: TryLedger, scheme: CardScheme, at: number): RetryRefusal | undefined {
  if (ledger.neverSince !== undefined) return "do_not_retry";
  const when = Math.max(at, ledger.tries.at(-1)?.at ?? 0);
  if (ledger.notBefore !== undefined && when < ledger.notBefore) return "retry_too_early";
  for (const { count, periodMs } of SCHEME_RULES[scheme].limits) {
    if (ledger.tries.filter((t) => t.at > when - periodMs).length >= count) return "retry_limit";
  }
  return undefined;
}

/** The acquirer to try next: of those given, the one not tried or tried longest ago. */
export function nextAcquirer(ledger: TryLedger, acquirers: readonly string[]): string | undefined {
  const lastTry = (acquirer: string): number => ledger.tries.findLastIndex((t) => t.acquirer === acquirer);
  return [...acquirers].sort((a, b) => lastTry(a) - lastTry(b))[0];
}
