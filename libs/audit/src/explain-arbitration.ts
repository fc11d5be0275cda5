/** How the best of several actions was found, in words: factors, what the models went by, and the runner-up. */
import type { ActionDefinition, DecisionRecord, Explanation } from "#contracts";
import { ExpressionFailed, type Catalogue, type Expressions } from "#domain";
import { listed, rounded, words } from "./words.js";

/** `propensity 0.21 × value 10 − cost 1`, in the order in which it was computed. */
export function factorsInWords(factors: Readonly<Record<string, number>>): string {
  const { cost, ...others } = factors;
  const product = Object.entries(others).map(([name, value]) => `${name} ${rounded(value)}`);
  return product.join(" × ") + (cost === undefined ? "" : ` − cost ${rounded(cost)}`);
}

/** Nothing where there was nothing to choose between. */
export function arbitration(
  record: DecisionRecord,
  catalogue: Catalogue,
  expressions: Expressions,
): string[] {
  const scored = record.explanations.filter((e) => e.score !== undefined);
  const chosen = scored.find((e) => e.stage === "chosen");
  const runnerUp = chosen && scored.find((e) => e.stage === "arbitration");
  const shown = chosen ? [chosen, ...(runnerUp ? [runnerUp] : [])] : scored.slice(0, 2);
  return [
    ...(chosen && runnerUp ? [whyItLost(chosen, runnerUp)] : []),
    ...shown.flatMap((e) => model(record, e)),
    ...shown.flatMap((e) => situations(record, e, catalogue.actions.get(e.action), expressions)),
    ...(catalogue.arbitration?.off ?? []).map(
      (factor) => `The factor ${factor} is switched off in the catalogue that was in force.`,
    ),
  ];
}

function whyItLost(chosen: Explanation, runnerUp: Explanation): string {
  const scores = `score ${rounded(runnerUp.score!)} against ${rounded(chosen.score!)}`;
  const differing = [
    ...new Set([...Object.keys(chosen.factors ?? {}), ...Object.keys(runnerUp.factors ?? {})]),
  ]
    .map((name) => ({ name, own: valueOf(runnerUp, name), other: valueOf(chosen, name) }))
    .filter(({ own, other }) => own !== other)
    .map(({ name, own, other }) => `${name} ${rounded(own)} against ${rounded(other)}`);
  const why =
    runnerUp.score === chosen.score
      ? "; between equal scores the draw of this decision decides"
      : differing.length > 0
        ? `: ${listed(differing)}`
        : "";
  return `The runner-up, ${runnerUp.action}, lost to ${chosen.action} with ${scores}${why}.`;
}

/** A factor that is not there counts 1, a cost that is not there 0. */
function valueOf({ factors }: Explanation, name: string): number {
  return factors?.[name] ?? (name === "cost" ? 0 : 1);
}

function model({ propensities }: DecisionRecord, { action }: Explanation): string[] {
  const found = propensities?.[action];
  if (!found) return [];
  const { model: name, version, p, drawn, top = [], fallback } = found;
  if (fallback !== undefined)
    return [`Model ${name} had no say on ${action} (${words(fallback)}): its prior counted, ${rounded(p)}.`];
  const features = top.map(
    ({ feature, effect }) => `${feature} (${effect < 0 ? "" : "+"}${rounded(effect)})`,
  );
  const mattered = features.length === 0 ? "" : `; what mattered most: ${listed(features)}`;
  const draw = drawn === p ? "" : `, and ${rounded(drawn)} was drawn to keep on learning`;
  return [
    `Model ${name} (state ${version}) expected ${action} to succeed with probability ${rounded(p)}${draw}${mattered}.`,
  ];
}

/** The context weights that held. */
function situations(
  { request }: DecisionRecord,
  { action, factors }: Explanation,
  definition: ActionDefinition | undefined,
  expressions: Expressions,
): string[] {
  if (factors?.["context"] === undefined) return [];
  const variables = { event: request.moment, context: request.context };
  return (definition?.contextWeights ?? []).flatMap(({ when, weight, why }) => {
    try {
      return expressions.condition(when, variables)
        ? [`${action} counted ${rounded(weight)} times, because of its situation: ${why}.`]
        : [];
    } catch (error) {
      if (!(error instanceof ExpressionFailed)) throw error;
      return [];
    }
  });
}
