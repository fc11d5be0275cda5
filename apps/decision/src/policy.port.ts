import type { EvaluateReply, EvaluateRequest } from "#contracts";

export interface CallContext {
  /** Wall milliseconds that the call may take. */
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks policy, once per decision, and reserves what it permits. Throws RpcUnavailable (may pass) or another error (will not). */
export abstract class PolicyPort {
  abstract evaluate(request: EvaluateRequest, context: CallContext): Promise<EvaluateReply>;
}
