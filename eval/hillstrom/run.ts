/** `npm run eval -- hillstrom`: what policies learned from the test would have brought, against each fixed action. */
import { basename } from "node:path";
import { textTable, type Chart } from "#plot";
import type { Evaluation } from "../evaluation.js";
import {
  difference,
  policyValue,
  type Estimate,
  type LoggedCase,
  type PolicyValue,
} from "../metrics/policy-value.js";
import { percent } from "../figures-text.js";
import {
  ACTIONS,
  PROPENSITY,
  readCustomers,
  REWARDS,
  type Action,
  type Customer,
  type Reward,
} from "./customers.js";
import { bestOf, outOfFold, predictThenLearn, type Expected } from "./expectations.js";

interface Policy {
  readonly name: string;
  readonly choose: (customer: number) => Action;
}

interface PolicyFigures {
  readonly name: string;
  readonly shares: Readonly<Record<Action, number>>;
  readonly values: Readonly<Record<Reward, PolicyValue>>;
}

interface Comparison {
  readonly policy: string;
  readonly against: Action;
  readonly reward: Reward;
  readonly doublyRobust: Estimate;
  readonly inversePropensity: Estimate;
}

/** Throws BadFile. */
export function evaluateHillstrom(file: string, say: (text: string) => void): Evaluation {
  const customers = readCustomers(file);
  say("out of fold");
  const folded = outOfFold(customers);
  say("predict-then-learn");
  const online = predictThenLearn(customers);
  const learned: Policy[] = [
    { name: "learned for visit", choose: (i) => bestOf(folded[i]!.visit) },
    { name: "learned for conversion", choose: (i) => bestOf(folded[i]!.conversion) },
    { name: "learned for visit, while acting", choose: (i) => bestOf(online[i]!.visit) },
  ];
  const fixed = ACTIONS.map((action): Policy => ({ name: `always ${action}`, choose: () => action }));
  const casesOf = (policy: Policy, reward: Reward): LoggedCase[] =>
    customers.map((customer, i) => caseOf(customer, policy.choose(i), reward, folded[i]!));
  const figures = [...fixed, ...learned].map((policy): PolicyFigures => {
    say(policy.name);
    return {
      name: policy.name,
      shares: sharesOf(customers.map((_, i) => policy.choose(i))),
      values: perReward((reward) => policyValue(casesOf(policy, reward))),
    };
  });
  const comparisons = learned.flatMap((policy) =>
    REWARDS.flatMap((reward) => {
      const cases = casesOf(policy, reward);
      return fixed.map((other, a): Comparison => ({
        policy: policy.name,
        against: ACTIONS[a]!,
        reward,
        ...difference(cases, casesOf(other, reward)),
      }));
    }),
  );
  return {
    text: textOf(basename(file), customers.length, figures, comparisons),
    plots: new Map([["policy-value", plotOf(basename(file), figures)]]),
    json: {
      evaluation: "hillstrom",
      file: basename(file),
      customers: customers.length,
      figures,
      comparisons,
    },
  };
}

const caseOf = (customer: Customer, chosen: Action, reward: Reward, expected: Expected): LoggedCase => ({
  action: customer.action,
  propensity: PROPENSITY,
  reward: customer.rewards[reward],
  chosen,
  expected: expected[reward],
});

function perReward<T>(of: (reward: Reward) => T): Record<Reward, T> {
  return { visit: of("visit"), conversion: of("conversion"), spend: of("spend") };
}

function sharesOf(chosen: readonly Action[]): Record<Action, number> {
  const share = (action: Action): number => chosen.filter((c) => c === action).length / chosen.length;
  return Object.fromEntries(ACTIONS.map((a) => [a, share(a)])) as Record<Action, number>;
}

const shown = (reward: Reward, value: number): string =>
  reward === "spend" ? value.toFixed(3) : (100 * value).toFixed(2);

const interval = (reward: Reward, { value, low, high }: Estimate): string =>
  `${shown(reward, value)} [${shown(reward, low)}, ${shown(reward, high)}]`;

const UNITS: Readonly<Record<Reward, string>> = {
  visit: "visits per 100 customers",
  conversion: "purchases per 100 customers",
  spend: "USD per customer",
};

function textOf(
  file: string,
  customers: number,
  figures: readonly PolicyFigures[],
  comparisons: readonly Comparison[],
): string {
  const parts = [
    `${file}: ${customers} customers, one of three actions drawn for each with probability 1/3. 95 % confidence intervals in brackets.`,
    "Learned policies choose the action with the highest expectation from models that have not seen the customer (five folds); the one",
    "while acting knows the customers before only. Nothing is deducted for the cost of an e-mail.",
    "",
    textTable(
      ["which action the policy chooses", ...ACTIONS],
      figures.map(({ name, shares }) => [name, ...ACTIONS.map((a) => percent(shares[a], 0))]),
      "ruled",
    ),
  ];
  for (const reward of REWARDS)
    parts.push(
      "",
      textTable(
        [`${reward} (${UNITS[reward]})`, "inverse propensity", "self-normalised", "doubly robust"],
        figures.map(({ name, values }) => [
          name,
          interval(reward, values[reward].inversePropensity),
          interval(reward, values[reward].selfNormalised),
          interval(reward, values[reward].doublyRobust),
        ]),
        "ruled",
      ),
    );
  parts.push(
    "",
    "Difference to each fixed action, doubly robust and paired; better or worse only where the interval excludes 0.",
    `Of ${comparisons.length} intervals of 95 %, one or two exclude 0 by chance: one that just does shows little.`,
    textTable(
      ["", "against", "outcome", "difference", ""],
      comparisons.map(({ policy, against, reward, doublyRobust }) => [
        policy,
        against,
        reward,
        interval(reward, doublyRobust),
        doublyRobust.low > 0 ? "better" : doublyRobust.high < 0 ? "worse" : "not to be told apart",
      ]),
      "ruled",
    ),
  );
  return parts.join("\n");
}

function plotOf(file: string, figures: readonly PolicyFigures[]): Chart {
  const bound = (of: (estimate: Estimate) => number) =>
    figures.map(({ values }) => 100 * of(values.visit.doublyRobust));
  return {
    title: "Visits that a policy brings, doubly robust, with 95 % interval",
    subtitle: `${file}, actions drawn at random`,
    x: "policy",
    y: "visits per 100 customers",
    categories: figures.map(({ name }) => name),
    series: [
      { name: "low", values: bound(({ low }) => low) },
      { name: "estimate", values: bound(({ value }) => value) },
      { name: "high", values: bound(({ high }) => high) },
    ],
    kind: "grouped",
    size: { width: 1_100, height: 460 },
  };
}
