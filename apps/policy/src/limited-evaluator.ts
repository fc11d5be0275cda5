/**
 * Evaluates options of which some have a quota or a budget over all customers: what is reserved is also taken of the action's
 * limits before it is answered. An action whose limit is reached is denied, and the next best is reserved in its place.
 * Requests without such options go the whole way as they are.
 */
import type { EvaluateReply, EvaluateRequest, PolicyOption, Verdict } from "#contracts";
import type { LimitReached } from "#domain";
import type { Evaluator } from "./evaluator.js";
import { LimitsUnavailable, type LimitLogs } from "./limit-log.store.js";
import type { PolicyIndex } from "./policy-index.store.js";

export interface LimitedEvaluatorPorts {
  readonly evaluator: Pick<Evaluator, "evaluate" | "evaluateRun">;
  readonly limits: LimitLogs;
  readonly index: Pick<PolicyIndex, "undo">;
  readonly log: { warn(fields: object, message: string): void };
}

type Denied = Map<PolicyOption, LimitReached | "policy_unavailable">;

export class LimitedEvaluator {
  readonly #ports: LimitedEvaluatorPorts;

  constructor(ports: LimitedEvaluatorPorts) {
    this.#ports = ports;
  }

  /** As `Evaluator.evaluateRun`; with a limit in play it replies to the first request alone. */
  async evaluateRun(requests: readonly EvaluateRequest[], withinMs: number): Promise<EvaluateReply[]> {
    if (!requests.some((r) => r.options.some((o) => o.limits)))
      return this.#ports.evaluator.evaluateRun(requests, withinMs);
    return [await this.#evaluate(requests[0]!, withinMs)];
  }

  async #evaluate(request: EvaluateRequest, withinMs: number): Promise<EvaluateReply> {
    const { evaluator, index } = this.#ports;
    const { decisionId: id, customerId, at } = request;
    const until = performance.now() + withinMs;
    const denied = await this.#deniedAlready(request);
    // Each round denies one option more, or ends.
    for (;;) {
      const options = request.options.filter((o) => !denied.has(o));
      const reply = await evaluator.evaluate({ ...request, options }, until - performance.now());
      const { chosen } = reply;
      // What is only asked about takes nothing.
      if (!chosen || request.preview) return withDenied(reply, denied);
      const option = options.find((o) => o.action === chosen.action);
      if (option && !option.limits) return withDenied(reply, denied);
      // Without an option: reserved by a try that crashed before it took anything, and there is no room by now.
      const answer = option ? await this.#take(option, id, at) : undefined;
      if (answer === "taken") return withDenied(reply, denied);
      // Nobody was told of this reservation.
      await index.undo(customerId, id);
      if (option && answer) denied.set(option, answer);
    }
  }

  async #deniedAlready({ options, decisionId, at }: EvaluateRequest): Promise<Denied> {
    const denied: Denied = new Map();
    await Promise.all(
      options.map(async (option) => {
        if (!option.limits) return;
        const reached = await this.#ports.limits
          .reached(option.action, option.limits, decisionId, at)
          .catch((error: unknown) => this.#unavailable(error));
        if (reached) denied.set(option, reached);
      }),
    );
    return denied;
  }

  async #take(
    { action, limits }: PolicyOption,
    id: string,
    at: number,
  ): Promise<"taken" | LimitReached | "policy_unavailable"> {
    return this.#ports.limits
      .take(action, limits!, id, at)
      .catch((error: unknown) => this.#unavailable(error));
  }

  /** Fails closed: nobody knows whether there is room. */
  #unavailable(error: unknown): "policy_unavailable" {
    if (!(error instanceof LimitsUnavailable)) throw error;
    this.#ports.log.warn({ error: error.message }, "actions with a quota or budget are denied");
    return "policy_unavailable";
  }
}

/** The reply with the verdicts on what was not asked about, each action on each of its channels. */
function withDenied(reply: EvaluateReply, denied: Denied): EvaluateReply {
  if (denied.size === 0) return reply;
  const verdicts: Verdict[] = [...reply.verdicts];
  for (const [{ action, channels }, reason] of denied)
    for (const channel of channels)
      verdicts.push({
        actions: [action],
        channel,
        verdict: "denied",
        reason,
        ...(reason === "policy_unavailable"
          ? {}
          : { rule: `catalogue/${action}/${reason === "quota_reached" ? "quota" : "budget"}` }),
      });
  return { ...reply, verdicts };
}
