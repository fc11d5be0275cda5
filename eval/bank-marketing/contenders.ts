/** What is compared: each states a probability, then learns what came. */
import { emptyModel, learn, predict, type Features, type FeatureSpec, type ModelSpec } from "#domain";
import { plainRegression } from "./plain-regression.js";
import { refittedTrees } from "./refitted-trees.js";
import type { Contact, Contacts } from "./contacts.js";

export interface Forecaster {
  predict(contact: Contact): number;
  learn(contact: Contact): void;
}

export interface Contender {
  readonly name: string;
  start(): Forecaster;
}

/** Known of no data: the same in every file. */
export const PRIOR = { propensity: 0.1, strength: 10 };

export const OURS = "Segue";

export function contendersOf({ features, protectedFeatures }: Contacts): Contender[] {
  const withProtected = { ...features, ...protectedFeatures };
  return [
    { name: "moving average", start: movingAverage },
    { name: "online logistic regression", start: () => plainRegression(features) },
    { name: "gradient boosting, refitted every 250", start: () => refittedTrees(features) },
    { name: OURS, start: () => adaptive(features) },
    { name: "Segue with age and marital status", start: () => unguarded(withProtected) },
  ];
}

/** The share of positives, exponentially weighted over about the last 100. */
function movingAverage(): Forecaster {
  let rate = PRIOR.propensity;
  return {
    predict: () => rate,
    learn: ({ label }) => void (rate += (label - rate) / 100),
  };
}

function adaptive(features: Readonly<Record<string, FeatureSpec>>): Forecaster {
  const spec: ModelSpec = { features, prior: PRIOR };
  let state = emptyModel(spec);
  return {
    predict: (contact) => predict(state, contact.features).p,
    learn: ({ features, label, at }) => void (state = learn(state, features, label, at)),
  };
}

/** Names without meaning let the protected attributes past the guard: only to say what leaving them out costs. */
function unguarded(features: Readonly<Record<string, FeatureSpec>>): Forecaster {
  const names = Object.keys(features);
  const masked = (values: Features): Features =>
    Object.fromEntries(names.map((name, i) => [`x${i}`, values[name]]));
  const inner = adaptive(Object.fromEntries(names.map((name, i) => [`x${i}`, features[name]!])));
  return {
    predict: (contact) => inner.predict({ ...contact, features: masked(contact.features) }),
    learn: (contact) => inner.learn({ ...contact, features: masked(contact.features) }),
  };
}
