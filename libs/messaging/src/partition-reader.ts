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
 *  5. A reconnect is a loss: what the server had handed to the broken connection comes only after a reset.
 *
 * Acknowledging only moves the point where the next owner begins. What it reads again is behind the customers' watermarks.
 */
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { partitionConsumer } from "#contracts";
import { faultPointSoon } from "#service";
import { sleep } from "./publisher.js";
import { StandingPull } from "./standing-pull.js";
import type { StreamMessage } from "./stream-message.js";

export interface PartitionReaderOptions {
  readonly nc: NatsConnection;
  readonly partition: number;
  /**
   * Resolves when the message is handled for good. Rejects when this instance has lost the partition. `floor` is
   * the sequence up to which everything had been handled when the message was taken.
   */
  readonly handle: (message: StreamMessage, floor: number) => Promise<void>;
  /** Asked after a gap: whether to go on. */
  readonly stillMine: () => boolean;
  /** True when the own lease has run out, so that another owner may have reset the consumer: nothing is taken or acknowledged. */
  readonly fenced?: () => boolean;
  /** Messages being handled at once; no more are pulled. */
  readonly maxInFlight: number;
  readonly log: { warn(fields: object, message: string): void };
}

/** From one reset to the end of what was pulled after it. */
interface Reading {
  readonly arrived: StreamMessage[];
  readonly floor: number;
  /** False when nothing more may be taken in this reading. */
  readonly goesOn: () => boolean;
  /** The partition's first sequence after this one. */
  readonly nextAfter: (seq: number) => Promise<number | undefined>;
  readonly fail: (error: Error) => void;
}

type State = "idle" | "reading" | "stopping" | "stopped";

/** Far below the consumer's `maxAckPending`, at which the server would stop. */
const ACK_EVERY = 256;
const ACK_AFTER_MS = 500;
/** How often a reader to whom nothing comes looks whether something was delivered elsewhere. */
const LOOK_EVERY_MS = 2_000;
const RETRY_MS = 200;
/** A request that was on its way when the server went is lost without a word: sent again soon. */
const ANSWER_WITHIN_MS = 2_000;
/** Deliveries after a reset that are checked against the stream: more than ever pull from one consumer. */
const CHECKED_DELIVERIES = 4;

export class PartitionReader {
  #state: State = "idle";
  #pull: StandingPull | undefined;
  /** Ends the reading under way. */
  #endReading: ((how: "stopped" | "gap") => void) | undefined;
  #loop: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();
  /** In delivery order; the head is the oldest not yet acknowledged. */
  #window: Array<{ readonly message: StreamMessage; done: boolean }> = [];
  #unacked = 0;
  #lastDone: StreamMessage | undefined;
  #ackTimer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  /** Messages taken in all, and how many it were when it was last looked for stranded ones. */
  #taken = 0;
  #takenBefore = -1;
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
    this.#end("stopped");
    await this.#loop;
    await this.#settled();
    this.#flushAck();
    this.#state = "stopped";
  }

  async #run(): Promise<void> {
    const { nc, partition, log } = this.options;
    const { stream, name } = partitionConsumer(partition);
    while (!this.#closing()) {
      // Somebody else may own the partition by now: to reset it would take it away again.
      if (this.options.fenced?.()) {
        this.#lost = true;
        return;
      }
      try {
        const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: ANSWER_WITHIN_MS });
        const reset = await jsm.consumers.reset(stream, name);
        this.#floor = Math.max(this.#floor, reset.ack_floor.stream_seq);
        this.#window = [];
        this.#lastDone = undefined;
        this.#superseded = false;
        if (this.#closing()) return;
        const end = await this.#read(jsm, reset.ack_floor.stream_seq);
        await this.#settled();
        this.#flushAck();
        if (end === "gap" && !this.options.stillMine()) this.#lost = true;
      } catch (error) {
        this.#superseded = true;
        if (this.#state !== "reading") return;
        log.warn({ partition, error: (error as Error).message }, "reading a partition failed; trying again");
        await this.#settled();
        await sleep(RETRY_MS, this.#stopped.signal);
      }
    }
  }

  /** Reads until stopped or until a gap; rejects when the messages can no longer come. */
  async #read(jsm: JetStreamManager, floor: number): Promise<"stopped" | "gap"> {
    const { nc, partition, maxInFlight } = this.options;
    const { stream, name } = partitionConsumer(partition);
    /** Not yet taken: they wait for the check of the one before them. */
    const arrived: StreamMessage[] = [];
    let watch: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#endReading = resolve;
        watch = setInterval(() => void this.#lookForStranded(jsm, resolve), LOOK_EVERY_MS);
        const goesOn = (): boolean => this.#endReading === resolve && this.#mayTake();
        const nextAfter = (seq: number): Promise<number | undefined> => nextInStream(jsm, partition, seq);
        const inTurn = this.#inTurn({ arrived, floor, goesOn, nextAfter, fail: reject });
        this.#pull = new StandingPull({
          nc,
          stream,
          consumer: name,
          capacity: maxInFlight,
          room: () => maxInFlight - this.#inFlight - arrived.length,
          onMessage: (message) => {
            arrived.push(message);
            inTurn();
          },
          onEnd: reject,
        });
      });
    } finally {
      clearInterval(watch);
      this.#endReading = undefined;
      this.#pull?.stop();
      this.#pull = undefined;
    }
  }

  /**
   * With nothing in hand there is nothing to acknowledge. If the server waits for acknowledgements all the same, then its
   * last deliveries went to somebody else, who is gone or does not own the partition; no later message has shown the gap.
   */
  async #lookForStranded(jsm: JetStreamManager, reading: (end: "gap") => void): Promise<void> {
    const taken = this.#taken;
    const idle = (): boolean =>
      this.#endReading === reading &&
      this.#taken === taken &&
      this.#inFlight === 0 &&
      this.#lastDone === undefined;
    if (taken !== this.#takenBefore || !idle()) {
      this.#takenBefore = taken;
      return;
    }
    const { partition, log } = this.options;
    const { stream, name } = partitionConsumer(partition);
    try {
      const { num_ack_pending: stranded } = await jsm.consumers.info(stream, name);
      if (stranded === 0 || !idle() || !this.#mayTake()) return;
      log.warn(
        { partition, stranded },
        "deliveries that nobody handles: the partition is read again from the last acknowledged",
      );
      this.#superseded = true;
      this.#end("gap");
    } catch {
      // The server is away; the pull finds that out by itself.
    }
  }

  /** Takes what has arrived as far as it runs on without a gap. */
  #inTurn({ arrived, floor, goesOn, nextAfter, fail }: Reading): () => void {
    let expected = 1;
    let last = floor;
    let checking = false;
    const take = (message: StreamMessage): void => {
      expected++;
      last = message.seq;
      this.#take(message);
    };
    const check = async (message: StreamMessage): Promise<void> => {
      checking = true;
      const follows = (await nextAfter(last)) === message.seq;
      checking = false;
      if (!goesOn()) return;
      if (!follows) return this.#gap(expected, message);
      arrived.shift();
      take(message);
      run();
    };
    const run = (): void => {
      while (arrived.length > 0 && !checking && goesOn()) {
        const message = arrived[0]!;
        if (message.deliverySeq !== expected) return this.#gap(expected, message);
        if (expected <= CHECKED_DELIVERIES) return void check(message).catch(fail);
        arrived.shift();
        take(message);
      }
    };
    return run;
  }

  /** False when nothing more may be taken. What comes after a message that was lost must not be (I1, I2). */
  #mayTake(): boolean {
    if (this.#closing()) return false;
    if (!this.options.fenced?.()) return true;
    this.#lost = true;
    this.#end("stopped");
    return false;
  }

  /** Ends the reading under way, once: what arrives after that is not looked at. */
  #end(how: "stopped" | "gap"): void {
    const end = this.#endReading;
    this.#endReading = undefined;
    end?.(how);
  }

  #gap(expected: number, { deliverySeq: got }: StreamMessage): void {
    const { partition, log } = this.options;
    log.warn({ partition, expected, got }, "gap in the delivery sequence: someone else reads this partition");
    this.#superseded = true;
    this.#end("gap");
  }

  #take(message: StreamMessage): void {
    const slot = { message, done: false };
    this.#window.push(slot);
    this.#taken++;
    this.#inFlight++;
    this.options.handle(message, this.#floor).then(
      () => {
        slot.done = true;
        this.#advance();
        this.#handled();
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
        this.#end("stopped");
        this.#handled();
      },
    );
  }

  #handled(): void {
    this.#inFlight--;
    this.#pull?.refill();
    if (this.#inFlight === 0) this.#idle?.();
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
