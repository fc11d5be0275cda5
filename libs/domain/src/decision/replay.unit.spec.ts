import type { DecisionRecord } from "#contracts";
import { aCatalogue, anAction, aRequest, simpleExpressions } from "./given-decision.js";
import { replayDecision } from "./replay.js";

describe("records of earlier versions of the arithmetic (I9)", () => {
  it("replays a record of version 0 to its bytes", () => {
    const record: DecisionRecord = {
      request: aRequest({ candidates: ["a", "b"] }),
      reply: {
        kind: "act",
        decisionId: "c1.7.0",
        action: "b",
        purpose: "marketing",
        urgent: false,
        reservationId: "c1.7.0",
        plan: [{ channel: "push", title: "b on push", body: "Hello", receiptTimeoutMs: 600_000 }],
        validForMs: 86_400_000,
        parameters: {},
        reason: "highest_score",
      },
      explanations: [
        {
          action: "b",
          stage: "chosen",
          reason: "highest_score",
          score: 6,
          factors: { value: 2, weight: 3 },
        },
        {
          action: "a",
          stage: "arbitration",
          reason: "outranked",
          score: 5,
          factors: { value: 5, weight: 1 },
        },
      ],
      verdicts: [
        { actions: ["b"], channel: "push", verdict: "permitted", reason: "permitted" },
        { actions: ["a"], channel: "push", verdict: "permitted", reason: "outranked" },
      ],
      versions: { "catalogue/test": "3", "policy/default": "4" },
    };
    const catalogue = aCatalogue(anAction("a", { value: 5 }), anAction("b", { value: 2, weight: 3 }));
    const replayed = replayDecision(record, catalogue, simpleExpressions);
    expect(JSON.stringify(replayed)).toBe(JSON.stringify(record));
  });
});
