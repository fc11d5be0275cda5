/**
 * Decisions: funnel → one call to policy → answers. Owns no state and writes nothing: a decision that is asked
 * again, after an answer that got lost, comes out the same, because policy is idempotent by decision id and the rest
 * is pure (I9); unless policy could not answer the first time. The caller puts it on record.
 */
import type { DecisionAnswer, DecisionRequest } from "#contracts";
import { conclude, evaluateRequest, rank, type Catalogue, type Expressions } from "#domain";
import { RpcUnavailable } from "#messaging";
import type { Timed } from "#registry";
import { faultPoint } from "#service";
import { span } from "#telemetry";
import type { CandidateModels } from "./models/candidate-models.js";
import type { PolicyPort } from "./policy.port.js";

/** Kept back from the caller's time for answering; of short deadlines a quarter. */
const RESERVE_MS = 50;

export class DecisionMaker {
  constructor(
    /** The one in force at a time: it may be another for the next decision. */
    private readonly catalogues: Timed<Catalogue>,
    private readonly expressions: Expressions,
    private readonly policy: PolicyPort,
    private readonly models: Pick<CandidateModels, "of">,
  ) {}

  /**
   * Decides a run of requests (`DecisionRun`) within the time that `remaining` says is left (wall ms). Throws RpcUnavailable
   * when it may work later.
   */
  async decide(requests: readonly DecisionRequest[], remaining: () => number): Promise<DecisionAnswer[]> {
    faultPoint("decision.policy.before");
    const asked = await Promise.all(
      requests.map(async (request) => {
        const catalogue = this.catalogues.at(request.at);
        return { request, catalogue, propensities: await this.models.of(request, catalogue) };
      }),
    );
    const ranked = asked.map(({ request, catalogue, propensities }) => {
      const ranking = rank(request, catalogue, this.expressions, propensities);
      return { request, catalogue, ranking, question: evaluateRequest(request, ranking) };
    });
    const questions = ranked.flatMap(({ question }) => question ?? []);
    const replies =
      questions.length === 0
        ? []
        : await span("evaluate", { kind: "client" }, (headers) =>
            this.policy.evaluate(questions, { timeoutMs: this.#timeForPolicy(remaining), headers }),
          );
    faultPoint("decision.policy.after");
    const answers: DecisionAnswer[] = [];
    let next = 0;
    for (const { request, catalogue, ranking, question } of ranked) {
      if (question && next === replies.length) break;
      const {
        request: _asked,
        reply,
        ...explanation
      } = conclude(request, ranking, catalogue, question ? replies[next++] : undefined);
      answers.push({ reply, explanation: JSON.stringify(explanation) });
      if (reply.kind !== "none") break;
    }
    return answers;
  }

  #timeForPolicy(remaining: () => number): number {
    const left = remaining();
    if (left <= 1) throw new RpcUnavailable("the deadline has passed before policy could be asked");
    return Math.max(1, Math.floor(left - Math.min(RESERVE_MS, left / 4)));
  }
}
