import { fairnessV1, isProtected, PROTECTED_CHARACTERISTICS, protectedWordIn } from "./index.js";

it.each([
  ...PROTECTED_CHARACTERISTICS,
  "marital_status",
  "Date-Of-Birth",
  "SEX",
  "protected_postcode",
  "protectedTribe",
])("%s is protected", (name) => expect(isProtected(name)).toBe(true));

it.each([
  "segment",
  "balanceMinor",
  "agent",
  "stage",
  "language",
  "protected",
  "protection",
  "usage",
  "sexes",
  "",
])("%s is not", (name) => expect(isProtected(name)).toBe(false));

it("is all that a fairness monitor may tell groups by: what decisions know cannot be for monitoring only", () => {
  const monitor = { kind: "Fairness", id: "a", version: 1, description: "d", attribute: "segment" };
  expect(fairnessV1.safeParse(monitor).error?.issues[0]?.message).toContain("protected_<name>");
  expect(fairnessV1.parse({ ...monitor, attribute: "protected_segment" }).bound).toEqual({
    ratio: 0.8,
    minimum: 30,
  });
});

describe("the name of a feature", () => {
  it.each([
    ["age", "age"],
    ["customerAge", "age"],
    ["age_group", "age"],
    ["maritalStatus", "marital"],
    ["profile.gender", "gender"],
    ["ETHNICITY", "ethnicity"],
    ["dateOfBirth", "birth"],
  ])("%s speaks of one (%s)", (name, attribute) => expect(protectedWordIn(name)).toBe(attribute));

  it.each(["averageBalance", "message", "usage", "language", "tracesLeft", "contactCount", "sextant"])(
    "%s speaks of none",
    (name) => expect(protectedWordIn(name)).toBeUndefined(),
  );
});
