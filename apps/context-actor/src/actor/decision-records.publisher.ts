import { hash } from "node:crypto";
import { subjects } from "#contracts";
import type { Publisher } from "#messaging";
import type { DecisionOnRecord, DecisionRecords } from "./customer-actor.js";

/** A message of AUDIT holds records up to about this many characters, well below the server's limit. */
const MESSAGE_CHARS = 256_000;

/** Decision records in stream AUDIT: those of one commit, all of one customer, share a message. */
export class DecisionRecordsPublisher implements DecisionRecords {
  constructor(private readonly publisher: Publisher) {}

  async put(
    decisions: readonly DecisionOnRecord[],
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const messages: { first: DecisionOnRecord; texts: string[]; chars: number }[] = [];
    for (const decision of decisions) {
      const { question, reply, explanation } = decision;
      // A `DecisionRecord`, in the order of its fields (I9).
      const text = `{"request":${question.text},"reply":${JSON.stringify(reply)},${explanation.slice(1)}`;
      const last = messages.at(-1);
      if (last && last.chars + text.length <= MESSAGE_CHARS) {
        last.texts.push(text);
        last.chars += text.length;
      } else messages.push({ first: decision, texts: [text], chars: text.length });
    }
    await Promise.all(
      messages.map(async ({ first, texts }) => {
        const { customerId, decisionId } = first.question;
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
