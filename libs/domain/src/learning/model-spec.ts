/**
 * What an adaptive model is told before its first outcome: its features with their types, what to believe without any
 * outcome (prior), and how long an outcome counts (memory).
 */
import { protectedWordIn } from "#contracts";

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

/** Why a model must not be made of this spec; none when it may. */
export function specProblems(spec: ModelSpec): string[] {
  const { propensity, strength } = spec.prior;
  const problems = Object.keys(spec.features).flatMap((name) => {
    if (name in Object.prototype)
      return [`"${name}" cannot be a feature's name: JavaScript's objects use it`];
    const attribute = protectedWordIn(name);
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
