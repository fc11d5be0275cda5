/**
 * How far the events are, seen from the contexts as they are committed: an event takes its place in flight from its
 * publish until a snapshot of its customer has applied it, and each command that it caused until a snapshot has the
 * command's outcome.
 */
export interface Snapshot {
  readonly customerId: string;
  /** Sequence of the last event applied. */
  readonly watermark: number;
  /** Commands whose outcome is not in it yet. */
  readonly open: number;
}

interface Customer {
  watermark: number;
  open: number;
  /** Sequences of events that are stored and not applied, ascending. */
  waiting: number[];
}

export class Progress {
  /** Events published whose processing is not complete, and commands without an outcome. */
  inFlight = 0;
  /** Snapshots seen. */
  commits = 0;
  readonly #customers = new Map<string, Customer>();

  published(): void {
    this.inFlight++;
  }

  /** The stream has the event. */
  stored(customerId: string, seq: number): void {
    const c = this.#customer(customerId);
    if (seq <= c.watermark) this.inFlight--;
    else c.waiting.push(seq);
  }

  committed({ customerId, watermark, open }: Snapshot): void {
    this.commits++;
    const c = this.#customer(customerId);
    if (watermark < c.watermark) return;
    const left = c.waiting.filter((seq) => seq > watermark);
    this.inFlight += left.length - c.waiting.length + open - c.open;
    c.waiting = left;
    c.watermark = watermark;
    c.open = open;
  }

  /** Who is still waited for, for error messages. */
  stragglers(): string {
    const found = [...this.#customers].filter(([, c]) => c.waiting.length > 0 || c.open > 0);
    const some = found
      .slice(0, 5)
      .map(([id, c]) => `${id} (${c.waiting.length} events, ${c.open} commands open)`);
    return `${found.length} customers${some.length > 0 ? `: ${some.join(", ")}` : ""}`;
  }

  #customer(id: string): Customer {
    let found = this.#customers.get(id);
    if (!found) this.#customers.set(id, (found = { watermark: 0, open: 0, waiting: [] }));
    return found;
  }
}

const CONTACTS = '"contacts":[';

/**
 * Reads what `Progress` needs from the text of a context, without parsing it: the harness runs on the machine that it
 * measures. The checks at the end parse everything.
 */
export function snapshotOf(subject: string, text: string): Snapshot {
  const customerId = subject.slice(subject.lastIndexOf(".") + 1);
  const watermark = Number(/"watermark":(\d+)/.exec(text)?.[1] ?? 0);
  const from = text.indexOf(CONTACTS);
  if (from < 0) return { customerId, watermark, open: 0 };
  const contacts = text.slice(from, text.indexOf("]", from));
  return { customerId, watermark, open: count(contacts, '"commandId"') - count(contacts, '"outcome"') };
}

function count(text: string, part: string): number {
  let n = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) n++;
  return n;
}
