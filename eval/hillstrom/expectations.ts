/**
 * What is expected of each action for a customer, from adaptive models: one per action and outcome. The test has no order
 * of time and nothing in it moves, so that the models forget next to nothing.
 */
import { emptyModel, learn, predict, type Features, type ModelState } from "#domain";
import { ACTIONS, FEATURES, type Action, type Customer, type Reward } from "./customers.js";

export type Expected = Readonly<Record<Reward, Readonly<Record<Action, number>>>>;

const MEMORY = 1_000_000;
const PRIORS = { visit: 0.1, conversion: 0.01 } as const;

interface ActionModels {
  visit: ModelState;
  conversion: ModelState;
  buyers: number;
  spent: number;
}

export class Expectations {
  private readonly models = Object.fromEntries(
    ACTIONS.map((action): [string, ActionModels] => [
      action,
      { visit: modelOf("visit"), conversion: modelOf("conversion"), buyers: 0, spent: 0 },
    ]),
  ) as Record<Action, ActionModels>;

  learn({ features, action, rewards }: Customer): void {
    const of = this.models[action];
    of.visit = learn(of.visit, features, rewards.visit === 1 ? 1 : 0, 0);
    of.conversion = learn(of.conversion, features, rewards.conversion === 1 ? 1 : 0, 0);
    of.buyers += rewards.conversion;
    of.spent += rewards.spend;
  }

  /** Spend is the probability of a purchase times what buyers have spent on average, over all actions alike. */
  of(features: Features): Expected {
    const all = Object.values(this.models);
    const buyers = all.reduce((sum, m) => sum + m.buyers, 0);
    const basket = buyers === 0 ? 0 : all.reduce((sum, m) => sum + m.spent, 0) / buyers;
    const told = ACTIONS.map((action) => ({
      action,
      visit: predict(this.models[action].visit, features).p,
      conversion: predict(this.models[action].conversion, features).p,
    }));
    const by = (value: (t: (typeof told)[number]) => number): Record<Action, number> =>
      Object.fromEntries(told.map((t) => [t.action, value(t)])) as Record<Action, number>;
    return {
      visit: by((t) => t.visit),
      conversion: by((t) => t.conversion),
      spend: by((t) => t.conversion * basket),
    };
  }
}

function modelOf(reward: keyof typeof PRIORS): ModelState {
  return emptyModel({
    features: FEATURES,
    prior: { propensity: PRIORS[reward], strength: 10 },
    memory: MEMORY,
  });
}

/** The action with the highest expectation. */
export function bestOf(expected: Readonly<Record<Action, number>>): Action {
  return ACTIONS.reduce((best, action) => (expected[action] > expected[best] ? action : best), ACTIONS[0]);
}

const FOLDS = 5;

/** Expectations for each customer from models that learnt the four fifths it is not in. */
export function outOfFold(customers: readonly Customer[]): Expected[] {
  const expected: Expected[] = Array.from({ length: customers.length });
  for (let fold = 0; fold < FOLDS; fold++) {
    const models = new Expectations();
    for (const [i, customer] of customers.entries()) if (i % FOLDS !== fold) models.learn(customer);
    for (const [i, { features }] of customers.entries())
      if (i % FOLDS === fold) expected[i] = models.of(features);
  }
  return expected;
}

/** Expectations for each customer from the customers before: what the system would have known at that moment. */
export function predictThenLearn(customers: readonly Customer[]): Expected[] {
  const models = new Expectations();
  return customers.map((customer) => {
    const expected = models.of(customer.features);
    models.learn(customer);
    return expected;
  });
}
