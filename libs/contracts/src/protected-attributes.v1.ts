/**
 * Attributes of a customer that must never have a part in a decision: the characteristics that anti-discrimination law
 * protects, and whatever else a bank names `protected…`. What comes under such a name is kept apart from all that
 * expressions, models and texts can read (`libs/domain/src/context/protected.ts`); it serves for monitoring alone.
 */

/**
 * Names, without regard to case, `_` and `-`. Characteristics of 12 CFR 1002.2(z) (Regulation B, equal credit) and of
 * Article 21 of the Charter of Fundamental Rights of the European Union, as systems call them.
 */
export const PROTECTED_CHARACTERISTICS: readonly string[] = [
  "age",
  "ageGroup",
  "birthDate",
  "birthYear",
  "dateOfBirth",
  "disability",
  "disabled",
  "ethnicGroup",
  "ethnicOrigin",
  "ethnicity",
  "familyStatus",
  "gender",
  "genderIdentity",
  "maritalStatus",
  "nationalMinority",
  "nationalOrigin",
  "nationality",
  "politicalOpinion",
  "pregnancy",
  "pregnant",
  "publicAssistance",
  "race",
  "religion",
  "sex",
  "sexualOrientation",
  "skinColor",
  "skinColour",
  "socialOrigin",
  "tradeUnionMember",
  "yearOfBirth",
];

const squashed = (name: string): string => name.replaceAll(/[_-]/g, "").toLowerCase();
const NAMES: ReadonlySet<string> = new Set(PROTECTED_CHARACTERISTICS.map(squashed));
/** A bank's own: `protected_postcode`, `protectedPostcode`. */
const OWN = /^protected[_A-Z]/;

/** Every field of every event is asked about, and they have few names: what was found is kept, of so many names. */
const found = new Map<string, boolean>();
const KEPT = 4_096;

/** True for the name of an attribute (or of a field of event data) that no decision may know. */
export function isProtected(name: string): boolean {
  const known = found.get(name);
  if (known !== undefined) return known;
  const is = NAMES.has(squashed(name)) || OWN.test(name);
  if (found.size < KEPT && name.length <= 64) found.set(name, is);
  return is;
}

/**
 * The same and what goes with them (EU Charter art. 21, GDPR art. 9, US ECOA 15 U.S.C. 1691), as words that the name of a
 * model's feature may not contain. Names of features are the bank's own and are refused early; attributes of events are
 * taken by whole names, because taking one away that only sounds like these would change what journeys see.
 */
const PROTECTED_WORDS: ReadonlySet<string> = new Set([
  "age",
  "birth",
  "birthday",
  "born",
  "dob",
  "sex",
  "sexual",
  "gender",
  "transgender",
  "orientation",
  "pregnancy",
  "pregnant",
  "maternity",
  "marital",
  "married",
  "marriage",
  "spouse",
  "divorced",
  "widowed",
  "children",
  "nationality",
  "citizenship",
  "ethnicity",
  "ethnic",
  "race",
  "racial",
  "caste",
  "immigration",
  "religion",
  "religious",
  "political",
  "health",
  "medical",
  "disability",
  "disabled",
  "diagnosis",
  "genetic",
  "biometric",
]);

/** The word by which the name of a feature speaks of a protected attribute (`customerAge`, `marital_status`), if it does. */
export function protectedWordIn(feature: string): string | undefined {
  const words = feature
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.find((word) => PROTECTED_WORDS.has(word));
}
