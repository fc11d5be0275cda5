import fc from "fast-check";
import { calibrationError, calibrationErrorByGroup, logLoss, reliability } from "./calibration.js";
import type { Forecast } from "./forecast.js";
import { difference, policyValue, type LoggedCase } from "./policy-value.js";
import { aucOf, aucWithin, liftByDecile, liftWithin } from "./ranking.js";

const of = (group: string, ...told: readonly [number, 0 | 1][]): Forecast[] =>
  told.map(([p, label]) => ({ p, label, group }));

describe("AUC", () => {
  it("is the share of pairs ranked right, ties a half", () => {
    expect(aucOf(of("a", [0.1, 0], [0.2, 1], [0.3, 0], [0.4, 1]))).toEqual({ auc: 0.75, pairs: 4 });
    expect(aucOf(of("a", [0.5, 0], [0.5, 1]))).toEqual({ auc: 0.5, pairs: 1 });
    expect(aucOf(of("a", [0.5, 1]))).toEqual({ auc: undefined, pairs: 0 });
  });

  it("is what counting every pair gives", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom(0 as const, 1 as const))),
        (told) => {
          const forecasts = of("a", ...told.map(([p, label]): [number, 0 | 1] => [p / 5, label]));
          let right = 0;
          let pairs = 0;
          for (const a of forecasts.filter((f) => f.label === 1))
            for (const b of forecasts.filter((f) => f.label === 0)) {
              pairs++;
              right += a.p > b.p ? 1 : a.p === b.p ? 0.5 : 0;
            }
          const found = aucOf(forecasts);
          expect(found.pairs).toBe(pairs);
          if (pairs > 0) expect(found.auc).toBeCloseTo(right / pairs, 12);
        },
      ),
    ));

  it("within groups sees no difference between them: only pairs of one group count", () => {
    const both = [...of("low", [0.1, 1], [0.2, 0]), ...of("high", [0.8, 1], [0.9, 0], [0.7, 0])];
    expect(aucWithin(both).byPairs).toBeCloseTo(1 / 3, 12);
    expect(aucWithin(both).meanOfGroups).toBeUndefined();
    const many = Array.from({ length: 10 }, (_, i) => of("m", [i / 100, 0], [0.5 + i / 100, 1])).flat();
    expect(aucWithin([...many, ...both]).meanOfGroups).toBe(1);
  });
});

describe("lift", () => {
  it("is the rate of each tenth over the rate of all", () => {
    const told = Array.from({ length: 100 }, (_, i) =>
      of(i % 2 ? "a" : "b", [i / 100, i >= 90 ? 1 : 0]),
    ).flat();
    expect(liftByDecile(told)).toEqual([10, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(liftWithin(told)).toBe(10);
  });
});

describe("calibration", () => {
  it("counts the distance between stated and come true", () => {
    const exact = Array.from({ length: 100 }, (_, i) => of("a", [0.25, i % 4 === 0 ? 1 : 0])).flat();
    expect(reliability(exact)).toHaveLength(10);
    expect(logLoss(exact)).toBeCloseTo(-(0.25 * Math.log(0.25) + 0.75 * Math.log(0.75)), 12);
    const wrong = Array.from({ length: 100 }, (_, i) => of("a", [0.75, i % 4 === 0 ? 1 : 0])).flat();
    expect(calibrationError(wrong)).toBeCloseTo(0.5, 2);
    const cancelling = [...of("a", [0.5, 1], [0.5, 1]), ...of("b", [0.5, 0], [0.5, 0])];
    expect(calibrationErrorByGroup(cancelling)).toBe(0.5);
  });
});

describe("the value of a policy", () => {
  /** Action "a" brings 1 to men and 0 to women, "b" the other way round; drawn by a fair coin. */
  const cases = (
    choose: (man: boolean) => string,
    expected: (man: boolean, action: string) => number,
  ): LoggedCase[] =>
    Array.from({ length: 4_000 }, (_, i) => {
      const man = i % 2 === 0;
      const action = i % 4 < 2 ? "a" : "b";
      return {
        action,
        propensity: 0.5,
        reward: man === (action === "a") ? 1 : 0,
        chosen: choose(man),
        expected: { a: expected(man, "a"), b: expected(man, "b") },
      };
    });
  const right = (man: boolean): string => (man ? "a" : "b");

  it.each([
    ["a model that is right", (man: boolean, action: string) => (man === (action === "a") ? 1 : 0)],
    ["a model that is wrong", () => 0.9],
  ])("is found by every estimator with %s", (_, expected) => {
    const { inversePropensity, selfNormalised, doublyRobust } = policyValue(cases(right, expected));
    for (const { value, low, high } of [inversePropensity, selfNormalised, doublyRobust]) {
      expect(value).toBeCloseTo(1, 6);
      expect(low).toBeLessThanOrEqual(1);
      expect(high).toBeGreaterThanOrEqual(1);
    }
    const fixed = cases(() => "a", expected);
    expect(policyValue(fixed).doublyRobust.value).toBeCloseTo(0.5, 6);
    const better = difference(cases(right, expected), fixed).doublyRobust;
    expect(better.value).toBeCloseTo(0.5, 6);
    expect(better.low).toBeGreaterThan(0.4);
  });

  it("of the same policy does not differ from itself", () => {
    const { value, low, high } = difference(
      cases(right, () => 0),
      cases(right, () => 0),
    ).doublyRobust;
    expect([value, low, high]).toEqual([0, 0, 0]);
  });
});
