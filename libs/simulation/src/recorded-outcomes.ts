/**
 * Outcomes that really happened, as they stand among the recorded events. A simulated command that is the same contact as a
 * recorded one (this action, ordered before its first outcome and no longer than it was worth sending) gets what was recorded,
 * once; everything else is up to the response model.
 */
import { outcomeV1, SEGUE_SOURCE, type Command, type CustomerEvent, type Outcome } from "#contracts";
import type { SimulatedOutcome } from "./response-model.js";

interface RecordedContact {
  readonly action: string;
  readonly outcomes: { readonly at: number; readonly outcome: Outcome }[];
}

/** True for an outcome of a command, as channels publish it. */
export function isRecordedOutcome(event: CustomerEvent): boolean {
  return event.source === SEGUE_SOURCE && event.type.startsWith("outcome.");
}

export class RecordedOutcomes {
  readonly #contacts: RecordedContact[] = [];
  readonly #claimed = new Set<RecordedContact>();

  constructor(events: readonly CustomerEvent[]) {
    const byCommand = new Map<string, RecordedContact>();
    for (const event of events) {
      const parsed = outcomeV1.safeParse(event.data);
      if (!parsed.success) continue;
      const outcome = parsed.data;
      let contact = byCommand.get(outcome.commandId);
      if (!contact) {
        contact = { action: outcome.action, outcomes: [] };
        byCommand.set(outcome.commandId, contact);
        this.#contacts.push(contact);
      }
      contact.outcomes.push({ at: event.time, outcome });
    }
    for (const c of this.#contacts) c.outcomes.sort((a, b) => a.at - b.at);
    this.#contacts.sort((a, b) => a.outcomes[0]!.at - b.outcomes[0]!.at);
  }

  /** Commands whose outcomes were recorded. */
  get size(): number {
    return this.#contacts.length;
  }

  get claimed(): number {
    return this.#claimed.size;
  }

  /** What was recorded of this contact, or `undefined` when it is none of the recorded ones. */
  claim(command: Command): readonly SimulatedOutcome[] | undefined {
    const found = this.#contacts.find(
      (c) =>
        c.action === command.action &&
        !this.#claimed.has(c) &&
        c.outcomes[0]!.at >= command.at &&
        c.outcomes[0]!.at <= command.expiresAt,
    );
    if (!found) return undefined;
    this.#claimed.add(found);
    return found.outcomes.map(({ at, outcome: { kind, channel, tried, reason } }) => ({
      kind,
      channel,
      tried,
      reason,
      at,
    }));
  }
}
