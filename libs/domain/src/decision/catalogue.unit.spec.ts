/** What competes, and what cannot be said at all: tags, validity, values that texts need, many candidates. */
import { decisionRecordV1, MAX_OPTIONS, type EvaluateReply } from "#contracts";
import { candidatesOf } from "./catalogue.js";
import { conclude } from "./conclude.js";
import { evaluateRequest, rank } from "./funnel.js";
import { aCatalogue, anAction, aRequest, simpleExpressions } from "./given-decision.js";
import { replayDecision } from "./replay.js";

const at = Date.UTC(2026, 2, 1, 12);

describe("candidates", () => {
  const catalogue = aCatalogue(
    anAction("a", { tags: ["x"] }),
    anAction("b", { tags: ["x", "y"] }),
    anAction("c", {}),
    anAction("d", { tags: ["y"] }),
  );
  it.each([
    [["c"], undefined, ["c"]],
    [["c", "c"], undefined, ["c"]],
    [[], ["x"], ["a", "b"]],
    [
      ["d", "c"],
      ["y", "x"],
      ["d", "c", "b", "a"],
    ],
    [["c"], ["nobody"], ["c"]],
  ])("%j and tags %j → %j", (candidates, tags, expected) =>
    expect([...candidatesOf(aRequest({ candidates, ...(tags ? { tags } : {}) }), catalogue)]).toEqual(
      expected,
    ),
  );
});

describe("what cannot be said at all", () => {
  it.each([
    [{ from: "2026-03-02" }, "not_yet_valid: from 2026-03-02"],
    [{ from: "2026-03-01" }, undefined],
    [{ until: "2026-02-28" }, "no_longer_valid: until 2026-02-28"],
    [{ until: "2026-03-01" }, undefined],
    [{ until: "2026-03-01T12:00:00Z" }, "no_longer_valid: until 2026-03-01T12:00:00Z"],
    [{ from: "2026-03-01T13:00:00+01:00" }, undefined],
    [{ from: "2026-03-01T13:00:01+01:00" }, "not_yet_valid: from 2026-03-01T13:00:01+01:00"],
  ])("validity %j at noon of 1 March", (validity, reason) => {
    const ranking = rank(aRequest({ at }), aCatalogue(anAction("a", { validity })), simpleExpressions);
    expect(ranking.left.map((e) => [e.stage, e.reason])).toEqual(reason ? [["eligibility", reason]] : []);
  });

  it("leaves what lacks a required value, and nothing else", () => {
    const variables = { payee: { type: "text" as const, required: true } };
    const catalogue = aCatalogue(anAction("a", { variables }), anAction("b"));
    const { ranked, left } = rank(aRequest({ candidates: ["a", "b"] }), catalogue, simpleExpressions);
    expect(left).toEqual([{ action: "a", stage: "applicability", reason: "value_missing: payee" }]);
    expect(ranked.map((r) => r.action.id)).toEqual(["b"]);
  });
});

describe("many candidates", () => {
  const many = Array.from({ length: 300 }, (_, i) =>
    anAction(`a-${i}`, { value: 1_000 - i, tags: ["all"], ...(i % 3 === 0 ? { eligibility: "no" } : {}) }),
  );
  const catalogue = aCatalogue(...many);
  const request = aRequest({ candidates: [], tags: ["all"] });
  const ranking = rank(request, catalogue, simpleExpressions);
  const question = evaluateRequest(request, ranking)!;

  it("puts only the best to policy, in one question", () => {
    expect(question.options).toHaveLength(MAX_OPTIONS);
    expect(question.options[0]!.action).toBe("a-1");
  });

  it.each<[string, EvaluateReply, string]>([
    [
      "when one is chosen",
      {
        reservationId: request.decisionId,
        chosen: { action: "a-2", channels: ["push"] },
        verdicts: [{ actions: ["a-2"], channel: "push", verdict: "permitted", reason: "permitted" }],
        packs: ["p@1"],
      },
      "outranked",
    ],
    [
      "when none is",
      {
        verdicts: [
          {
            actions: question.options.map((o) => o.action),
            channel: "push",
            verdict: "denied",
            reason: "no_consent_record",
          },
        ],
        packs: ["p@1"],
      },
      "not_among_the_best",
    ],
  ])("explains every candidate in bounds, %s, and replays to the same bytes (I9)", (_name, reply, behind) => {
    const record = conclude(request, ranking, catalogue, reply);
    const { explanations } = record;
    expect(explanations.length).toBeLessThan(100);
    const named = explanations.flatMap((e) => [e.action, ...(e.alike ?? [])]);
    expect(named.sort()).toEqual(many.map((a) => a.id).sort());
    expect(explanations.slice(96).map((e) => [e.stage, e.reason, e.alike!.length + 1])).toEqual([
      ["arbitration", behind, 104],
      ["eligibility", "not_eligible", 100],
    ]);
    const text = JSON.stringify(record);
    const read = decisionRecordV1.parse(JSON.parse(text));
    expect(JSON.stringify(read)).toBe(text);
    expect(JSON.stringify(replayDecision(read, catalogue, simpleExpressions))).toBe(text);
  });
});

it("says it in the customer's language", () => {
  const action = anAction("a");
  const catalogue = aCatalogue({
    ...action,
    variables: { amountMinor: { type: "money" } },
    treatments: [
      { ...action.treatments[0]!, language: "en", body: "About {amountMinor}" },
      { ...action.treatments[0]!, language: "cs", body: "Jde o {amountMinor}" },
    ],
  });
  const reply = (language: string): unknown => {
    const request = aRequest({ profile: { seq: 1, language, consents: {}, holds: [] } });
    return conclude(request, rank(request, catalogue, simpleExpressions), catalogue, {
      reservationId: request.decisionId,
      chosen: { action: "a", channels: ["push"] },
      verdicts: [{ actions: ["a"], channel: "push", verdict: "permitted", reason: "permitted" }],
      packs: [],
    }).reply;
  };
  expect(reply("cs-CZ")).toMatchObject({ plan: [{ channel: "push", body: "Jde o CZK 1\u00a0234,56" }] });
  expect(reply("sk")).toMatchObject({ plan: [{ channel: "push", body: "About CZK 1,234.56" }] });
});
