/**
 * A standing request to a durable consumer for as many messages as there is room for. nats.js's own ways cost more than they
 * bring here: `fetch` builds a subscription, timers and an iterator for a handful of messages, `consume` pulls without
 * asking whether there is room.
 *
 * Owns: how many messages the server may still send. Asks again once a quarter of the room is free; an idle consumer costs a
 * heartbeat each 2 s: requests wait in the memory of the consumer's leader, and are gone with it without a word. Ends, once, when what it asked for can no longer come: the connection was lost, the consumer is
 * gone or has moved, the server is silent.
 */
import { createInbox, type Msg, type NatsConnection, type Subscription } from "@nats-io/nats-core";
import { onReconnect } from "./connection.js";
import { atEndOfTurn } from "./end-of-turn.js";
import { StreamMessage } from "./stream-message.js";

export interface StandingPullOptions {
  readonly nc: NatsConnection;
  readonly stream: string;
  readonly consumer: string;
  /** The most messages that there is ever room for. */
  readonly capacity: number;
  /** How many messages there is room for now, those included that the server may still send. */
  readonly room: () => number;
  /** A message; some may still come after `stop`. */
  readonly onMessage: (message: StreamMessage) => void;
  readonly onEnd: (error: Error) => void;
}

const EXPIRES_MS = 120_000;
const HEARTBEAT_MS = 2_000;
/** Looks without a sign of life between them. Counted, so that a pause of this process is not taken for one of the server. */
const SILENT_LOOKS = 3;
const NANOS = 1_000_000;

/** Statuses of the server (NATS ADR-13). */
const HEARTBEAT = 100;
const REQUEST_TIMEOUT = 408;

export class StandingPull {
  readonly #options: StandingPullOptions;
  readonly #subscription: Subscription;
  readonly #inbox = createInbox();
  readonly #subject: string;
  readonly #step: number;
  readonly #watch: NodeJS.Timeout;
  readonly #offReconnect: () => void;
  #outstanding = 0;
  #silentLooks = 0;
  #asking = false;
  #over = false;

  constructor(options: StandingPullOptions) {
    const { nc, stream, consumer, capacity } = options;
    this.#options = options;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#step = Math.max(Math.ceil(capacity / 4), 1);
    this.#subscription = nc.subscribe(this.#inbox, {
      callback: (error, message) => (error ? this.#end(error) : this.#receive(message)),
    });
    this.#watch = setInterval(() => this.#listen(), HEARTBEAT_MS);
    this.#watch.unref();
    this.#offReconnect = onReconnect(nc, () => this.#end(new Error("the connection was lost")));
    this.refill();
  }

  /** Tells that there may be more room. */
  refill(): void {
    if (this.#asking || this.#over) return;
    const more = this.#options.room() - this.#outstanding;
    if (more < this.#step && (more <= 0 || this.#outstanding > 0)) return;
    this.#asking = true;
    atEndOfTurn(() => this.#ask());
  }

  /** Asks for no more. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#watch);
    this.#offReconnect();
    // Drained, so that what is on its way is still handed on.
    this.#subscription.drain().catch(() => undefined);
  }

  #ask(): void {
    this.#asking = false;
    const { nc, room } = this.#options;
    const batch = room() - this.#outstanding;
    if (batch <= 0 || this.#over || nc.isClosed()) return;
    if (this.#outstanding === 0) this.#silentLooks = 0;
    this.#outstanding += batch;
    const times = `"expires":${EXPIRES_MS * NANOS},"idle_heartbeat":${HEARTBEAT_MS * NANOS}`;
    try {
      nc.publish(this.#subject, `{"batch":${batch},${times}}`, { reply: this.#inbox });
    } catch (error) {
      // The connection is being closed.
      this.#end(error as Error);
    }
  }

  #receive(message: Msg): void {
    this.#silentLooks = 0;
    if (!message.reply) return this.#status(message);
    this.#outstanding--;
    this.#options.onMessage(new StreamMessage(message));
    this.refill();
  }

  #status(message: Msg): void {
    const { code = 0, description = "" } = message.headers ?? {};
    if (code === HEARTBEAT) return;
    if (code !== REQUEST_TIMEOUT) return this.#end(new Error(`${this.#subject}: ${code} ${description}`));
    // The end of one request, which says what it has not brought.
    this.#outstanding -= Number(message.headers?.get("Nats-Pending-Messages") ?? 0);
    this.refill();
  }

  #listen(): void {
    if (this.#outstanding > 0 && ++this.#silentLooks > SILENT_LOOKS)
      this.#end(new Error(`${this.#subject}: no heartbeat for ${(SILENT_LOOKS * HEARTBEAT_MS) / 1_000} s`));
  }

  #end(error: Error): void {
    if (this.#over) return;
    this.stop();
    this.#options.onEnd(error);
  }
}
