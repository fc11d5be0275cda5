import { actionV1, type DecisionRecord } from "#contracts";
import { createExpressions } from "#definitions";
import { arbitration, factorsInWords } from "./explain-arbitration.js";

const action = (id: string, more: object = {}) =>
  actionV1.parse({
    id,
    description: id,
    purpose: "marketing",
    value: 10,
    treatments: [{ channel: "push", title: id, body: id }],
    ...more,
  });
const catalogue = {
  actions: new Map([
    ["savings", action("savings")],
    [
      "deposit",
      action("deposit", {
        contextWeights: [
          { when: "event.data.amountMinor > 100", weight: 2, why: "a large sum leaves" },
          { when: "event.data.amountMinor > 900", weight: 3, why: "a very large sum leaves" },
        ],
      }),
    ],
  ]),
  versions: [{ id: "offers", version: 1 }],
};
const record = {
  request: { moment: { data: { amountMinor: 500 } }, context: {} },
  explanations: [
    {
      action: "savings",
      stage: "chosen",
      reason: "highest_score",
      score: 4,
      factors: { propensity: 0.4, value: 10 },
    },
    {
      action: "deposit",
      stage: "arbitration",
      reason: "outranked",
      score: 3,
      factors: { propensity: 0.2, value: 10, context: 2, cost: 1 },
    },
  ],
  propensities: {
    savings: {
      model: "offers",
      version: 7,
      p: 0.35,
      drawn: 0.4,
      top: [
        { feature: "balanceMinor", effect: 0.41 },
        { feature: "declinedBefore", effect: -0.2 },
      ],
    },
  },
} as unknown as DecisionRecord;

describe("how the best was found, in words", () => {
  it("names the runner-up and why it lost, what the models went by, and the situations that counted", () => {
    expect(arbitration(record, catalogue, createExpressions())).toEqual([
      "The runner-up, deposit, lost to savings with score 3 against 4: propensity 0.2 against 0.4, context 2 against 1 and cost 1 against 0.",
      "Model offers (state 7) expected savings to succeed with probability 0.35, and 0.4 was drawn to keep on learning; what mattered most: balanceMinor (+0.41) and declinedBefore (-0.2).",
      "deposit counted 2 times, because of its situation: a large sum leaves.",
    ]);
  });

  it("says which factors are switched off, and that the draw decided between equals", () => {
    const [chosen, other] = record.explanations;
    const equal = { ...record, explanations: [chosen!, { ...other!, score: 4, factors: {} }] };
    const off = { ...catalogue, arbitration: { off: ["lever" as const] } };
    expect(arbitration(equal, off, createExpressions())).toEqual([
      expect.stringContaining("score 4 against 4; between equal scores the draw of this decision decides."),
      expect.stringContaining("Model offers"),
      "The factor lever is switched off in the catalogue that was in force.",
    ]);
  });

  it("writes a score as it was computed", () => {
    expect(factorsInWords({ propensity: 0.21, value: 10, cost: 1 })).toBe(
      "propensity 0.21 × value 10 − cost 1",
    );
    expect(factorsInWords({ value: 2, weight: 1 })).toBe("value 2 × weight 1");
  });
});
