import fc from "fast-check";
import {
  afterDecline,
  MAX_TRIES,
  nextAcquirer,
  NO_TRIES,
  retryRefusal,
  SCHEME_RULES,
  withTry,
  type CardScheme,
  type TryLedger,
} from "./retry-limits.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const T0 = Date.parse("2026-03-02T09:00:00Z");

/** Tries as often as it may, at these times; answers at which times tries were counted. */
function tryAt(scheme: CardScheme, times: readonly number[]): { made: number[]; ledger: TryLedger } {
  let ledger = NO_TRIES;
  const made: number[] = [];
  for (const [i, at] of times.entries()) {
    if (retryRefusal(ledger, scheme, at) !== undefined) continue;
    ledger = withTry(ledger, { id: `t${i}`, at });
    made.push(ledger.tries.at(-1)!.at);
  }
  return { made, ledger };
}

describe("limits of the card schemes for retries", () => {
  it("Visa: 20 tries in 30 days; the next when the first is 30 days old", () => {
    const hourly = Array.from({ length: 100 }, (_, i) => T0 + i * HOUR_MS);
    const { made, ledger } = tryAt("visa", hourly);
    expect(made).toHaveLength(20);
    expect(retryRefusal(ledger, "visa", T0 + 30 * DAY_MS - 1)).toBe("retry_limit");
    expect(retryRefusal(ledger, "visa", T0 + 30 * DAY_MS)).toBeUndefined();
  });

  it("Mastercard: 10 in 24 hours, 35 in 30 days", () => {
    const quarterly = Array.from({ length: 96 }, (_, i) => T0 + i * 900_000);
    expect(tryAt("mastercard", quarterly).made).toHaveLength(10);
    const hourly = Array.from({ length: 30 * 24 }, (_, i) => T0 + i * HOUR_MS);
    expect(tryAt("mastercard", hourly).made).toHaveLength(35);
  });

  it.each<[CardScheme, string, string | undefined, string | undefined]>([
    ["visa", "41", undefined, "do_not_retry"],
    ["visa", "R1", undefined, "do_not_retry"],
    ["visa", "57", undefined, "do_not_retry"],
    ["visa", "91", undefined, undefined],
    ["visa", "51", "03", undefined],
    ["mastercard", "05", "03", "do_not_retry"],
    ["mastercard", "05", "21", "do_not_retry"],
    ["mastercard", "05", "24", "retry_too_early"],
    ["mastercard", "05", "30", "retry_too_early"],
    ["mastercard", "05", "02", undefined],
    ["mastercard", "43", undefined, "do_not_retry"],
  ])("%s after response %s, advice %p: %p", (scheme, responseCode, adviceCode, expected) => {
    const ledger = afterDecline(NO_TRIES, scheme, { responseCode, adviceCode }, T0);
    expect(retryRefusal(ledger, scheme, T0 + 60_000)).toBe(expected);
  });

  it("never again stays, also after a later decline that would allow it; a pause ends", () => {
    const never = afterDecline(NO_TRIES, "mastercard", { responseCode: "05", adviceCode: "03" }, T0);
    const later = afterDecline(never, "mastercard", { responseCode: "91" }, T0 + DAY_MS);
    expect(retryRefusal(later, "mastercard", T0 + 400 * DAY_MS)).toBe("do_not_retry");
    const pause = afterDecline(NO_TRIES, "mastercard", { responseCode: "05", adviceCode: "25" }, T0);
    expect(retryRefusal(pause, "mastercard", T0 + DAY_MS - 1)).toBe("retry_too_early");
    expect(retryRefusal(pause, "mastercard", T0 + DAY_MS)).toBeUndefined();
  });

  it("counts a try that is told twice once", () => {
    const once = withTry(NO_TRIES, { id: "a", at: T0 });
    expect(withTry(once, { id: "a", at: T0 + 5 })).toBe(once);
  });

  it("takes the acquirer not tried yet, then the one tried longest ago", () => {
    const acquirers = ["b", "c"];
    let ledger = withTry(NO_TRIES, { id: "1", at: T0, acquirer: "a" });
    const order: string[] = [];
    for (let i = 2; i < 6; i++) {
      const acquirer = nextAcquirer(ledger, acquirers)!;
      order.push(acquirer);
      ledger = withTry(ledger, { id: String(i), at: T0 + i, acquirer });
    }
    expect(order).toEqual(["b", "c", "b", "c"]);
    expect(nextAcquirer(ledger, [])).toBeUndefined();
  });

  it("in no window are there more tries than the limit, in whatever order the clocks tell them; memory stays bounded", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<CardScheme>("visa", "mastercard"),
        fc.array(fc.integer({ min: 0, max: 70 * 24 * 4 }), { maxLength: 400 }),
        (scheme, quarters) => {
          const { made, ledger } = tryAt(
            scheme,
            quarters.map((q) => T0 + q * 900_000),
          );
          expect(ledger.tries.length).toBeLessThanOrEqual(MAX_TRIES);
          for (const { count, periodMs } of SCHEME_RULES[scheme].limits) {
            for (const at of made)
              expect(made.filter((t) => t > at - periodMs && t <= at).length).toBeLessThanOrEqual(count);
          }
        },
      ),
    );
  });
});
