import type { DecisionAnswer, DecisionRequest } from "#contracts";
import { DecisionRun, questionOf, type Question } from "./decision-run.js";

const request = (n: number, at = 5): Question =>
  questionOf({ decisionId: `c.${n}.0`, customerId: "c", at } as DecisionRequest);
const answerTo = ({ decisionId }: Question): DecisionAnswer => ({
  reply: { kind: "none", decisionId, reason: "r" },
  explanation: "{}",
});

describe("the decisions of a run", () => {
  const sent: string[][] = [];
  let answered = 99;
  const run = (): DecisionRun =>
    new DecisionRun({
      decide: (requests) => {
        sent.push(requests.map((r) => r.decisionId));
        return Promise.resolve(requests.slice(0, answered).map(answerTo));
      },
    });
  beforeEach(() => {
    sent.length = 0;
    answered = 99;
  });

  it("come with the first question, and are given when their own is asked", async () => {
    const r = run();
    const ahead = (): Question[] => [request(2), request(3)];
    for (const n of [1, 2, 3]) expect(await r.answerTo(request(n), ahead)).toEqual(answerTo(request(n)));
    expect(sent).toEqual([["c.1.0", "c.2.0", "c.3.0"]]);
  });

  it("are asked again when the question is not the one that was foreseen (I3)", async () => {
    const r = run();
    await r.answerTo(request(1), () => [request(2), request(3)]);
    await r.answerTo(request(2, 6), () => [request(3)]);
    await r.answerTo(request(3), () => []);
    expect(sent).toEqual([
      ["c.1.0", "c.2.0", "c.3.0"],
      ["c.2.0", "c.3.0"],
    ]);
  });

  it("are asked again behind an answer that ended the run", async () => {
    const r = run();
    answered = 2;
    await r.answerTo(request(1), () => [request(2), request(3)]);
    await r.answerTo(request(2), () => [request(3)]);
    await r.answerTo(request(3), () => []);
    expect(sent).toEqual([["c.1.0", "c.2.0", "c.3.0"], ["c.3.0"]]);
  });
});
