/** RPC face of the policy service. Requests are parsed here; inside they are trusted. */
import { Controller, Inject } from "@nestjs/common";
import { Ctx, MessagePattern, Payload, RpcException } from "@nestjs/microservices";
import type { z } from "zod";
import { evaluateRunV1, gateRequestV1, rpc, type EvaluateRunReply, type GateReply } from "#contracts";
import { remainingMs, type RpcContext } from "#messaging";
import type { Timed } from "#registry";
import { faultPoint } from "#service";
import { span } from "#telemetry";
import { UncountableCap, type Evaluator } from "./evaluator.js";
import { GateUnavailable, type Gatekeeper } from "./gatekeeper.js";
import { IndexUnavailable } from "./redis-connection.js";
import { LedgerUnavailable } from "./stored-events.reader.js";

/** For callers that send no deadline. */
const ANSWER_WITHIN_MS = 2_000;

/** They judge by the same packs. */
export interface Judges {
  readonly evaluator: Pick<Evaluator, "evaluateRun">;
  readonly gatekeeper: Gatekeeper;
}
export const JUDGES = Symbol("judges");

@Controller()
export class PolicyController {
  constructor(@Inject(JUDGES) private readonly judges: Timed<Judges>) {}

  /** Verdicts for ranked options, for each decision of a run; the first permitted one is reserved. */
  @MessagePattern(rpc.evaluate)
  evaluate(@Payload() payload: unknown, @Ctx() { header }: RpcContext): Promise<EvaluateRunReply> {
    return span("evaluate", { kind: "server", parent: header }, async () => {
      const { requests } = parse(rpc.evaluate, evaluateRunV1, payload);
      const withinMs = Math.max(remainingMs(header, ANSWER_WITHIN_MS), 0);
      try {
        faultPoint("policy.evaluate.before");
        const { evaluator } = this.judges.at(requests[0]!.at);
        const replies = await evaluator.evaluateRun(requests, withinMs);
        faultPoint("policy.evaluate.after");
        return { replies };
      } catch (error) {
        throw error instanceof UncountableCap ? new RpcException(error.message) : error;
      }
    });
  }

  /** Go, stop or claimed; an error means that there is no answer now, and that the caller asks again. */
  @MessagePattern(rpc.gate)
  gate(@Payload() payload: unknown, @Ctx() { header }: RpcContext): Promise<GateReply> {
    return span("gate", { kind: "server", parent: header }, async () => {
      const request = parse(rpc.gate, gateRequestV1, payload);
      const withinMs = remainingMs(header, Infinity);
      try {
        faultPoint("policy.gate.before");
        const reply = await this.judges.at(request.at).gatekeeper.gate(request, withinMs);
        faultPoint("policy.gate.after");
        return reply;
      } catch (error) {
        // `unavailable`: a script that was cut off by time may have claimed for this delivery, which is to ask again.
        throw passes(error)
          ? new RpcException({
              code: "unavailable",
              message: `policy_unavailable: ${error.message}`,
              unavailable: true,
            })
          : error;
      }
    });
  }
}

function passes(error: unknown): error is Error {
  return (
    error instanceof GateUnavailable ||
    error instanceof IndexUnavailable ||
    error instanceof LedgerUnavailable
  );
}

function parse<T extends z.ZodType>(pattern: string, schema: T, payload: unknown): z.infer<T> {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(
    (i) => `${i.path.map(String).join(".") || "(request)"}: ${i.message}`,
  );
  throw new RpcException(`${pattern}: the request is not valid: ${wrong.join("; ")}`);
}
