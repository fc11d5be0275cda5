import type { DecisionRequest, FeatureDefinition, ModelDefinition, Prior } from "#contracts";
import { ExpressionFailed, type Expressions } from "../expressions.js";
import type { FeatureSpec, Features, FeatureValue, ModelSpec } from "../learning/index.js";

/** Characters of a category that are kept. */
const CATEGORY_CHARS = 64;

/**
 * The features of a model for one decision: a function of its request alone, so that they are computed again from the record when
 * the outcome is known. What cannot be computed is missing, which is normal.
 */
export function featuresOf(
  { features }: Pick<ModelDefinition, "features">,
  request: Pick<DecisionRequest, "moment" | "context">,
  expressions: Expressions,
): Features {
  const variables = { event: request.moment, context: request.context };
  const values: Record<string, FeatureValue> = {};
  for (const name in features) {
    try {
      values[name] = valueOf(features[name]!, variables, expressions);
    } catch (error) {
      if (!(error instanceof ExpressionFailed)) throw error;
    }
  }
  return values;
}

function valueOf(
  { kind, of }: FeatureDefinition,
  variables: Readonly<Record<string, unknown>>,
  expressions: Expressions,
): FeatureValue {
  switch (kind) {
    case "number": {
      const value = expressions.scalar(of, variables);
      return typeof value === "number" ? value : undefined;
    }
    case "category":
      return expressions.value(of, variables).slice(0, CATEGORY_CHARS);
    case "flag":
      return expressions.condition(of, variables);
  }
}

/** A definition in the terms of the learning library. */
export function specOf(definition: Pick<ModelDefinition, "features" | "memory">, prior: Prior): ModelSpec {
  const features = Object.entries(definition.features).map(
    ([name, { kind, scale }]): [string, FeatureSpec] => [
      name,
      scale === undefined ? { kind } : { kind, scale },
    ],
  );
  return {
    features: Object.fromEntries(features),
    prior,
    ...(definition.memory === undefined ? {} : { memory: definition.memory }),
  };
}
