/** Asks the decision service, again and again while it cannot be reached, until the budget is spent. */
import { decisionRunAnswerV1, rpc, type DecisionAnswer } from "#contracts";
import type { NoAnswer } from "#domain";
import { JsonText, RpcFailed, RpcUnavailable, sleep, type RpcClient } from "#messaging";
import { span } from "#telemetry";
import type { Decider, Question } from "./decision-run.js";

const ATTEMPT_TIMEOUT_MS = 3_000;
const BACKOFF_MIN_MS = 25;
const BACKOFF_MAX_MS = 1_000;

export class DecisionClient implements Decider {
  constructor(
    private readonly client: RpcClient,
    private readonly budgetMs: number,
    private readonly log: { warn(fields: object, message: string): void },
    private readonly signal: AbortSignal,
  ) {}

  async decide(run: readonly Question[]): Promise<readonly DecisionAnswer[] | NoAnswer> {
    const until = performance.now() + this.budgetMs;
    let questions = run;
    for (let delayMs = BACKOFF_MIN_MS; ; delayMs = Math.min(delayMs * 2, BACKOFF_MAX_MS)) {
      try {
        const reply = await span("request decide", { kind: "client" }, (headers) =>
          this.client.call(rpc.decide, textOf(questions), { timeoutMs: ATTEMPT_TIMEOUT_MS, headers }),
        );
        const { answers } = decisionRunAnswerV1.parse(reply);
        if (answers.some((a, i) => a.reply.decisionId !== questions[i]?.decisionId))
          throw new RpcFailed(`${rpc.decide} answered what was not asked`);
        return answers;
      } catch (error) {
        const leftMs = until - performance.now();
        if (questions.length > 1 && !(error instanceof RpcUnavailable)) {
          // One of them cannot be answered; each is asked by itself when its turn comes.
          questions = questions.slice(0, 1);
          continue;
        }
        if (error instanceof RpcUnavailable && leftMs > delayMs && !this.signal.aborted) {
          await sleep(delayMs, this.signal);
          continue;
        }
        // Shutting down is no answer: the event stays unacknowledged and the next owner asks again.
        if (this.signal.aborted) throw error;
        this.log.warn(
          { error: (error as Error).message },
          "no decision within the budget; the journey's fallback is taken",
        );
        return {
          kind: "unavailable",
          reason: error instanceof RpcUnavailable ? "decision_unavailable" : "decision_failed",
        };
      }
    }
  }
}

/** A `DecisionRun`. */
function textOf(questions: readonly Question[]): JsonText {
  return new JsonText(`{"requests":[${questions.map((q) => q.text).join(",")}]}`);
}
