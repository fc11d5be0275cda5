import { specProblems } from "./model-spec.js";

describe("protected attributes", () => {
  it("are refused with the feature's name", () =>
    expect(
      specProblems({
        features: { maritalStatus: { kind: "category" }, balance: { kind: "number" } },
        prior: { propensity: 0.1, strength: 10 },
      }),
    ).toEqual([
      'feature "maritalStatus" speaks of a protected attribute ("marital"): leave it out; groups are for monitoring only',
    ]));
});
