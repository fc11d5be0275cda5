/**
 * What an adaptive model is told before its first outcome: its features with their types, what to believe without any
 * outcome (prior), and how long an outcome counts (memory).
 */

export interface FeatureSpec {
  /** A number is scaled by the mean and spread seen so far; a category gets one weight per value; a flag is true or false. */
  readonly kind: "number" | "category" | "flag";
  /** For numbers over several magnitudes, such as amounts and counts: the logarithm is taken first, with its sign. */
  readonly scale?: "linear" | "log";
}

export interface ModelSpec {
  readonly features: Readonly<Record<string, FeatureSpec>>;
  /** Before any outcome: this propensity (0..1), believed as firmly as after `strength` outcomes. */
  readonly prior: { readonly propensity: number; readonly strength: number };
  /** After this many outcomes, half of what one of them taught has faded; 7,000 without it. */
  readonly memory?: number;
}

export type FeatureValue = number | string | boolean | undefined;

/** What is known of one customer and candidate. A missing feature is normal; one that the spec does not declare is not read. */
export type Features = Readonly<Record<string, FeatureValue>>;

export const DEFAULT_MEMORY = 7_000;

/**
 * Attributes that must not enter a decision on a person (EU Charter art. 21, GDPR art. 9, US ECOA 15 U.S.C. 1691), as
 * the words that a feature's name may not contain.
 */
export const PROTECTED_ATTRIBUTES = [
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
] as const;

const PROTECTED: ReadonlySet<string> = new Set(PROTECTED_ATTRIBUTES);

/** The protected attribute that a feature's name speaks of (`customerAge`, `marital_status`), if it does. */
export function protectedAttribute(feature: string): string | undefined {
  const words = feature
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.find((word) => PROTECTED.has(word));
}

/** Why a model must not be made of this spec; none when it may. */
export function specProblems(spec: ModelSpec): string[] {
  const { propensity, strength } = spec.prior;
  const problems = Object.keys(spec.features).flatMap((name) => {
    if (name in Object.prototype)
      return [`"${name}" cannot be a feature's name: JavaScript's objects use it`];
    const attribute = protectedAttribute(name);
    return attribute === undefined
      ? []
      : [
          `feature "${name}" speaks of a protected attribute ("${attribute}"): leave it out; groups are for monitoring only`,
        ];
  });
  if (!(propensity > 0 && propensity < 1))
    problems.push(`prior.propensity is ${propensity}: it must lie between 0 and 1, both excluded`);
  if (!(strength > 0 && Number.isFinite(strength)))
    problems.push(`prior.strength is ${strength}: it must be a number of outcomes above 0`);
  if (spec.memory !== undefined && !(spec.memory >= 1))
    problems.push(`memory is ${spec.memory}: it must be a number of outcomes, 1 or more`);
  return problems;
}
