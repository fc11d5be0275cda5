import { evaluateReplyV1, rpc, type EvaluateReply, type EvaluateRequest } from "#contracts";
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

  override async evaluate(request: EvaluateRequest, context: CallContext): Promise<EvaluateReply> {
    const reply = evaluateReplyV1.safeParse(await this.#client.call(rpc.evaluate, request, context));
    if (!reply.success)
      throw new InvalidPolicyReply(`the policy's answer is not one: ${reply.error.message}`);
    return reply.data;
  }
}
