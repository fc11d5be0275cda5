/** Asks the policy right before a send (I5: no send without the gate; I7). */
import { NoRespondersError } from "@nats-io/nats-core";
import { gateReplyV1, rpc, type GateReply, type GateRequest } from "#contracts";
import { RetryableFault, RpcUnavailable, sleep, type RpcClient } from "#messaging";

export interface GateOptions {
  readonly timeoutMs: number;
  /** How long an unclear answer (time-out) is asked again within the same delivery. */
  readonly insistMs: number;
}

const PAUSE_MS = 100;

export class PolicyGate {
  readonly #rpc: RpcClient;
  readonly #options: GateOptions;

  constructor(client: RpcClient, options: GateOptions) {
    this.#rpc = client;
    this.#options = options;
  }

  /**
   * The policy's answer. Throws RetryableFault when there is none. After a time-out the gate may have noted a
   * claim for this delivery, which another delivery could not tell from a send: so it is asked again here first.
   * `requestNow` is asked each time: a contact counts when it is sent, not when its first question was put (I6).
   */
  async ask(
    requestNow: () => GateRequest,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<GateReply> {
    const until = Date.now() + this.#options.insistMs;
    for (;;) {
      try {
        const answer = gateReplyV1.safeParse(
          await this.#rpc.call(rpc.gate, requestNow(), { timeoutMs: this.#options.timeoutMs, headers }),
        );
        if (answer.success) return answer.data;
        throw new RetryableFault(`${rpc.gate} answered what is not a gate reply: ${answer.error.message}`);
      } catch (error) {
        const unclear = error instanceof RpcUnavailable && !(error.cause instanceof NoRespondersError);
        if (unclear && Date.now() + PAUSE_MS < until && !signal.aborted) {
          await sleep(PAUSE_MS, signal);
          continue;
        }
        if (error instanceof RetryableFault) throw error;
        throw new RetryableFault(`no answer from the policy gate: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }
}
