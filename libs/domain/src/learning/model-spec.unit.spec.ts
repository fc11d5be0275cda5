import { protectedAttribute, specProblems } from "./model-spec.js";

describe("protected attributes", () => {
  it.each([
    ["age", "age"],
    ["customerAge", "age"],
    ["age_group", "age"],
    ["maritalStatus", "marital"],
    ["profile.gender", "gender"],
    ["ETHNICITY", "ethnicity"],
    ["dateOfBirth", "birth"],
  ])("%s speaks of one (%s)", (name, attribute) => expect(protectedAttribute(name)).toBe(attribute));

  it.each(["averageBalance", "message", "usage", "language", "tracesLeft", "contactCount", "sextant"])(
    "%s speaks of none",
    (name) => expect(protectedAttribute(name)).toBeUndefined(),
  );

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
