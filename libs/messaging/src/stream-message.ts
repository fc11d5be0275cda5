import type { Msg, MsgHdrs } from "@nats-io/nats-core";

const ACK = Buffer.from("+ACK");
const WORKING = Buffer.from("+WPI");

/**
 * A message that a pull consumer handed over. Where it stands is in its reply subject:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<delivery>.<seq>.<delivery seq>.<nanoseconds>.<pending>[.<random>]`
 * (NATS ADR-15). It is taken apart once; what is seldom asked for only when it is.
 */
export class StreamMessage {
  readonly #message: Msg;
  readonly #tokens: readonly string[];
  /** Of the delivery count: the short form has no domain and account. */
  readonly #at: number;
  /** Sequence in the stream: the same for each delivery of a message. */
  readonly seq: number;
  /** Counts what the consumer has delivered, from 1 after a reset. */
  readonly deliverySeq: number;

  /** Throws when the message does not come from a consumer. */
  constructor(message: Msg) {
    this.#message = message;
    this.#tokens = (message.reply ?? "").split(".");
    if (this.#tokens.length < 9 || this.#tokens[1] !== "ACK")
      throw new Error(`a message on ${message.subject} does not come from a consumer`);
    this.#at = this.#tokens.length === 9 ? 4 : 6;
    this.seq = Number(this.#tokens[this.#at + 1]);
    this.deliverySeq = Number(this.#tokens[this.#at + 2]);
  }

  get subject(): string {
    return this.#message.subject;
  }
  get data(): Uint8Array {
    return this.#message.data;
  }
  /** Parsed when asked for: they may be unreadable. */
  get headers(): MsgHdrs | undefined {
    return this.#message.headers;
  }
  get stream(): string {
    return this.#tokens[this.#at - 2]!;
  }
  /** How often the message was delivered, this time included. */
  get deliveryCount(): number {
    return Number(this.#tokens[this.#at]);
  }
  /** When it was stored, wall-clock epoch ms. */
  get storedAt(): number {
    return Number(this.#tokens[this.#at + 3]!.slice(0, -6));
  }

  ack(): void {
    this.#message.respond(ACK);
  }
  /** Not handled: deliver it again after this time. */
  nak(delayMs: number): void {
    this.#message.respond(delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * 1e6)}}` : "-NAK");
  }
  /** Never deliver it again. */
  term(reason: string): void {
    this.#message.respond(`+TERM ${reason}`);
  }
  /** Still being worked on: the time to acknowledge it starts again. */
  working(): void {
    this.#message.respond(WORKING);
  }
}
