import { Controller, Inject } from "@nestjs/common";
import { Ctx, MessagePattern, Payload, RpcException } from "@nestjs/microservices";
import { decisionRunV1, rpc, type DecisionRunAnswer } from "#contracts";
import { remainingMs, RpcUnavailable, type RpcContext } from "#messaging";
import { span, type Logger } from "#telemetry";
import { DecisionMaker } from "./decision-maker.js";

/** What a caller gets that sends no deadline. */
const DEFAULT_BUDGET_MS = 1_000;

export const LOGGER = Symbol("logger");

/** Error object of a reply. With `unavailable: true` the caller may ask again (`RpcUnavailable`), otherwise not (`RpcFailed`). */
interface ReplyError {
  readonly code: "unavailable" | "invalid_request" | "failed";
  readonly message: string;
  readonly unavailable?: true;
}

/** Answers `rpc.decide`. */
@Controller()
export class DecideResponder {
  constructor(
    @Inject(DecisionMaker) private readonly maker: DecisionMaker,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  @MessagePattern(rpc.decide)
  async decide(@Payload() data: unknown, @Ctx() { header }: RpcContext): Promise<DecisionRunAnswer> {
    const until = performance.now() + remainingMs(header, DEFAULT_BUDGET_MS);
    const run = decisionRunV1.safeParse(data);
    if (!run.success) throw new RpcException(invalidRequest(run.error.issues));
    try {
      const answers = await span("decide", { kind: "server", parent: header }, () =>
        this.maker.decide(run.data.requests, () => until - performance.now()),
      );
      return { answers };
    } catch (error) {
      throw new RpcException(this.#describe(error as Error));
    }
  }

  #describe(error: Error): ReplyError {
    if (error instanceof RpcUnavailable) {
      this.log.warn({ error: error.message }, "no decision now");
      return { code: "unavailable", message: error.message, unavailable: true };
    }
    this.log.error({ error: error.message, stack: error.stack }, "decision failed");
    return { code: "failed", message: error.message };
  }
}

/** Paths and causes, without the values: these may be personal. */
function invalidRequest(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): ReplyError {
  return {
    code: "invalid_request",
    message: issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; "),
  };
}
