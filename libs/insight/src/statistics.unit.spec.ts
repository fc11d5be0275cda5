/** Published worked examples, and what must hold of every interval. */
import fc from "fast-check";
import { logBeta, meanDifference, shareDifference, shareRatio, wilson } from "./statistics.js";

const count = fc
  .tuple(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([of, p]) => ({ hits: Math.round(of * p), of }));

it.each([
  // Newcombe, Statist. Med. 17 (1998) 857–872, table I, method 3.
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])("Wilson's interval of %i out of %i", (hits, of, low, high) => {
  const interval = wilson(hits, of);
  expect(interval.low).toBeCloseTo(low, 4);
  expect(interval.high).toBeCloseTo(high, 4);
});

it.each([
  // Newcombe, Statist. Med. 17 (1998) 873–890, table II, method 10.
  [56, 70, 48, 80, 0.0524, 0.3339],
  [9, 10, 3, 10, 0.1705, 0.809],
  [10, 10, 0, 20, 0.6791, 1],
])("Newcombe's interval of %i/%i − %i/%i", (a, m, b, n, low, high) => {
  const d = shareDifference({ hits: a, of: m }, { hits: b, of: n });
  expect(d.low).toBeCloseTo(low, 3);
  expect(d.high).toBeCloseTo(high, 3);
});

it("intervals hold their estimate, and swap with the groups", () =>
  fc.assert(
    fc.property(count, count, (a, b) => {
      const d = shareDifference(a, b);
      expect(d.low).toBeLessThanOrEqual(d.value);
      expect(d.high).toBeGreaterThanOrEqual(d.value);
      const back = shareDifference(b, a);
      expect(back.low).toBeCloseTo(-d.high, 10);
      expect(back.high).toBeCloseTo(-d.low, 10);
    }),
  ));

it("a ratio is 1 between equal groups, and its interval narrows with their size", () => {
  const small = shareRatio({ hits: 10, of: 100 }, { hits: 10, of: 100 });
  const large = shareRatio({ hits: 1_000, of: 10_000 }, { hits: 1_000, of: 10_000 });
  expect(small.value).toBe(1);
  expect(large.high - large.low).toBeLessThan(small.high - small.low);
  expect(shareRatio({ hits: 0, of: 50 }, { hits: 20, of: 50 })).toMatchObject({ value: 0 });
});

it("a difference of means is Welch's", () => {
  // 1, 2, 3 and 2, 4, 6: means 2 and 4, variances 1 and 4.
  const d = meanDifference({ n: 3, sum: 12, squares: 56 }, { n: 3, sum: 6, squares: 14 }, 1);
  expect(d.value).toBeCloseTo(2, 12);
  expect(d.high - d.value).toBeCloseTo(Math.sqrt(1 / 3 + 4 / 3), 12);
});

it("the beta function agrees with factorials", () => {
  expect(Math.exp(logBeta(3, 4))).toBeCloseTo((2 * 6) / 720, 12);
  expect(Math.exp(logBeta(0.5, 0.5))).toBeCloseTo(Math.PI, 10);
});
