import { sha256 } from "#audit";
import { subjects } from "#contracts";
import type { Publisher } from "#messaging";
import type { DecisionRecords } from "./customer-actor.js";
import type { DecisionOnRecord } from "./decision-on-record.js";

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
    const messages: { decisions: DecisionOnRecord[]; chars: number }[] = [];
    for (const decision of decisions) {
      const last = messages.at(-1);
      if (last && last.chars + decision.text.length <= MESSAGE_CHARS) {
        last.decisions.push(decision);
        last.chars += decision.text.length;
      } else messages.push({ decisions: [decision], chars: decision.text.length });
    }
    await Promise.all(
      messages.map(async ({ decisions: together }) => {
        const { customerId, decisionId } = together[0]!;
        const body = `{"records":[${together.map((d) => d.text).join(",")}]}`;
        const content =
          together.length === 1 ? together[0]!.digest : sha256(together.map((d) => d.digest).join());
        // By content: a decision that is asked again and comes out otherwise (policy was away at first) is another record.
        const msgId = `${decisionId}:decision:${content.slice(0, 16)}`;
        await this.publisher.publish(subjects.audit(customerId, "decision"), body, {
          msgId,
          headers,
          signal,
        });
      }),
    );
  }
}
