/** How much an outranked action lacked: the least propensity or value with which it would have been ahead, to the last bit. */
import type { DecisionRecord, Explanation, FactorName } from "#contracts";
import type { Catalogue } from "./catalogue.js";
import { DECISION_FLAGS } from "./flags.js";
import type { Fact } from "./changed-fact.js";
import { draw, scoreBeforeFactors, scoreOf } from "./score.js";

/** What would have put `outranked` ahead of the chosen one; `undefined` when neither propensity nor value could. */
export function leastNeeded(
  record: DecisionRecord,
  catalogue: Catalogue,
  outranked: Explanation,
  chosen: Explanation,
): Fact | undefined {
  const action = catalogue.actions.get(outranked.action);
  if (!action || chosen.score === undefined) return undefined;
  const off: ReadonlySet<FactorName> = new Set(catalogue.arbitration?.off);
  const propensity = record.propensities?.[action.id];
  const context = outranked.factors?.["context"];
  const byFactors = (record.engine ?? 0) >= DECISION_FLAGS.fourFactors;
  const score = (value: number, drawn: number | undefined): number => {
    if (!byFactors) return scoreBeforeFactors({ ...action, value }).score;
    const drawnThen = propensity && drawn !== undefined ? { ...propensity, drawn } : propensity;
    return scoreOf({ ...action, value }, drawnThen, context, off).score;
  };
  const ahead = (x: number): boolean =>
    x > chosen.score! || (x === chosen.score && winsTie(record, action.id, chosen.action));
  if (propensity && byFactors && !off.has("propensity") && ahead(score(action.value, 1))) {
    const had = propensity.drawn;
    const needed = least(had, 1, (p) => ahead(score(action.value, p)));
    return { kind: "propensity", action: action.id, had, needed };
  }
  if (off.has("value")) return undefined;
  let high = Math.max(action.value, 1);
  while (!ahead(score(high, undefined))) if ((high *= 2) > MAX_VALUE) return undefined;
  const needed = least(action.value, high, (v) => ahead(score(v, undefined)));
  return { kind: "value", action: action.id, had: action.value, needed };
}

/** A factor of 0 makes a score of 0 of any value. */
const MAX_VALUE = 1e15;

function winsTie({ request: { decisionId } }: DecisionRecord, action: string, other: string): boolean {
  const [a, b] = [draw(decisionId, action), draw(decisionId, other)];
  return a < b || (a === b && action < other);
}

/** The least number above `low` for which `enough` is true; it is at `high`, not at `low`, and never turns back between. */
export function least(low: number, high: number, enough: (x: number) => boolean): number {
  let below = low;
  let above = high;
  for (;;) {
    const middle = below + (above - below) / 2;
    // Neighbours: there is no number between them.
    if (middle <= below || middle >= above) return above;
    if (enough(middle)) above = middle;
    else below = middle;
  }
}

/** The same in whole steps, for times. */
export function leastWhole(low: number, high: number, enough: (x: number) => boolean): number {
  let below = low;
  let above = high;
  while (above - below > 1) {
    const middle = below + Math.floor((above - below) / 2);
    if (enough(middle)) above = middle;
    else below = middle;
  }
  return above;
}
