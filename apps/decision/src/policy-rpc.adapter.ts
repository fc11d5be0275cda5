import { evaluateRunReplyV1, rpc, type EvaluateReply, type EvaluateRequest } from "#contracts";
import { InvalidPolicyReply } from "#domain";
import type { RpcClient } from "#messaging";
import { PolicyPort, type CallContext } from "./policy.port.js";

/** The policy service over NATS. */
export class PolicyRpcAdapter extends PolicyPort {
  readonly #client: RpcClient;

  constructor(client: RpcClient) {
    super();
    this.#client = client;
  }

  override async evaluate(
    requests: readonly EvaluateRequest[],
    context: CallContext,
  ): Promise<readonly EvaluateReply[]> {
    const reply = evaluateRunReplyV1.safeParse(await this.#client.call(rpc.evaluate, { requests }, context));
    if (!reply.success)
      throw new InvalidPolicyReply(`the policy's answer is not one: ${reply.error.message}`);
    return reply.data.replies;
  }
}
