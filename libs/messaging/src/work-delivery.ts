/** One message in hand: kept alive for the server until it is settled, exactly once. */
import { atEndOfTurn } from "./end-of-turn.js";
import type { StreamMessage } from "./stream-message.js";
import type { Delivery } from "./work-handler.js";

/**
 * A message from its receipt until it is settled. When the server delivers it again meanwhile (heartbeats were
 * lost on a broken connection), the newer delivery is adopted: it is handled once here, and it is the newer one
 * that is acknowledged.
 */
export class InHand {
  #current: StreamMessage;
  #settled = false;

  constructor(message: StreamMessage) {
    this.#current = message;
  }

  get message(): StreamMessage {
    return this.#current;
  }

  adopt(newer: StreamMessage): void {
    this.#current = newer;
  }

  /** Tells the server that it is still being worked on. */
  heartbeat(): void {
    if (!this.#settled) this.#current.working();
  }

  /** Without waiting for the server: what gets lost on the way is delivered again. */
  ack(): void {
    this.#settle((m) => m.ack());
  }

  nak(delayMs: number): void {
    this.#settle((m) => m.nak(delayMs));
  }

  term(reason: string): void {
    this.#settle((m) => m.term(reason));
  }

  #settle(how: (m: StreamMessage) => void): void {
    if (this.#settled) return;
    this.#settled = true;
    atEndOfTurn(() => how(this.#current));
  }
}

export function deliveryOf(m: StreamMessage): Delivery {
  const { stream, seq, deliveryCount, storedAt } = m;
  return {
    stream,
    streamSeq: seq,
    deliveryCount,
    redelivered: deliveryCount > 1,
    publishedAt: storedAt,
  };
}
