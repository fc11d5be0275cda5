import { baseLogOdds } from "./base-rate.js";
import { encoded } from "./encoding.js";
import { averaged, casesOf, forecasts } from "./members.js";
import { emptyModel, learn, type ModelState } from "./model.js";
import type { Features } from "./model-spec.js";
import { foretold, readyOf } from "./ready.js";
import { outcomesOf } from "./simulated-outcomes.fixture.js";

const EMPTY = emptyModel({
  features: { contact: { kind: "category" }, amount: { kind: "number" }, noise: { kind: "number" } },
  prior: { propensity: 0.1, strength: 20 },
});

const learnt = (count: number): ModelState =>
  outcomesOf(count, 1).reduce((state, { features, label }) => learn(state, features, label, 0), EMPTY);

describe("a state made ready", () => {
  const cases: readonly Features[] = [
    {},
    { contact: "app", amount: 2 },
    { contact: "never seen", amount: -9, noise: 0.2 },
  ];

  it.each([0, 1, 50, 700])("says what averaging the members' forecasts says (%d outcomes)", (count) => {
    const state = learnt(count);
    for (const features of cases) {
      const x = encoded(state.encoding, state.spec, features);
      const told = forecasts(state.members, casesOf(baseLogOdds(state.baseRate), state.spec, x));
      const expected = averaged(state.members, told);
      const found = foretold(readyOf(state), x);
      expect(found.mean).toBeCloseTo(expected.mean, 10);
      expect(found.variance).toBeCloseTo(expected.variance, 10);
    }
  });

  it("is worked out once per state", () => {
    const state = learnt(3);
    expect(readyOf(state)).toBe(readyOf(state));
    expect(readyOf(learn(state, {}, 1, 0))).not.toBe(readyOf(state));
  });
});
