/**
 * Pulls from one durable consumer and runs a bounded number of messages at a time, for ever: through
 * disconnects, and when the consumer or its stream is deleted and made again.
 *
 * Owns: the messages in hand (by stream sequence) and their heartbeats. A message is asked for only when a slot is
 * free for it, so that several instances share the work.
 */
import { jetstreamManager } from "@nats-io/jetstream";
import { millis, type NatsConnection } from "@nats-io/nats-core";
import type { ConsumerDefinition } from "#contracts";
import { sleep } from "./publisher.js";
import { StandingPull } from "./standing-pull.js";
import type { StreamMessage } from "./stream-message.js";
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

const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;
/** A request that was on its way when the server went is lost without a word: sent again soon. */
const ANSWER_WITHIN_MS = 2_000;

export class WorkConsumer {
  readonly #options: WorkConsumerOptions;
  readonly #slots: Slots;
  readonly #inHand = new Map<number, InHand>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #pull: StandingPull | undefined;
  #endPulling: (() => void) | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #heartbeatMs = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: WorkConsumerOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency, () => this.#pull?.refill());
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
    this.#endPulling?.();
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
        const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: ANSWER_WITHIN_MS });
        const { config } = await jsm.consumers.info(definition.stream, definition.name);
        // The server's own ack_wait counts: an operator may have changed it.
        this.#beatEvery(millis(config.ack_wait ?? 0) / 3);
        onPull("pulling");
        retryMs = RETRY_MIN_MS;
        await this.#pullUntilStopped();
      } catch (error) {
        if (signal.aborted || nc.isClosed()) break;
        onPull("failing", error as Error);
        await sleep(retryMs, signal);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
  }

  /** Rejects when messages can no longer come. */
  async #pullUntilStopped(): Promise<void> {
    const { nc, definition, concurrency } = this.#options;
    if (this.#stop.signal.aborted) return;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#endPulling = resolve;
        this.#pull = new StandingPull({
          nc,
          stream: definition.stream,
          consumer: definition.name,
          capacity: concurrency,
          room: () => this.#slots.free,
          onMessage: (message) => this.#take(message),
          onEnd: reject,
        });
      });
    } finally {
      this.#pull?.stop();
      this.#pull = undefined;
    }
  }

  #take(message: StreamMessage): void {
    const known = this.#inHand.get(message.seq);
    if (known) {
      known.adopt(message);
      return;
    }
    const inHand = new InHand(message);
    // On its way when the pull was stopped: another instance takes it.
    if (this.#stop.signal.aborted) {
      inHand.nak(0);
      return;
    }
    this.#inHand.set(message.seq, inHand);
    const run = this.#handle(inHand);
    this.#running.add(run);
    void run.then(() => this.#running.delete(run));
  }

  async #handle(inHand: InHand): Promise<void> {
    // A parked message may have come back for the slot.
    if (!this.#slots.takeNow()) await this.#slots.take();
    try {
      await this.#options.handle(inHand, this.#slots);
    } finally {
      this.#inHand.delete(inHand.message.seq);
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
