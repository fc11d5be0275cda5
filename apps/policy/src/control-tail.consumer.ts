/**
 * Follows the kill switch (key `control` of the bucket `definitions`).
 *
 * I7 After an acknowledged stop no send starts later than 1 s: the gate asks `fresh`, which is false once the bucket
 *    has given no sign of life for that long, and gives no answer then. What cannot be read stops everything.
 */
import { DeliverPolicy, jetstream, type ConsumerMessages, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  controlsV1,
  definitionKeys,
  DEFINITIONS_STREAM,
  NO_CONTROLS,
  subjects,
  type Controls,
} from "#contracts";
import { sleep } from "#messaging";
import type { TailLog } from "./profile-tail.consumer.js";

/** The least that the client allows. */
const HEARTBEAT_MS = 500;
/** Below the second of I7 by what a `go` needs to become a send. */
const FRESH_MS = 900;
const RETRY_MS = 100;
/** A consumer that is silent for so long may be gone with its node, which the client does not always find out. */
const SILENT_MS = 2_500;
/** Long, because heartbeats are up to a second apart where one pull follows another. */
const PULL_MS = 300_000;

export interface ControlTailPorts {
  readonly nc: NatsConnection;
  readonly log: TailLog;
}

export class ControlTail {
  readonly #nc: NatsConnection;
  readonly #log: TailLog;
  readonly #stop = new AbortController();
  #controls: Controls = NO_CONTROLS;
  #caughtUp = false;
  #signAt = -Infinity;
  #messages: ConsumerMessages | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor({ nc, log }: ControlTailPorts) {
    this.#nc = nc;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** As last heard. */
  get now(): Controls {
    return this.#controls;
  }

  get caughtUp(): boolean {
    return this.#caughtUp;
  }

  /** No stop that was acknowledged more than a second ago is missing in `now`. */
  get fresh(): boolean {
    return performance.now() - this.#signAt < FRESH_MS;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#messages?.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        this.#log.warn({ error: (error as Error).message }, "the tail of the kill switch starts again");
      }
      await sleep(RETRY_MS, this.#stop.signal);
    }
  }

  async #follow(): Promise<void> {
    const consumer = await jetstream(this.#nc).consumers.get(DEFINITIONS_STREAM, {
      filter_subjects: [subjects.definition(definitionKeys.controls)],
      deliver_policy: DeliverPolicy.LastPerSubject,
    });
    // Asked before the first pull: what is on its way to us is pending no more.
    const { num_pending: waiting } = await consumer.info();
    const messages = await consumer.consume({
      max_messages: 16,
      expires: PULL_MS,
      idle_heartbeat: HEARTBEAT_MS,
    });
    if (this.#stop.signal.aborted) return messages.stop();
    this.#messages = messages;
    if (waiting === 0) this.#sign();
    let taken = 0;
    let heardAt = performance.now();
    const silence = setInterval(() => {
      if (performance.now() - Math.max(heardAt, this.#signAt) > SILENT_MS) messages.stop();
    }, HEARTBEAT_MS);
    void (async () => {
      for await (const { type } of messages.status())
        // By own count: with each pull the client counts an item of its own in `getPending`.
        if (type === "heartbeat" && messages.getReceived() <= taken) this.#sign();
    })();
    try {
      for await (const message of messages) {
        taken++;
        heardAt = performance.now();
        this.#controls = this.#read(message);
        if (message.info.pending === 0) this.#sign();
      }
    } finally {
      clearInterval(silence);
    }
  }

  #sign(): void {
    this.#signAt = performance.now();
    this.#caughtUp = true;
  }

  #read(message: JsMsg): Controls {
    // A deleted key.
    if (message.data.length === 0) return NO_CONTROLS;
    try {
      return controlsV1.parse(message.json());
    } catch (error) {
      this.#log.warn(
        { error: (error as Error).message },
        `the kill switch cannot be read, so nothing is sent: write it anew with segue stop or segue resume`,
      );
      return { ...NO_CONTROLS, all: true };
    }
  }
}
