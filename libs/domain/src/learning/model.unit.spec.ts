import fc from "fast-check";
import { linear, widened, withOutcome, EMPTY_POSTERIOR } from "./bayesian-regression.js";
import { LEARNER } from "./members.js";
import { effects, emptyModel, learn, newDrift, predict, type ModelState } from "./model.js";
import type { FeatureValue, ModelSpec } from "./model-spec.js";
import { outcomesOf, TRUTH, type SimulatedOutcome } from "./simulated-outcomes.fixture.js";

const SPEC: ModelSpec = {
  features: { contact: { kind: "category" }, amount: { kind: "number" }, noise: { kind: "number" } },
  prior: { propensity: 0.1, strength: 20 },
};

const learnt = (
  outcomes: readonly SimulatedOutcome[],
  from: ModelState = emptyModel(SPEC),
  each?: (state: ModelState) => void,
): ModelState =>
  outcomes.reduce((state, { features, label }) => {
    const next = learn(state, features, label, state.lastAt + 1_000);
    each?.(next);
    return next;
  }, from);

const anyValue: fc.Arbitrary<FeatureValue> = fc.oneof(
  fc.double(),
  fc.string(),
  fc.boolean(),
  fc.constantFrom(undefined, "__proto__", "constructor", "missing", Infinity, -0, 1e308),
);
const anyFeatures = fc.record(
  { a: anyValue, b: anyValue, c: anyValue, d: anyValue, e: anyValue },
  { requiredKeys: [] },
);
const ANY_SPEC: ModelSpec = {
  features: {
    a: { kind: "number" },
    b: { kind: "number", scale: "log" },
    c: { kind: "category" },
    d: { kind: "flag" },
    e: { kind: "category" },
  },
  prior: { propensity: 0.02, strength: 5 },
};
const anyOutcomes = fc.array(
  fc.record({ features: anyFeatures, label: fc.constantFrom(0 as const, 1 as const) }),
  {
    maxLength: 60,
  },
);

describe("an adaptive model", () => {
  it("believes its prior before any outcome", () => {
    const { p, variance } = predict(emptyModel(SPEC), { contact: "app", amount: 3 });
    expect(p).toBeCloseTo(0.1, 12);
    expect(variance).toBeGreaterThan(0.1);
  });

  it("is the same to the last bit after the same outcomes, also when it was stored and restored between (I9)", () =>
    fc.assert(
      fc.property(anyOutcomes, fc.nat(60), (outcomes, cut) => {
        const all = (from: ModelState, some: typeof outcomes): ModelState =>
          some.reduce((state, o, i) => learn(state, o.features, o.label, i), from);
        const straight = all(emptyModel(ANY_SPEC), outcomes);
        const stored = JSON.stringify(all(emptyModel(ANY_SPEC), outcomes.slice(0, cut)));
        const restored = JSON.parse(stored) as ModelState;
        expect(JSON.stringify(restored)).toBe(stored);
        const again = outcomes
          .slice(cut)
          .reduce((state, o, i) => learn(state, o.features, o.label, cut + i), restored);
        expect(JSON.stringify(again)).toBe(JSON.stringify(straight));
      }),
      { numRuns: 40 },
    ));

  it("states a probability for any input, and learns from any", () =>
    fc.assert(
      fc.property(anyOutcomes, anyFeatures, (outcomes, features) => {
        const state = outcomes.reduce((s, o) => learn(s, o.features, o.label, NaN), emptyModel(ANY_SPEC));
        const { p, mean, variance } = predict(state, features);
        expect(p > 0 && p < 1 && Number.isFinite(mean) && variance >= 0 && Number.isFinite(variance)).toBe(
          true,
        );
        expect(JSON.stringify(state)).not.toMatch(/null|NaN/);
      }),
      { numRuns: 60 },
    ));

  it("has another number when the same outcomes come to teach something else", () =>
    expect([
      LEARNER,
      predict(learnt(outcomesOf(300, 12)), { contact: "app", amount: 1 }).p.toFixed(8),
    ]).toEqual([2, "0.19851627"]));

  it("does not change the state that it was given", () => {
    const state = learnt(outcomesOf(20, 1));
    const before = JSON.stringify(state);
    learn(state, { contact: "letter", amount: 1 }, 1, 5);
    predict(state, { contact: "letter" });
    expect(JSON.stringify(state)).toBe(before);
  });

  it("finds the weights that the outcomes were made with", () => {
    const state = learnt(outcomesOf(8_000, 2));
    const effectOf = (features: Record<string, FeatureValue>, name: string): number =>
      effects(state, features).find(({ feature }) => feature === name)?.effect ?? 0;
    const contact = effectOf({ contact: "app" }, "contact") - effectOf({ contact: "branch" }, "contact");
    expect(contact).toBeGreaterThan(TRUTH.contact * 0.75);
    expect(contact).toBeLessThan(TRUTH.contact * 1.25);
    const amount = effectOf({ amount: 1 }, "amount") - effectOf({ amount: 0 }, "amount");
    expect(amount).toBeLessThan(TRUTH.amount * 0.75);
    expect(amount).toBeGreaterThan(TRUTH.amount * 1.25);
    expect(effects(state, { contact: "app", amount: 1, noise: 0.9 }).map(({ feature }) => feature)[2]).toBe(
      "noise",
    );
  });

  it("states true probabilities: of those told 30 %, 30 % are positive", () => {
    const bins = Array.from({ length: 10 }, () => ({ told: 0, came: 0 }));
    let state = learnt(outcomesOf(3_000, 3));
    const test = outcomesOf(8_000, 4);
    for (const { features, label } of test) {
      const { p } = predict(state, features);
      state = learn(state, features, label, 0);
      const bin = bins[Math.floor(p * 10)]!;
      bin.told += p;
      bin.came += label;
    }
    const error = bins.reduce((sum, { told, came }) => sum + Math.abs(told - came), 0) / test.length;
    expect(error).toBeLessThan(0.03);
  });

  it.each([-4.5, 1])(
    "follows the base rate when it jumps, within a hundred outcomes (intercept %d)",
    (intercept) => {
      let state = learnt(outcomesOf(3_000, 10));
      let told = 0;
      let came = 0;
      for (const [i, { features, label }] of outcomesOf(400, 11, { ...TRUTH, intercept }).entries()) {
        if (i >= 100) {
          told += predict(state, features).p;
          came += label;
        }
        state = learn(state, features, label, 0);
      }
      expect(Math.abs(told - came) / 300).toBeLessThan(0.05);
    },
  );

  it("knows more after more outcomes: its variance shrinks", () => {
    const at = { contact: "app", amount: 1, noise: 0.5 };
    const variances = [0, 100, 1_000, 5_000].map((n) => predict(learnt(outcomesOf(n, 5)), at).variance);
    for (let i = 1; i < variances.length; i++) expect(variances[i]!).toBeLessThan(variances[i - 1]!);
  });

  it("never knows less of a case after its own outcome, forgetting apart", () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            x: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 }),
            label: fc.constantFrom(0 as const, 1 as const),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        (outcomes) => {
          let posterior = widened(EMPTY_POSTERIOR, 4, () => 0.3);
          for (const { x, label } of outcomes) {
            const vector = { index: [0, 1, 2, 3], value: x, unseen: 0 };
            const before = linear(posterior, vector, 0, 0).variance;
            posterior = withOutcome(posterior, vector, 0, label, 0, () => 0.3);
            expect(linear(posterior, vector, 0, 0).variance).toBeLessThanOrEqual(before + 1e-12);
          }
        },
      ),
    ));

  it("goes back to the prior's variance for what it no longer sees, and never beyond", () => {
    let posterior = widened(EMPTY_POSTERIOR, 2, () => 0.3);
    const first = { index: [0], value: [1], unseen: 0 };
    const second = { index: [1], value: [1], unseen: 0 };
    for (let i = 0; i < 200; i++) posterior = withOutcome(posterior, first, 0, 1, 0.01, () => 0.3);
    expect(linear(posterior, first, 0, 0).variance).toBeLessThan(0.2);
    for (let i = 0; i < 2_000; i++) posterior = withOutcome(posterior, second, 0, 1, 0.01, () => 0.3);
    const { variance } = linear(posterior, first, 0, 0);
    expect(variance).toBeGreaterThan(0.299);
    expect(variance).toBeLessThanOrEqual(0.3);
  });

  it("stays small: categories without end share columns", () => {
    let state = emptyModel(SPEC);
    for (let i = 0; i < 400; i++) state = learn(state, { contact: `value ${i}`, amount: i, noise: -i }, 0, i);
    expect(Object.keys(state.encoding.columns.of.contact!)).toHaveLength(21);
    expect(predict(state, { contact: "value 9999" })).toEqual(predict(state, { contact: "value 300" }));
    const features = Object.fromEntries(
      Array.from({ length: 12 }, (_, f) => [`f${f}`, { kind: "category" } as const]),
    );
    let wide = emptyModel({ features, prior: SPEC.prior });
    for (let i = 0; i < 30; i++)
      wide = learn(wide, Object.fromEntries(Object.keys(features).map((f) => [f, `v${i}`])), 0, i);
    expect(wide.encoding.columns.count).toBe(64);
    expect(JSON.stringify(wide).length).toBeLessThan(200_000);
  });

  it("refuses protected attributes and priors that cannot be", () => {
    const refused = (spec: Partial<ModelSpec>) => () => emptyModel({ ...SPEC, ...spec });
    expect(refused({ features: { customerAge: { kind: "number" } } })).toThrow('"age"');
    expect(
      refused({ features: JSON.parse('{"toString":{"kind":"flag"}}') as ModelSpec["features"] }),
    ).toThrow("cannot be a feature's name");
    expect(refused({ prior: { propensity: 0, strength: 1 } })).toThrow("prior.propensity is 0");
    expect(refused({ prior: { propensity: 0.1, strength: NaN } })).toThrow("prior.strength");
    expect(refused({ memory: 0 })).toThrow("memory is 0");
  });
});

describe("drift", () => {
  const findings = (outcomes: readonly SimulatedOutcome[], from: ModelState): ReturnType<typeof newDrift> => {
    const found: ReturnType<typeof newDrift> = [];
    learnt(outcomes, from, (state) => found.push(...newDrift(state)));
    return found;
  };
  const settled = learnt(outcomesOf(3_000, 6));

  it("is not reported while nothing changes", () => {
    expect(settled.drift.found).toEqual([]);
    expect(findings(outcomesOf(3_000, 7), settled)).toEqual([]);
  });

  it.each([-4.5, -3, 0, 1])("is not reported when only the base rate changes (intercept %d)", (intercept) => {
    const after = outcomesOf(3_000, 8, { ...TRUTH, intercept });
    expect(findings(after, settled)).toEqual([]);
    const rate = after.reduce((sum, { label }) => sum + label, 0) / after.length;
    const told = predict(learnt(after.slice(0, 200), settled), { contact: "branch", amount: 0 }).p;
    expect(Math.sign(told - 0.18)).toBe(Math.sign(rate - 0.3));
  });

  it("is reported with the feature when a weight changes, though the base rate stays", () => {
    const found = findings(outcomesOf(3_000, 9, { intercept: -0.3, contact: -1.2, amount: -0.8 }), settled);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]!.feature).toBe("contact");
    const up = { value: "branch", direction: "up" };
    const down = { value: "app", direction: "down" };
    expect([up, down]).toContainEqual({ value: found[0]!.value, direction: found[0]!.direction });
    expect(found[0]!.outcomes).toBeGreaterThan(3_000);
    expect(found[0]!.outcomes).toBeLessThan(4_000);
  });
});
