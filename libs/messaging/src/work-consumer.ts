/**
 * Pulls from one durable consumer and runs a bounded number of messages at a time, for ever: through
 * disconnects, and when the consumer or its stream is deleted and made again.
 *
 * Owns: the messages in hand (by stream sequence) and their heartbeats. A message is pulled only when a slot is
 * free for it, so that several instances share the work.
 */
import { jetstream, type ConsumerMessages, type JsMsg } from "@nats-io/jetstream";
import { millis, type NatsConnection } from "@nats-io/nats-core";
import type { ConsumerDefinition } from "#contracts";
import { sleep } from "./publisher.js";
import { InHand } from "./work-delivery.js";
import { Slots } from "./work-slots.js";

export interface WorkConsumerOptions {
  readonly nc: NatsConnection;
  readonly definition: ConsumerDefinition;
  readonly concurrency: number;
  /** Handles one message and settles it; must not throw. */
  readonly handle: (inHand: InHand, slots: Slots) => Promise<void>;
  /** Told when pulling fails and when it works again. */
  readonly onPull: (state: "pulling" | "failing", error?: Error) => void;
}

const FETCH_MS = 5_000;
/** How long after its end a pull that the server has forgotten (a reconnect) is given up. */
const FETCH_OVERDUE_MS = 2_500;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;

export class WorkConsumer {
  readonly #options: WorkConsumerOptions;
  readonly #slots: Slots;
  readonly #inHand = new Map<number, InHand>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #fetching: ConsumerMessages | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #heartbeatMs = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: WorkConsumerOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
  }

  start(): void {
    this.#beatEvery(this.#options.definition.ackWaitMs / 3);
    this.#loop = this.#run();
  }

  get underWay(): number {
    return this.#running.size;
  }

  /** Stops pulling; resolves when what is under way is settled, or after the grace. */
  async close(graceMs: number): Promise<void> {
    this.#stop.abort();
    this.#fetching?.stop();
    const grace = new AbortController();
    const finished = this.#loop.then(() => Promise.allSettled(this.#running));
    await Promise.race([finished, sleep(graceMs, grace.signal)]);
    grace.abort();
    // What is still in hand gets no more heartbeats: the server delivers it to another instance.
    clearInterval(this.#heartbeat);
  }

  async #run(): Promise<void> {
    const { nc, definition, onPull } = this.#options;
    const signal = this.#stop.signal;
    let retryMs = RETRY_MIN_MS;
    while (!signal.aborted) {
      try {
        const consumer = await jetstream(nc).consumers.get(definition.stream, definition.name);
        // The server's own ack_wait counts: an operator may have changed it.
        this.#beatEvery(millis((await consumer.info(true)).config.ack_wait ?? 0) / 3);
        onPull("pulling");
        retryMs = RETRY_MIN_MS;
        while (!signal.aborted) {
          await this.#slots.take();
          this.#slots.give();
          if (signal.aborted) break;
          this.#fetching = await consumer.fetch({
            max_messages: Math.max(this.#slots.free, 1),
            expires: FETCH_MS,
          });
          await this.#drain(this.#fetching);
        }
      } catch (error) {
        if (signal.aborted || nc.isClosed()) break;
        onPull("failing", error as Error);
        await sleep(retryMs, signal);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
  }

  async #drain(messages: ConsumerMessages): Promise<void> {
    if (this.#stop.signal.aborted) messages.stop();
    const overdue = setTimeout(() => messages.stop(), FETCH_MS + FETCH_OVERDUE_MS);
    try {
      for await (const m of messages) this.#take(m);
    } finally {
      clearTimeout(overdue);
    }
  }

  #take(m: JsMsg): void {
    const seq = m.info.streamSequence;
    const known = this.#inHand.get(seq);
    if (known) {
      known.adopt(m);
      return;
    }
    const inHand = new InHand(m);
    if (this.#stop.signal.aborted) {
      inHand.nak(0);
      return;
    }
    this.#inHand.set(seq, inHand);
    const run = this.#handle(inHand).finally(() => {
      this.#inHand.delete(seq);
      this.#running.delete(run);
    });
    this.#running.add(run);
  }

  async #handle(inHand: InHand): Promise<void> {
    await this.#slots.take();
    try {
      await this.#options.handle(inHand, this.#slots);
    } finally {
      this.#slots.give();
    }
  }

  #beatEvery(ms: number): void {
    const every = Math.max(Math.floor(ms), 50);
    if (every === this.#heartbeatMs) return;
    this.#heartbeatMs = every;
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => {
      for (const m of this.#inHand.values()) m.heartbeat();
    }, every);
    this.#heartbeat.unref();
  }
}
