/** One message in hand: kept alive for the server until it is settled, exactly once. */
import type { JsMsg } from "@nats-io/jetstream";
import type { Delivery } from "./work-handler.js";

/**
 * A message from its receipt until it is settled. When the server delivers it again meanwhile (heartbeats were
 * lost on a broken connection), the newer delivery is adopted: it is handled once here, and it is the newer one
 * that is acknowledged.
 */
export class InHand {
  #current: JsMsg;
  #settled = false;

  constructor(message: JsMsg) {
    this.#current = message;
  }

  get message(): JsMsg {
    return this.#current;
  }

  adopt(newer: JsMsg): void {
    this.#current = newer;
  }

  /** Tells the server that it is still being worked on. */
  heartbeat(): void {
    if (!this.#settled) this.#current.working();
  }

  ack(): void {
    this.#settle((m) => m.ack());
  }

  nak(delayMs: number): void {
    this.#settle((m) => m.nak(delayMs));
  }

  term(reason: string): void {
    this.#settle((m) => m.term(reason));
  }

  #settle(how: (m: JsMsg) => void): void {
    if (this.#settled) return;
    this.#settled = true;
    how(this.#current);
  }
}

export function deliveryOf(m: JsMsg): Delivery {
  const { stream, streamSequence, deliveryCount, timestampNanos } = m.info;
  return {
    stream,
    streamSeq: streamSequence,
    deliveryCount,
    redelivered: deliveryCount > 1,
    publishedAt: Math.floor(timestampNanos / 1_000_000),
  };
}
