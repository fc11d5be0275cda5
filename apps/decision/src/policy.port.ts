import type { EvaluateReply, EvaluateRequest } from "#contracts";

export interface CallContext {
  /** Wall milliseconds that the call may take. */
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Asks policy about a run of one customer's decisions, and reserves what it permits. Replies to the first of them, ending at
 * the latest with the first that reserves or defers something. Throws RpcUnavailable (may pass) or another error (will not).
 */
export abstract class PolicyPort {
  abstract evaluate(
    requests: readonly EvaluateRequest[],
    context: CallContext,
  ): Promise<readonly EvaluateReply[]>;
}
