/**
 * The contact ledger (AUDIT, kind `contact`): what takes from a customer's budget is written here before it is
 * answered, so that a lost index is rebuilt with it (I5, I6).
 */
import { subjects, type ContactEntry } from "#contracts";
import type { Publisher } from "#messaging";
import { LedgerUnavailable } from "./stored-events.reader.js";

export class ContactLedger {
  readonly #publisher: Publisher;

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  /** Resolves once the stream has it. Throws LedgerUnavailable when it does not within `withinMs`. */
  async write(
    entry: ContactEntry,
    withinMs: number,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const msgId = `${entry.reservationId}:contact${entry.withdrawn ? ":withdrawn" : ""}`;
    try {
      await this.#publisher.publish(subjects.audit(entry.customerId, "contact"), JSON.stringify(entry), {
        msgId,
        headers,
        giveUpAfterMs: withinMs,
      });
    } catch (cause) {
      throw new LedgerUnavailable(`the contact ledger cannot be written: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}
