import { fnv1a32, type ActionDefinition, type DecisionRequest } from "#contracts";

/** What an action is worth in this decision: one named number per factor, multiplied. */
export interface Factor {
  readonly name: string;
  of(action: ActionDefinition, request: DecisionRequest): number;
}

/** Propensity and context weight will stand here beside them; to switch a factor off is to leave it out. */
export const FACTORS: readonly Factor[] = [
  { name: "value", of: (action) => action.value },
  { name: "weight", of: (action) => action.weight },
];

export interface Score {
  readonly score: number;
  readonly factors: Readonly<Record<string, number>>;
}

export function scoreOf(
  action: ActionDefinition,
  request: DecisionRequest,
  factors: readonly Factor[] = FACTORS,
): Score {
  const named = Object.fromEntries(factors.map((f) => [f.name, f.of(action, request)]));
  return { score: Object.values(named).reduce((product, x) => product * x, 1), factors: named };
}

/** A draw (32 bit) that decides between equal scores: fair over decisions, the same whenever this one is replayed. */
export function draw(decisionId: string, action: string): number {
  let h = fnv1a32(`${decisionId}:${action}`);
  // FNV mixes its last bytes too little: ids that differ at the end would keep their order (finalizer of MurmurHash3).
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
