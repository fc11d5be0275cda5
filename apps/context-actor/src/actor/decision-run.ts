/**
 * The decisions of a run of waiting events. The question at hand goes to the decision service together with those that
 * will follow it if it is answered `none`; answers that came along are used when their question is really asked, word for
 * word. So a customer has one decision open at a time, each on exactly one version of the context (I3), and a customer
 * with many waiting events does not go the whole way for each.
 */
import type { DecisionAnswer, DecisionRequest } from "#contracts";
import type { NoAnswer } from "#domain";

export interface Decider {
  /**
   * Answers to the first of these requests, at least to one, ending with the first that is not `none`; or why there is
   * none: the failures that can pass have been retried by then.
   */
  decide(requests: readonly DecisionRequest[]): Promise<readonly DecisionAnswer[] | NoAnswer>;
}

export class DecisionRun {
  /** By decision id: the question as it was sent, and its answer. */
  readonly #answers = new Map<string, { readonly asked: string; readonly answer: DecisionAnswer }>();

  constructor(private readonly decider: Decider) {}

  /** `ahead`: what will be asked after this, if everything is answered `none`. */
  async answerTo(
    request: DecisionRequest,
    ahead: () => readonly DecisionRequest[],
  ): Promise<DecisionAnswer | NoAnswer> {
    const known = this.#answers.get(request.decisionId);
    if (known?.asked === JSON.stringify(request)) return known.answer;
    this.#answers.clear();
    const requests = [request, ...ahead()];
    const told = await this.decider.decide(requests);
    if ("kind" in told) return told;
    for (const [i, answer] of told.entries()) {
      const asked = requests[i]!;
      if (i > 0) this.#answers.set(asked.decisionId, { asked: JSON.stringify(asked), answer });
    }
    return told[0]!;
  }
}
