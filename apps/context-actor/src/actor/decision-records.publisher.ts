import { hash } from "node:crypto";
import { subjects, type DecisionRecord } from "#contracts";
import type { Publisher } from "#messaging";
import type { DecisionRecords } from "./customer-actor.js";

/** A message of AUDIT holds records up to about this many characters, well below the server's limit. */
const MESSAGE_CHARS = 256_000;

/** Decision records in stream AUDIT: those of one commit, all of one customer, share a message. */
export class DecisionRecordsPublisher implements DecisionRecords {
  constructor(private readonly publisher: Publisher) {}

  async put(
    records: readonly DecisionRecord[],
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const messages: { first: DecisionRecord; texts: string[]; chars: number }[] = [];
    for (const record of records) {
      const text = JSON.stringify(record);
      const last = messages.at(-1);
      if (last && last.chars + text.length <= MESSAGE_CHARS) {
        last.texts.push(text);
        last.chars += text.length;
      } else messages.push({ first: record, texts: [text], chars: text.length });
    }
    await Promise.all(
      messages.map(async ({ first, texts }) => {
        const { customerId, decisionId } = first.request;
        const body = `{"records":[${texts.join(",")}]}`;
        // By content: a decision that is asked again and comes out otherwise (policy was away at first) is another record.
        const msgId = `${decisionId}:decision:${hash("sha1", body, "base64url").slice(0, 12)}`;
        await this.publisher.publish(subjects.audit(customerId, "decision"), body, {
          msgId,
          headers,
          signal,
        });
      }),
    );
  }
}
