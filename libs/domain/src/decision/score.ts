/** What an action is worth in a decision: propensity × value × context × lever − cost. */
import { fnv1a32, type ActionDefinition, type FactorName, type Propensity } from "#contracts";

export interface Score {
  readonly score: number;
  /** Each factor that had something to say, by name, and the cost. */
  readonly factors: Readonly<Record<string, number>>;
}

/**
 * The product of the factors, less what saying it costs. A factor that is switched off, or has nothing to say (no model, no context weight that holds, a
 * lever of 1), counts 1 and is left out.
 */
export function scoreOf(
  action: Pick<ActionDefinition, "value" | "weight" | "cost">,
  propensity: Propensity | undefined,
  context: number | undefined,
  off: ReadonlySet<FactorName>,
): Score {
  const factors: Record<string, number> = {};
  let score = 1;
  if (propensity !== undefined && !off.has("propensity")) score *= factors["propensity"] = propensity.drawn;
  if (!off.has("value")) score *= factors["value"] = action.value;
  if (context !== undefined && !off.has("context")) score *= factors["context"] = context;
  if (action.weight !== 1 && !off.has("lever")) score *= factors["lever"] = action.weight;
  if (action.cost !== undefined && action.cost > 0) score -= factors["cost"] = action.cost;
  return { score, factors };
}

/** The score of decisions made by version 0 of the arithmetic. */
export function scoreBeforeFactors({ value, weight }: Pick<ActionDefinition, "value" | "weight">): Score {
  return { score: value * weight, factors: { value, weight } };
}

/** A draw (32 bit) that decides between equal scores: fair over decisions, the same whenever this one is replayed. */
export function draw(decisionId: string, action: string): number {
  let h = fnv1a32(`${decisionId}:${action}`);
  // FNV mixes its last bytes too little: ids that differ at the end would keep their order (finalizer of MurmurHash3).
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
