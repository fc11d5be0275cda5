/** What of an audit record is worth a line on the screen, and whether it was asked for. */
import { isoTime } from "#audit";
import { decisionOfCommand, type AuditEntry, type AuditRecord } from "#contracts";

export interface TailLine {
  /** Segue's clock, ISO 8601. */
  readonly time: string;
  readonly customerId: string;
  readonly kind: "decision" | "command" | "outcome";
  readonly journey: string | undefined;
  readonly action: string | undefined;
  readonly channel: string | undefined;
  /** `act`, `defer`, `none`, `unavailable`; of an outcome what became of it. */
  readonly result: string;
  readonly reason: string | undefined;
  readonly decisionId: string;
}

export interface TailFilter {
  readonly journey?: string | undefined;
  readonly action?: string | undefined;
  readonly channel?: string | undefined;
  readonly reason?: string | undefined;
}

const REMEMBERED = 10_000;

/** Makes lines of records; remembers for a while which journey ordered a command, for its outcomes. */
export class TailLines {
  readonly #journeys = new Map<string, string>();

  of({ at, customerId, entries }: AuditRecord): TailLine[] {
    const time = isoTime(at);
    return entries.flatMap((entry) => {
      const line = this.#line(entry);
      return line ? [{ time, customerId, ...line }] : [];
    });
  }

  #line(entry: AuditEntry): Omit<TailLine, "time" | "customerId"> | undefined {
    if (entry.kind === "decision") {
      const { journey, action, channel, answer, reason, decisionId } = entry;
      return { kind: "decision", journey, action, channel, result: answer, reason, decisionId };
    }
    if (entry.kind === "command") {
      const { journey, action, channel } = entry;
      const decisionId = decisionOfCommand(entry.commandId);
      this.#remember(decisionId, journey);
      return { kind: "command", journey, action, channel, result: "ordered", reason: undefined, decisionId };
    }
    if (entry.kind === "outcome") {
      const { action, channel, outcome, reason } = entry;
      const decisionId = decisionOfCommand(entry.commandId);
      const journey = this.#journeys.get(decisionId);
      return { kind: "outcome", journey, action, channel, result: outcome, reason, decisionId };
    }
    return undefined;
  }

  #remember(decisionId: string, journey: string): void {
    this.#journeys.set(decisionId, journey);
    if (this.#journeys.size <= REMEMBERED) return;
    const oldest = this.#journeys.keys().next().value;
    if (oldest !== undefined) this.#journeys.delete(oldest);
  }
}

export function matches(line: TailLine, filter: TailFilter): boolean {
  return (["journey", "action", "channel", "reason"] as const).every(
    (field) => filter[field] === undefined || line[field] === filter[field],
  );
}
