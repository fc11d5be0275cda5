import { hash } from "node:crypto";
import { subjects, type DecisionRecord } from "#contracts";
import type { Publisher } from "#messaging";
import type { DecisionRecords } from "./customer-actor.js";

/** Decision records in stream AUDIT. */
export class DecisionRecordsPublisher implements DecisionRecords {
  constructor(private readonly publisher: Publisher) {}

  async put(
    record: DecisionRecord,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { customerId, decisionId } = record.request;
    const body = JSON.stringify(record);
    // By content: a decision that is asked again and comes out otherwise (policy was away at first) is another record.
    const msgId = `${decisionId}:decision:${hash("sha1", body, "base64url").slice(0, 12)}`;
    await this.publisher.publish(subjects.audit(customerId, "decision"), body, { msgId, headers, signal });
  }
}
