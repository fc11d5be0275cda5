import fc from "fast-check";
import { openingTime, timeOfRow } from "./bank-hours.js";
import { continues, orderedAccounts, orderOfDay } from "./ledger-order.js";
import { isoDay, minorUnits, type LedgerRow } from "./ledger.js";

function row(
  transactionId: number,
  balanceBeforeMinor: number,
  balanceMinor: number,
  day = "1993-05-03",
): LedgerRow {
  const credited = balanceMinor >= balanceBeforeMinor;
  return {
    transactionId,
    accountId: 2,
    day,
    kind: credited ? "cash-in" : "cash-out",
    operation: "cash",
    amountMinor: Math.abs(balanceMinor - balanceBeforeMinor),
    balanceMinor,
    balanceBeforeMinor,
  };
}

const ids = (rows: readonly LedgerRow[]): number[] => rows.map((r) => r.transactionId);

describe("the order of booking within a day", () => {
  it.each([
    ["a chain from the opening balance", [row(1, 300, 200), row(2, 100, 300)], 100, [2, 1]],
    ["a chain without a known opening", [row(1, 300, 200), row(2, 100, 300)], undefined, [2, 1]],
    ["a chain whose balances are rounded", [row(1, 305, 205), row(2, 100, 300)], 108, [2, 1]],
    ["a chain that does not go on from the opening", [row(1, 300, 200), row(2, 100, 300)], 9_000, [2, 1]],
    ["rows that form no chain, by id", [row(9, 700, 800), row(4, 100, 200)], 0, [4, 9]],
    [
      "of two chains, the smaller id first",
      [row(7, 100, 200), row(3, 200, 100), row(5, 100, 200)],
      100,
      [5, 3, 7],
    ],
  ])("puts %s in order", (_what, rows, opening, expected) => {
    expect(ids(orderOfDay(rows, opening))).toEqual(expected);
  });

  it("finds the chain again, however the rows are shuffled", () => {
    const amounts = fc.array(
      fc.integer({ min: -50_000, max: 50_000 }).filter((a) => Math.abs(a) > 20),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(
        amounts,
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.infiniteStream(fc.nat()),
        (steps, opening, order) => {
          let balance = opening;
          const booked = steps.map((step, i) => row(i, balance, (balance += step)));
          const shuffled = booked.map((r) => ({ r, key: order.next().value })).sort((a, b) => a.key - b.key);
          const found = orderOfDay(
            shuffled.map(({ r }) => r),
            opening,
          );
          expect(ids(found).toSorted((a, b) => a - b)).toEqual(ids(booked).toSorted((a, b) => a - b));
          for (const [i, r] of found.entries()) {
            expect(continues(found[i - 1]?.balanceMinor ?? opening, r.balanceBeforeMinor)).toBe(true);
          }
        },
      ),
    );
  });

  it("carries the closing balance into the next day", () => {
    const rows = [
      row(1, 500, 400, "1993-05-04"),
      row(2, 400, 500, "1993-05-04"),
      row(3, 100, 400, "1993-05-03"),
    ];
    expect(ids(orderedAccounts(rows).get(2)!)).toEqual([3, 2, 1]);
  });
});

describe("times of day", () => {
  it("opens at 08:00 in Prague, on both sides of the change of clocks", () => {
    expect(new Date(openingTime("1993-03-27")).toISOString()).toBe("1993-03-27T07:00:00.000Z");
    expect(new Date(openingTime("1993-03-28")).toISOString()).toBe("1993-03-28T06:00:00.000Z");
    expect(new Date(openingTime("1995-09-24")).toISOString()).toBe("1995-09-24T07:00:00.000Z");
    // From 1996 on summer time ended in October.
    expect(new Date(openingTime("1996-10-26")).toISOString()).toBe("1996-10-26T06:00:00.000Z");
  });

  it("keeps the order and the opening hours, with room for what follows from a row", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4_000_000), { minLength: 1, maxLength: 12 }), (transactions) => {
        const times = transactions.map((t, i) => timeOfRow(row(t, 0, 1), i, transactions.length));
        const opening = openingTime("1993-05-03");
        for (const [i, at] of times.entries()) {
          expect(at).toBeGreaterThanOrEqual(opening);
          expect(at).toBeLessThan(opening + 10 * 3_600_000 - 60_000);
          if (i > 0) expect(at).toBeGreaterThan(times[i - 1]! + 60_000);
        }
      }),
    );
  });
});

describe("fields", () => {
  it.each([
    ["700.00", 70_000],
    ["-3724.70", -372_470],
    ["-0.00", 0],
    ["0.29", 29],
  ])("reads the amount %s exactly", (text, minor) => expect(Object.is(minorUnits(text), minor)).toBe(true));

  it.each(["", "1", "1.5", "1,50", "1e3", "NaN"])("refuses the amount %j", (text) => {
    expect(() => minorUnits(text)).toThrow("not an amount with two decimals");
  });

  it("reads days of the last century", () => {
    expect(isoDay("930101")).toBe("1993-01-01");
    expect(() => isoDay("1993-01-01")).toThrow("not a day YYMMDD");
  });
});
