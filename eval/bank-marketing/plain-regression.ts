/** The usual online logistic regression: one weight per value, numbers scaled, a step of the same size per outcome. */
import type { FeatureSpec, FeatureValue } from "#domain";
import type { Forecaster } from "./contenders.js";

const STEP = 0.02;

/** The forecaster that others are compared with; `features` as a model declares them. */
export function plainRegression(features: Readonly<Record<string, FeatureSpec>>): Forecaster {
  const weights = new Map<string, number>();
  const scales = new Map<string, { n: number; mean: number; squares: number }>();
  const vectorOf = (values: Readonly<Record<string, FeatureValue>>): [string, number][] => [
    ["", 1],
    ...Object.keys(features).map((name): [string, number] => {
      const value = values[name];
      if (typeof value !== "number") return [`${name}=${value}`, 1];
      const scale = scales.get(name);
      const deviation = scale && scale.n > 1 ? Math.sqrt(scale.squares / scale.n) : 0;
      return [name, deviation > 0 ? Math.max(-3, Math.min(3, (value - scale!.mean) / deviation)) : 0];
    }),
  ];
  const pOf = (x: readonly [string, number][]): number =>
    1 / (1 + Math.exp(-x.reduce((sum, [name, value]) => sum + (weights.get(name) ?? 0) * value, 0)));
  return {
    predict: (contact) => pOf(vectorOf(contact.features)),
    learn: ({ features: values, label }) => {
      const x = vectorOf(values);
      const error = label - pOf(x);
      for (const [name, value] of x) weights.set(name, (weights.get(name) ?? 0) + STEP * error * value);
      for (const name of Object.keys(features)) {
        const value = values[name];
        if (typeof value !== "number") continue;
        const scale = scales.get(name) ?? { n: 0, mean: 0, squares: 0 };
        const distance = value - scale.mean;
        scale.n++;
        scale.mean += distance / scale.n;
        scale.squares += distance * (value - scale.mean);
        scales.set(name, scale);
      }
    },
  };
}
