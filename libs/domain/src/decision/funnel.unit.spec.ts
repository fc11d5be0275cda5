import fc from "fast-check";
import { DECISION_REASONS, FACTORS, reasonCodeOf, type DecisionRequest, type FactorName } from "#contracts";
import { evaluateRequest, rank, type Propensities, type Ranking } from "./funnel.js";
import { aCatalogue, anAction, aPropensity, aRequest, simpleExpressions } from "./given-decision.js";
import { draw } from "./score.js";

describe("the funnel", () => {
  const cases: [
    string,
    ReturnType<typeof anAction> | undefined,
    Partial<DecisionRequest>,
    { stage: string; reason: string } | string[],
  ][] = [
    ["an unknown action", undefined, {}, { stage: "eligibility", reason: "not_in_catalogue" }],
    [
      "eligibility unmet",
      anAction("a", { eligibility: "no" }),
      {},
      { stage: "eligibility", reason: "not_eligible: no" },
    ],
    [
      "eligibility failing",
      anAction("a", { eligibility: "fails" }),
      {},
      { stage: "eligibility", reason: "expression_failed: fails: No such key: x" },
    ],
    [
      "applicability unmet",
      anAction("a", { eligibility: "yes", applicability: "no" }),
      {},
      { stage: "applicability", reason: "not_applicable: no" },
    ],
    [
      "suitability unmet",
      anAction("a", { applicability: "yes", suitability: "no" }),
      {},
      { stage: "suitability", reason: "not_suitable: no" },
    ],
    [
      "suitability failing",
      anAction("a", { suitability: "fails" }),
      {},
      { stage: "suitability", reason: "expression_failed: fails: No such key: x" },
    ],
    [
      "no channel asked for",
      anAction("a", { channels: ["push"] }),
      { channels: ["sms"] },
      { stage: "channel", reason: "no_treatment_for_channels" },
    ],
    [
      "all channels used",
      anAction("a", { channels: ["push"] }),
      { exclude: ["push"] },
      { stage: "channel", reason: "channels_used_up" },
    ],
    [
      "the action's own order",
      anAction("a", { channels: ["sms", "push", "email"] }),
      {},
      ["sms", "push", "email"],
    ],
    [
      "the request's order",
      anAction("a", { channels: ["sms", "push", "email"] }),
      { channels: ["email", "atm", "sms"] },
      ["email", "sms"],
    ],
    [
      "another channel",
      anAction("a", { channels: ["sms", "push", "email"] }),
      { exclude: ["sms"] },
      ["push", "email"],
    ],
  ];
  it.each(cases)("%s", (_name, action, request, expected) => {
    const { ranked, left } = rank(
      aRequest(request),
      aCatalogue(...(action ? [action] : [])),
      simpleExpressions,
    );
    if (Array.isArray(expected)) {
      expect(left).toEqual([]);
      expect(ranked.map((r) => r.channels)).toEqual([expected]);
    } else {
      expect(ranked).toEqual([]);
      expect(left).toEqual([{ action: "a", ...expected }]);
      expect(DECISION_REASONS[left[0]!.stage]).toContain(reasonCodeOf(left[0]!.reason));
    }
  });

  it("costs only the candidate whose expression fails", () => {
    const catalogue = aCatalogue(anAction("a", { eligibility: "fails" }), anAction("b"));
    const { ranked, left } = rank(aRequest({ candidates: ["a", "b"] }), catalogue, simpleExpressions);
    expect(ranked.map((r) => r.action.id)).toEqual(["b"]);
    expect(left.map((e) => e.action)).toEqual(["a"]);
  });

  it("does not hide a defect behind a failed expression", () => {
    const catalogue = aCatalogue(anAction("a", { eligibility: "defect" }));
    expect(() => rank(aRequest(), catalogue, simpleExpressions)).toThrow("unexpected expression");
  });

  const weighted = anAction("a", {
    value: 12,
    weight: 0.5,
    contextWeights: [
      { when: "yes", weight: 3, why: "is here" },
      { when: "no", weight: 7, why: "is elsewhere" },
      { when: "yes", weight: 2, why: "is rich" },
    ],
  });
  const scored = (
    action = weighted,
    off: FactorName[] = [],
    propensities: Propensities | undefined = new Map([["a", aPropensity(0.25)]]),
  ): Ranking =>
    rank(aRequest(), { ...aCatalogue(action), arbitration: { off } }, simpleExpressions, propensities);

  it("scores by propensity × value × context × lever, each factor by name and in this order", () => {
    const { score, factors } = scored().ranked[0]!;
    expect(score).toBe(0.25 * 12 * 6 * 0.5);
    expect(JSON.stringify(factors)).toBe('{"propensity":0.25,"value":12,"context":6,"lever":0.5}');
  });

  it("leaves out a factor that has nothing to say", () => {
    const { score, factors } = scored(anAction("a", { value: 12 }), [], new Map()).ranked[0]!;
    expect({ score, factors }).toEqual({ score: 12, factors: { value: 12 } });
  });

  it("subtracts what saying it costs", () => {
    const { score, factors } = scored(anAction("a", { value: 12, cost: 2 })).ranked[0]!;
    expect({ score, factors }).toEqual({ score: 1, factors: { propensity: 0.25, value: 12, cost: 2 } });
  });

  it.each([
    ["propensity", 36],
    ["value", 0.75],
    ["context", 1.5],
    ["lever", 18],
  ] as const)("switched off, %s counts 1 and is left out", (factor, score) => {
    const ranked = scored(weighted, [factor]).ranked[0]!;
    expect(ranked.score).toBe(score);
    expect(Object.keys(ranked.factors)).toEqual(FACTORS.filter((f) => f !== factor));
  });

  it("costs a candidate its place when a context weight cannot be computed", () => {
    const broken = anAction("a", { contextWeights: [{ when: "fails", weight: 2, why: "test" }] });
    expect(scored(broken).left).toEqual([
      { action: "a", stage: "scoring", reason: "expression_failed: fails: No such key: x" },
    ]);
    expect(scored(broken, ["context"]).ranked).toHaveLength(1);
  });

  it("scores a record of version 0 as then: value × weight, both named (I9)", () => {
    const catalogue = aCatalogue(anAction("a", { value: 12 }));
    const { ranked } = rank(aRequest(), catalogue, simpleExpressions, new Map(), 0);
    expect(ranked[0]).toMatchObject({ score: 12, factors: { value: 12, weight: 1 } });
  });

  it("asks policy once, best first", () => {
    const catalogue = aCatalogue(
      anAction("a", { value: 1 }),
      anAction("b", { value: 2, purpose: "service", urgent: true, channels: ["sms", "push"] }),
    );
    const request = aRequest({ candidates: ["a", "b"], cap: { journey: "test", count: 3, periodMs: 7 } });
    const question = evaluateRequest(request, rank(request, catalogue, simpleExpressions));
    expect(question).toEqual({
      contacted: false,
      about: { event: "core:e1" },
      decisionId: "c1.7.0",
      customerId: "c1",
      at: 1_000_000,
      options: [
        { action: "b", purpose: "service", channels: ["sms", "push"], urgent: true },
        { action: "a", purpose: "marketing", channels: ["push"], urgent: false },
      ],
      journey: "test",
      cap: { journey: "test", count: 3, periodMs: 7 },
      profile: request.profile,
    });
  });

  it("asks about the best of each purpose, however many offers are ahead of it", () => {
    const offers = Array.from({ length: 80 }, (_, i) => anAction(`offer-${i}`, { value: 100 + i }));
    const notices = [1, 2].map((value) => anAction(`notice-${value}`, { value, purpose: "service" }));
    const catalogue = aCatalogue(...offers, ...notices);
    const request = aRequest({ candidates: [...catalogue.actions.keys()] });
    const { options } = evaluateRequest(request, rank(request, catalogue, simpleExpressions))!;
    expect(options).toHaveLength(64);
    expect(options.slice(-2).map((o) => o.action)).toEqual(["offer-17", "notice-2"]);
  });

  it("asks nothing when nobody is left", () => {
    const request = aRequest();
    expect(evaluateRequest(request, rank(request, aCatalogue(), simpleExpressions))).toBeUndefined();
  });
});

describe("ranking", () => {
  const ids = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 12 });

  it("is a total order that does not depend on the order or repetition of the candidates", () => {
    fc.assert(
      fc.property(
        ids,
        fc.array(fc.integer({ min: 0, max: 2 })),
        fc.array(fc.nat()),
        fc.string(),
        (actions, values, shuffle, decisionId) => {
          const catalogue = aCatalogue(...actions.map((id, i) => anAction(id, { value: values[i] ?? 1 })));
          const order = (candidates: string[]): string[] =>
            rank(aRequest({ decisionId, candidates }), catalogue, simpleExpressions).ranked.map(
              (r) => r.action.id,
            );
          const first = order(actions);
          const other = actions
            .map((id, i) => [shuffle[i] ?? 0, id] as const)
            .sort((a, b) => a[0] - b[0])
            .map(([, id]) => id);
          expect(order([...other, ...other])).toEqual(first);
          expect([...first].sort()).toEqual([...actions].sort());
          const scores = rank(
            aRequest({ decisionId, candidates: actions }),
            catalogue,
            simpleExpressions,
          ).ranked.map((r) => r.score);
          expect(scores).toEqual([...scores].sort((a, b) => b - a));
        },
      ),
    );
  });

  it("breaks ties fairly over decisions", () => {
    let wins = 0;
    for (let n = 0; n < 10_000; n++) if (draw(`c1.${n}.0`, "offer-a") < draw(`c1.${n}.0`, "offer-b")) wins++;
    expect(wins).toBeGreaterThan(4_700);
    expect(wins).toBeLessThan(5_300);
  });
});
