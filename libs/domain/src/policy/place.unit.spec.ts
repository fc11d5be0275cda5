import { policyPackV1, type PolicyPackDefinition, type Profile, type Purpose } from "#contracts";
import { packsFor, placeOf } from "./place.js";
import { emptyProfile } from "./profile.js";

const pack = (id: string, appliesTo?: PolicyPackDefinition["appliesTo"]): PolicyPackDefinition =>
  policyPackV1.parse({
    kind: "PolicyPack",
    id,
    version: 1,
    description: "",
    source: "",
    appliesTo,
    rules: [{ purpose: "marketing", consent: "required" }],
  });
const packs = [
  pack("house"),
  pack("us", { countries: ["US"] }),
  pack("florida", { regions: ["US-FL"] }),
  pack("france", { countries: ["FR"] }),
];
const apply = (profile: Partial<Profile>, purpose: Purpose = "marketing"): string =>
  packsFor(packs, purpose, [{ ...emptyProfile, ...profile }])
    .map((p) => p.id)
    .join(" ");

describe("the packs that apply", () => {
  it.each<[string, Partial<Profile>, string]>([
    ["in France", { country: "FR" }, "house france"],
    ["in New York", { country: "US", region: "US-NY" }, "house us"],
    ["in Florida", { country: "US", region: "US-FL" }, "house us florida"],
    ["in Florida, by the region alone", { region: "US-FL" }, "house us florida"],
    ["somewhere in the USA: they may be in Florida", { country: "US" }, "house us florida"],
    ["in a state that there is not", { country: "US", region: "US-ZZ" }, "house us florida"],
    ["in a region of another country", { country: "US", region: "FR-75" }, "house us florida"],
    ["where none applies", { country: "CZ" }, "house"],
    ["in a country on record, whatever the time zone", { country: "CZ", timezone: "Europe/Paris" }, "house"],
    ["in the only country of their time zone", { timezone: "Europe/Paris" }, "house france"],
    ["in the time zone of another country", { timezone: "Europe/Prague" }, "house"],
    ["in one of the countries of their time zone", { timezone: "America/Phoenix" }, "house us florida"],
    ["in a time zone by its old name", { timezone: "US/Eastern" }, "house us florida"],
    ["in a time zone that is in no country", { timezone: "Etc/UTC" }, "house us florida france"],
    ["in a country that there is not", { country: "usa" }, "house us florida france"],
    ["nobody knows where", {}, "house us florida france"],
  ])("to marketing, to a customer %s", (_, profile, expected) => expect(apply(profile)).toBe(expected));

  it.each<[string, Partial<Profile>, string]>([
    ["in Florida", { region: "US-FL" }, "house us florida"],
    ["somewhere in the USA", { country: "US" }, "house us"],
    ["in one of the countries of their time zone", { timezone: "America/Phoenix" }, "house us"],
    ["nobody knows where", {}, "house"],
  ])("to service, only where the customer is known to be: %s", (_, profile, expected) =>
    expect(apply(profile, "service")).toBe(expected),
  );

  it("are the same array for the same set, so that what is computed of it is kept", () => {
    const of = (profile: Partial<Profile>) => packsFor(packs, "marketing", [{ ...emptyProfile, ...profile }]);
    expect(of({ country: "FR" })).toBe(of({ timezone: "Europe/Paris" }));
    expect(of({ country: "FR" })).toBe(of({ country: "FR" }));
    const everywhere = [pack("house")];
    expect(packsFor(everywhere, "marketing", [])).toBe(everywhere);
  });

  it("go by the newest copy", () => {
    const copies = [
      { ...emptyProfile, seq: 2, country: "FR" },
      { ...emptyProfile, seq: 1, country: "US" },
    ];
    expect(packsFor(packs, "marketing", copies).map((p) => p.id)).toEqual(["house", "france"]);
    expect(placeOf(copies[1]!)).toEqual({ countries: ["US"] });
  });
});
