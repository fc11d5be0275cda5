/**
 * One decision: funnel → one question to policy → record → reply. Owns no state: a decision that is asked again, after
 * an answer that got lost, comes out the same, because policy is idempotent by decision id and the rest is pure (I9);
 * unless policy could not answer the first time: then both answers are on record, and the last one counts.
 */
import type { DecisionReply, DecisionRequest } from "#contracts";
import { conclude, evaluateRequest, rank, type Catalogue, type Expressions } from "#domain";
import { RpcUnavailable } from "#messaging";
import { faultPoint } from "#service";
import { span } from "#telemetry";
import type { DecisionRecords } from "./decision-record.port.js";
import type { PolicyPort } from "./policy.port.js";

/** Kept back from the caller's time for writing the record and answering; of short deadlines a quarter. */
const RESERVE_MS = 100;

export class DecisionMaker {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly expressions: Expressions,
    private readonly policy: PolicyPort,
    private readonly records: DecisionRecords,
  ) {}

  /**
   * Decides within the time that `remaining` says is left (wall ms). The reply is given only after the record is stored:
   * nothing is said to a customer that is not on record. Throws RpcUnavailable and RecordsUnavailable when it may work later.
   */
  async decide(
    request: DecisionRequest,
    remaining: () => number,
    headers: Readonly<Record<string, string>>,
  ): Promise<DecisionReply> {
    faultPoint("decision.policy.before");
    const ranking = rank(request, this.catalogue, this.expressions);
    const question = evaluateRequest(request, ranking);
    const answer =
      question &&
      (await span("evaluate", { kind: "client" }, (spanHeaders) =>
        this.policy.evaluate(question, {
          timeoutMs: this.#timeFor("policy", remaining),
          headers: spanHeaders,
        }),
      ));
    faultPoint("decision.policy.after");
    const record = conclude(request, ranking, this.catalogue, answer);
    await this.records.write(record, { timeoutMs: Math.max(1, remaining()), headers });
    faultPoint("decision.record.after");
    return record.reply;
  }

  #timeFor(what: string, remaining: () => number): number {
    const left = remaining();
    if (left <= 1) throw new RpcUnavailable(`the deadline has passed before ${what} could be asked`);
    return Math.max(1, Math.floor(left - Math.min(RESERVE_MS, left / 4)));
  }
}
