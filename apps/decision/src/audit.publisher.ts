import { createHash } from "node:crypto";
import { subjects, type DecisionRecord } from "#contracts";
import type { Publisher } from "#messaging";
import { DecisionRecords, RecordsUnavailable } from "./decision-record.port.js";
import type { CallContext } from "./policy.port.js";

/** Decision records in stream AUDIT. */
export class AuditPublisher extends DecisionRecords {
  readonly #publisher: Publisher;

  constructor(publisher: Publisher) {
    super();
    this.#publisher = publisher;
  }

  override async write(record: DecisionRecord, context: CallContext): Promise<void> {
    const { customerId, decisionId } = record.request;
    const body = JSON.stringify(record);
    // By content: a decision that is asked again and comes out otherwise (policy was away at first) is another record.
    const content = createHash("sha1").update(body).digest("base64url").slice(0, 12);
    try {
      await this.#publisher.publish(subjects.audit(customerId, "decision"), body, {
        msgId: `${decisionId}:decision:${content}`,
        headers: context.headers,
        giveUpAfterMs: context.timeoutMs,
      });
    } catch (error) {
      throw new RecordsUnavailable(`the decision could not be recorded: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}
