/**
 * Reads one partition in stream order for its one owner.
 *
 * Owns: the position in the partition's durable consumer. Rules (design: partition take-over):
 *  1. Before reading, the consumer is reset, which rewinds to the ack floor: the dead owner's unacknowledged
 *     messages come first (I2).
 *  2. Messages are taken only while the consumer's delivery sequence runs on without a gap. A gap means that
 *     somebody else pulls from the same consumer and holds what is missing: stop, and reset again or leave.
 *     Somebody else's reset starts the count again, and the server hands out in turn: with n pulling, one of the first
 *     n deliveries may carry just the number expected. So the first ones are also checked against the stream itself.
 *  3. Acknowledged (all) is only the highest sequence below which every message is handled (I1).
 *  4. After a gap or a loss nothing is acknowledged: the acknowledgement would carry a delivery sequence from before
 *     somebody else's reset, and the server then ignores the new owner's acknowledgements up to that number.
 */
import {
  jetstream,
  jetstreamManager,
  type ConsumerMessages,
  type JetStreamManager,
  type JsMsg,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { partitionConsumer } from "#contracts";
import { faultPointSoon } from "#service";
import { sleep } from "./publisher.js";

export interface PartitionReaderOptions {
  readonly nc: NatsConnection;
  readonly partition: number;
  /**
   * Resolves when the message is handled for good. Rejects when this instance has lost the partition. `floor` is
   * the sequence up to which everything had been handled when the message was taken.
   */
  readonly handle: (message: JsMsg, floor: number) => Promise<void>;
  /** Asked after a gap: whether to go on. */
  readonly stillMine: () => boolean;
  /** True when the own lease has run out, so that another owner may have reset the consumer: nothing is taken or acknowledged. */
  readonly fenced?: () => boolean;
  /** Messages being handled at once; more stop the pulling. */
  readonly maxInFlight: number;
  readonly log: { warn(fields: object, message: string): void };
}

type State = "idle" | "reading" | "stopping" | "stopped";

const PULL_BATCH = 128;
const ACK_EVERY = 64;
const ACK_AFTER_MS = 20;
const RETRY_MS = 200;
/** Deliveries after a reset that are checked against the stream: more than ever pull from one consumer. */
const CHECKED_DELIVERIES = 4;

export class PartitionReader {
  #state: State = "idle";
  #messages: ConsumerMessages | undefined;
  #loop: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();
  /** In delivery order; the head is the oldest not yet acknowledged. */
  #window: Array<{ readonly message: JsMsg; done: boolean }> = [];
  #unacked = 0;
  #lastDone: JsMsg | undefined;
  #ackTimer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #room: (() => void) | undefined;
  #idle: (() => void) | undefined;
  #lost = false;
  /** Somebody else has reset the consumer since this reader did. */
  #superseded = false;
  #floor = 0;

  constructor(private readonly options: PartitionReaderOptions) {}

  get partition(): number {
    return this.options.partition;
  }

  /** True once it has stopped by itself because the partition was lost. */
  get lost(): boolean {
    return this.#lost;
  }

  start(): void {
    if (this.#state !== "idle") return;
    this.#state = "reading";
    this.#loop = this.#run();
  }

  /** Stops pulling, lets what is under way finish, acknowledges it. */
  async stop(): Promise<void> {
    if (this.#state === "reading") this.#state = "stopping";
    this.#stopped.abort();
    this.#messages?.stop();
    this.#room?.();
    await this.#loop;
    await this.#settled();
    this.#flushAck();
    this.#state = "stopped";
  }

  async #run(): Promise<void> {
    const { nc, partition, log } = this.options;
    const { stream, name } = partitionConsumer(partition);
    while (this.#state === "reading" && !this.#lost) {
      try {
        const jsm = await jetstreamManager(nc, { checkAPI: false });
        const reset = await jsm.consumers.reset(stream, name);
        this.#floor = Math.max(this.#floor, reset.ack_floor.stream_seq);
        this.#window = [];
        this.#lastDone = undefined;
        this.#superseded = false;
        const consumer = await jetstream(nc).consumers.get(stream, name);
        if (this.#state !== "reading") return;
        this.#messages = await consumer.consume({ max_messages: PULL_BATCH });
        if (this.#closing()) return this.#messages.stop();
        const follows = async (after: number, message: JsMsg): Promise<boolean> =>
          (await nextInStream(jsm, partition, after)) === message.seq;
        const gap = await this.#read(this.#messages, reset.ack_floor.stream_seq, follows);
        this.#messages.stop();
        await this.#settled();
        this.#flushAck();
        if (gap && !this.options.stillMine()) this.#lost = true;
      } catch (error) {
        this.#messages?.stop();
        if (this.#state !== "reading") return;
        log.warn({ partition, error: (error as Error).message }, "reading a partition failed; trying again");
        await this.#settled();
        await sleep(RETRY_MS, this.#stopped.signal);
      }
    }
  }

  /** Reads until stopped (false) or until a gap (true). */
  async #read(
    messages: ConsumerMessages,
    floor: number,
    follows: (after: number, message: JsMsg) => Promise<boolean>,
  ): Promise<boolean> {
    let expected = 1;
    let last = floor;
    for await (const message of messages) {
      if (this.#closing()) return false;
      if (this.options.fenced?.()) {
        this.#lost = true;
        return false;
      }
      const inTurn =
        message.info.deliverySequence === expected &&
        (expected > CHECKED_DELIVERIES || (await follows(last, message)));
      if (this.#closing()) return false;
      if (!inTurn) {
        const { partition, log } = this.options;
        log.warn(
          { partition, expected, got: message.info.deliverySequence },
          "gap in the delivery sequence: someone else reads this partition",
        );
        this.#superseded = true;
        return true;
      }
      expected++;
      last = message.seq;
      if (this.#inFlight >= this.options.maxInFlight) {
        await new Promise<void>((resolve) => (this.#room = resolve));
        this.#room = undefined;
        // A loss makes room too; what comes after the message that was lost must not be taken (I1, I2).
        if (this.#closing()) return false;
      }
      this.#take(message);
    }
    return false;
  }

  #take(message: JsMsg): void {
    const slot = { message, done: false };
    this.#window.push(slot);
    this.#inFlight++;
    this.options
      .handle(message, this.#floor)
      .then(
        () => {
          slot.done = true;
          this.#advance();
        },
        (error: unknown) => {
          if (!this.#lost) {
            const { partition, log } = this.options;
            log.warn(
              { partition, error: error instanceof Error ? error.message : String(error) },
              "partition lost",
            );
          }
          this.#lost = true;
          this.#messages?.stop();
        },
      )
      .finally(() => {
        this.#inFlight--;
        this.#room?.();
        if (this.#inFlight === 0) this.#idle?.();
      });
  }

  #advance(): void {
    let n = 0;
    while (this.#window[n]?.done) n++;
    if (n === 0) return;
    this.#lastDone = this.#window[n - 1]!.message;
    this.#floor = this.#lastDone.seq;
    this.#window.splice(0, n);
    this.#unacked += n;
    if (this.#unacked >= ACK_EVERY) this.#flushAck();
    else this.#ackTimer ??= setTimeout(() => this.#flushAck(), ACK_AFTER_MS);
  }

  #flushAck(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    this.#unacked = 0;
    if (!this.#lost && !this.#superseded && !this.options.fenced?.()) this.#lastDone?.ack();
    faultPointSoon("actor.ack.after");
    this.#lastDone = undefined;
  }

  #closing(): boolean {
    return this.#state !== "reading" || this.#lost;
  }

  #settled(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#idle = resolve));
  }
}

/** Sequence of the partition's first message after `after`; `undefined` when there is none. */
async function nextInStream(
  jsm: JetStreamManager,
  partition: number,
  after: number,
): Promise<number | undefined> {
  const { stream, filter } = partitionConsumer(partition);
  // Not a direct read: that may be behind, and it fails on a message whose headers cannot be read.
  // (The client's type leaves `next_by_subj` out; the server's request has it.)
  const query: { seq: number; next_by_subj: string } = { seq: after + 1, next_by_subj: filter };
  const found = await jsm.streams.getMessage(stream, query);
  return found?.seq;
}
