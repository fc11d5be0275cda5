/**
 * Activations: contexts in memory, bounded by bytes, least recently used first to leave. An activation that
 * is at work is never evicted.
 */
import type { Context } from "#contracts";
import type { Stored } from "./context-store.js";

export class Activation {
  context: Context;
  revision: number;
  bytes: number;

  constructor(
    readonly customerId: string,
    readonly partition: number,
    stored: Stored,
  ) {
    this.context = stored.context;
    this.revision = stored.revision;
    this.bytes = stored.bytes;
  }
}

/** Rough cost of an activation besides its JSON. */
const OVERHEAD_BYTES = 1_000;
/** A parsed context takes about this many times its JSON. */
const HEAP_FACTOR = 2;

export class Activations {
  /** In order of use, oldest first. */
  readonly #byCustomer = new Map<string, Activation>();
  #bytes = 0;

  constructor(
    readonly maxBytes: number,
    private readonly isBusy: (customerId: string) => boolean,
  ) {}

  get size(): number {
    return this.#byCustomer.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(customerId: string): Activation | undefined {
    const found = this.#byCustomer.get(customerId);
    if (found) {
      this.#byCustomer.delete(customerId);
      this.#byCustomer.set(customerId, found);
    }
    return found;
  }

  put(activation: Activation): void {
    this.drop(activation.customerId);
    this.#byCustomer.set(activation.customerId, activation);
    this.#bytes += costOf(activation.bytes);
    this.#evict();
  }

  /** Takes over what a commit wrote. */
  update(activation: Activation, stored: Stored): void {
    if (this.#byCustomer.get(activation.customerId) === activation) {
      this.#bytes += costOf(stored.bytes) - costOf(activation.bytes);
    }
    activation.context = stored.context;
    activation.revision = stored.revision;
    activation.bytes = stored.bytes;
    this.#evict();
  }

  drop(customerId: string): void {
    const found = this.#byCustomer.get(customerId);
    if (!found) return;
    this.#byCustomer.delete(customerId);
    this.#bytes -= costOf(found.bytes);
  }

  dropPartition(partition: number): void {
    for (const a of this.#byCustomer.values()) if (a.partition === partition) this.drop(a.customerId);
  }

  #evict(): void {
    if (this.#bytes <= this.maxBytes) return;
    for (const a of this.#byCustomer.values()) {
      if (this.#bytes <= this.maxBytes) return;
      if (!this.isBusy(a.customerId)) this.drop(a.customerId);
    }
  }
}

function costOf(bytes: number): number {
  return bytes * HEAP_FACTOR + OVERHEAD_BYTES;
}
