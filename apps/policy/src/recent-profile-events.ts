/** Whose profile events went by lately, in memory: so that a customer may be taken over without reading EVT. */

const MAX_CUSTOMERS = 50_000;

interface StreamMemory {
  /** Customer → sequence of the last profile event; the oldest first. */
  readonly last: Map<string, number>;
  /** Every profile event from here … */
  from: number;
  /** … to here is remembered. */
  to: number;
}

export class RecentProfileEvents {
  readonly #streams = new Map<string, StreamMemory>();

  constructor(private readonly maxCustomers = MAX_CUSTOMERS) {}

  /** The tail reads on after this sequence. */
  begin(stream: string, position: number): void {
    this.#streams.set(stream, { last: new Map(), from: position + 1, to: position });
  }

  record(stream: string, customer: string | undefined, seq: number): void {
    const memory = this.#streams.get(stream);
    if (!memory || seq <= memory.to) return;
    memory.to = seq;
    if (customer === undefined) return;
    memory.last.delete(customer);
    memory.last.set(customer, seq);
    if (memory.last.size <= this.maxCustomers) return;
    const [oldest, at] = memory.last.entries().next().value!;
    memory.last.delete(oldest);
    memory.from = at + 1;
  }

  /** Up to where it is sure that the customer has no profile event after `seq`; undefined when there is one, or may be. */
  noneSince(stream: string, customer: string, seq: number): number | undefined {
    const memory = this.#streams.get(stream);
    if (!memory || memory.from > seq + 1 || (memory.last.get(customer) ?? 0) > seq) return undefined;
    return memory.to;
  }
}
