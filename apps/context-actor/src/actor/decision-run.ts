/**
 * The decisions of a run of waiting events. The question at hand goes to the decision service together with those that
 * will follow it if it is answered `none`; answers that came along are used when their question is really asked, word for
 * word. So a customer has one decision open at a time, each on exactly one version of the context (I3), and a customer
 * with many waiting events does not go the whole way for each.
 */
import type { DecisionAnswer, DecisionRequest } from "#contracts";
import type { NoAnswer } from "#domain";

/** A request, and its JSON text: sent, compared and put on record as one and the same. */
export interface Question {
  readonly decisionId: string;
  readonly customerId: string;
  readonly text: string;
}

export function questionOf(request: DecisionRequest): Question {
  const { decisionId, customerId } = request;
  return { decisionId, customerId, text: JSON.stringify(request) };
}

export interface Decider {
  /**
   * Answers to the first of these questions, at least to one, ending with the first that is not `none`; or why there is
   * none: the failures that can pass have been retried by then.
   */
  decide(questions: readonly Question[]): Promise<readonly DecisionAnswer[] | NoAnswer>;
}

export class DecisionRun {
  /** By decision id: the text of the question as it was sent, and its answer. */
  readonly #answers = new Map<string, { readonly text: string; readonly answer: DecisionAnswer }>();

  constructor(private readonly decider: Decider) {}

  /** `ahead`: what will be asked after this, if everything is answered `none`. */
  async answerTo(question: Question, ahead: () => readonly Question[]): Promise<DecisionAnswer | NoAnswer> {
    const known = this.#answers.get(question.decisionId);
    if (known?.text === question.text) return known.answer;
    this.#answers.clear();
    const questions = [question, ...ahead()];
    const told = await this.decider.decide(questions);
    if ("kind" in told) return told;
    for (const [i, answer] of told.entries()) {
      const { decisionId, text } = questions[i]!;
      if (i > 0) this.#answers.set(decisionId, { text, answer });
    }
    return told[0]!;
  }
}
