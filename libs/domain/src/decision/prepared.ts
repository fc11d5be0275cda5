/** Actions as the funnel reads them, made once per catalogue: what a decision does per candidate must be next to nothing. */
import type { ActionDefinition, Channel, Explanation } from "#contracts";
import type { CompiledCondition, Expressions } from "../expressions.js";
import { channelsIn, type Catalogue } from "./catalogue.js";

export interface PreparedAction {
  readonly action: ActionDefinition;
  /** It has a validity, or values that its texts require. */
  readonly mayBeUnavailable: boolean;
  readonly conditions: readonly PreparedCondition[];
  readonly contextWeights: readonly { readonly holds: CompiledCondition; readonly weight: number }[];
  /** In the action's own order. */
  readonly channels: readonly Channel[];
}

export interface PreparedCondition {
  readonly holds: CompiledCondition;
  readonly stage: Explanation["stage"];
  /** What is said of the candidate when it does not hold. */
  readonly unmet: Explanation;
}

const CONDITIONS = [
  { stage: "eligibility", unmet: "not_eligible" },
  { stage: "applicability", unmet: "not_applicable" },
  { stage: "suitability", unmet: "not_suitable" },
] as const;

interface PreparedCatalogue {
  readonly expressions: Expressions;
  readonly actions: Map<string, PreparedAction>;
}

const prepared = new WeakMap<Catalogue["actions"], PreparedCatalogue>();

/** The action of this id, prepared; `undefined` when the catalogue has none. */
export function preparedActions(
  { actions }: Catalogue,
  expressions: Expressions,
): (id: string) => PreparedAction | undefined {
  let known = prepared.get(actions);
  if (known?.expressions !== expressions)
    prepared.set(actions, (known = { expressions, actions: new Map() }));
  const ready = known.actions;
  return (id) => {
    const found = ready.get(id);
    if (found) return found;
    const action = actions.get(id);
    if (!action) return undefined;
    const made = prepare(action, expressions);
    ready.set(id, made);
    return made;
  };
}

/** Prepares every action, so that no decision has to wait for it. */
export function prepareCatalogue(catalogue: Catalogue, expressions: Expressions): void {
  const preparedAction = preparedActions(catalogue, expressions);
  for (const id of catalogue.actions.keys()) preparedAction(id);
}

function prepare(action: ActionDefinition, expressions: Expressions): PreparedAction {
  return {
    action,
    mayBeUnavailable: action.validity !== undefined || action.variables !== undefined,
    conditions: CONDITIONS.flatMap(({ stage, unmet }): PreparedCondition[] => {
      const source = action[stage];
      if (source === undefined) return [];
      const reason = `${unmet}: ${source.trim()}`;
      return [{ holds: expressions.compiled(source), stage, unmet: { action: action.id, stage, reason } }];
    }),
    contextWeights: (action.contextWeights ?? []).map(({ when, weight }) => ({
      holds: expressions.compiled(when),
      weight,
    })),
    channels: channelsIn(action),
  };
}
