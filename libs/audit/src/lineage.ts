/** Where the entries of a customer's audit come from: the events behind each decision, command and outcome. */
import { decisionOfCommand, type AuditRecord } from "#contracts";

export type EventRef = AuditRecord["event"];

export interface EntryLineage {
  /** Index into the record's entries. */
  readonly entry: number;
  readonly decisionId: string;
  readonly commandId?: string;
  /**
   * Oldest first: the event with which the customer entered the journey, the event on which was decided, and of an outcome
   * that itself. `seq` is the place in EVT. What happened before the export's first record is not known.
   */
  readonly events: readonly EventRef[];
}

/** Commands whose outcomes may still come. */
const REMEMBERED_COMMANDS = 64;

/** Takes the records of one customer in order. Bounded: open instances, and the last commands. */
export class Lineage {
  readonly #entered = new Map<string, EventRef>();
  readonly #commands = new Map<string, readonly EventRef[]>();
  #n = 0;

  of({ n, event, entries }: AuditRecord): EntryLineage[] {
    // Relayed twice: told once more, remembered no more.
    const again = n <= this.#n;
    this.#n = Math.max(this.#n, n);
    const found: EntryLineage[] = [];
    const exited: string[] = [];
    const decided = new Map<string, readonly EventRef[]>();
    for (const [i, entry] of entries.entries()) {
      if (entry.kind === "journey-entered" && !again) this.#entered.set(entry.instance, event);
      if (entry.kind === "branch-started" && !again)
        this.#entered.set(entry.instance, this.#entered.get(entry.parent) ?? event);
      if (entry.kind === "journey-exited" || entry.kind === "branch-ended") exited.push(entry.instance);
      if (entry.kind === "decision") {
        const { decisionId, instance } = entry;
        const events = distinct([this.#entered.get(instance), event]);
        decided.set(decisionId, events);
        found.push({ entry: i, decisionId, events });
      }
      if (entry.kind === "command") {
        const { commandId } = entry;
        const decisionId = decisionOfCommand(commandId);
        const events = decided.get(decisionId) ?? [event];
        found.push({ entry: i, decisionId, commandId, events });
        this.#remember(commandId, events);
      }
      if (entry.kind === "outcome") {
        const { commandId } = entry;
        const events = distinct([...(this.#commands.get(commandId) ?? []), event]);
        found.push({ entry: i, decisionId: decisionOfCommand(commandId), commandId, events });
      }
    }
    for (const instance of exited) this.#entered.delete(instance);
    return found;
  }

  #remember(commandId: string, events: readonly EventRef[]): void {
    this.#commands.set(commandId, events);
    if (this.#commands.size <= REMEMBERED_COMMANDS) return;
    const oldest = this.#commands.keys().next().value;
    if (oldest !== undefined) this.#commands.delete(oldest);
  }
}

function distinct(events: readonly (EventRef | undefined)[]): EventRef[] {
  const found: EventRef[] = [];
  for (const e of events)
    if (e && !found.some((f) => f.id === e.id && f.source === e.source && f.seq === e.seq)) found.push(e);
  return found;
}
