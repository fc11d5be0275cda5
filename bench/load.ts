/** Publishes a workload as a bank system would, and knows how much of it is done. */
import { jetstream } from "@nats-io/jetstream";
import { headers as natsHeaders, type NatsConnection } from "@nats-io/nats-core";
import { eventMessageId, streamsOf, subjects } from "#contracts";
import { follow, textOf } from "./follow.js";
import { Progress, snapshotOf } from "./progress.js";
import type { W1Event } from "./workload.js";

export const SOURCE = "w1";

export interface PublishedEvent {
  readonly subject: string;
  readonly payload: string;
  readonly msgId: string;
}

/**
 * The event as a structured CloudEvent. The second copy gets a message id of its own: within two minutes the stream
 * would drop it, and the actor's own check is what is to be measured.
 */
export function published(event: W1Event, copy: number): PublishedEvent {
  const id = eventMessageId(SOURCE, event.eventId);
  return {
    subject: subjects.bank(SOURCE, event.customerId, event.type),
    msgId: copy === 0 ? id : `${id}:${copy}`,
    payload: JSON.stringify({
      specversion: "1.0",
      id: event.eventId,
      source: SOURCE,
      type: event.type,
      subject: event.customerId,
      time: event.occurredAt,
      datacontenttype: "application/json",
      data: event.payload,
    }),
  };
}

/** Above this rate, waiting turn by turn would take a good part of a core from what is measured. */
const PRECISE_UP_TO = 250;

/** No event was completed for so long: something is stuck. */
const STALLED_MS = 30_000;

export class Load {
  readonly progress = new Progress();
  /** Bytes of the contexts committed so far. */
  committedBytes = 0;
  readonly #js;
  readonly #copies = new Map<string, number>();
  #stopFollowing: (() => Promise<void>)[] = [];
  #wake: (() => void) | undefined;
  #failure: Error | undefined;

  private constructor(private readonly nc: NatsConnection) {
    this.#js = jetstream(nc, { timeout: 20_000 });
  }

  static async open(nc: NatsConnection): Promise<Load> {
    const load = new Load(nc);
    for (const stream of streamsOf("CTX")) {
      load.#stopFollowing.push(
        await follow(nc, {
          stream,
          filter: subjects.ctxAll,
          onMessage: (m) => {
            load.committedBytes += m.data.length;
            load.progress.committed(snapshotOf(m.subject, textOf(m)));
            load.#wake?.();
          },
        }),
      );
    }
    return load;
  }

  /** Closed loop: at most `inFlight` events under way. Resolves when all are published. */
  async publishClosed(events: readonly W1Event[], inFlight: number): Promise<void> {
    for (const event of events) {
      if (this.progress.inFlight >= inFlight) await this.#until(() => this.progress.inFlight < inFlight);
      this.publish(event);
    }
  }

  /**
   * Open loop: the i-th event leaves `i / ratePerSecond` after the start, whether the ones before are done or not.
   * `onPublish` is told of the time at which it should have left (performance.now).
   */
  async publishOpen(
    events: Iterable<W1Event>,
    ratePerSecond: number,
    onPublish?: (event: W1Event, intendedAt: number) => void,
  ): Promise<void> {
    const precise = ratePerSecond <= PRECISE_UP_TO;
    const start = performance.now();
    let i = 0;
    for (const event of events) {
      const intendedAt = start + (i++ * 1_000) / ratePerSecond;
      for (;;) {
        const early = intendedAt - performance.now();
        if (early <= 0) break;
        // A timer is up to a millisecond late. Where events are far apart, the rest is waited for turn by turn.
        if (early >= 1 || !precise) await new Promise((resolve) => setTimeout(resolve, Math.floor(early)));
        else await new Promise((resolve) => setImmediate(resolve));
      }
      if (this.#failure) throw this.#failure;
      onPublish?.(event, intendedAt);
      this.publish(event);
    }
  }

  /** Resolves when everything published is complete: applied, and every outcome recorded. */
  done(): Promise<void> {
    return this.#until(() => this.progress.inFlight === 0);
  }

  publish(event: W1Event): void {
    const copy = this.#copies.get(event.eventId) ?? 0;
    this.#copies.set(event.eventId, copy + 1);
    const { subject, payload, msgId } = published(event, copy);
    this.progress.published();
    const headers = natsHeaders();
    headers.set("Nats-Msg-Id", msgId);
    this.#js.publish(subject, payload, { headers, retries: 1 }).then(
      (ack) => {
        this.progress.stored(event.customerId, ack.seq);
        this.#wake?.();
      },
      (error: unknown) => {
        this.#failure ??= new Error(`an event was not published: ${(error as Error).message}`, {
          cause: error,
        });
        this.#wake?.();
      },
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#stopFollowing.map((stop) => stop()));
  }

  async #until(condition: () => boolean): Promise<void> {
    let last = performance.now();
    let commits = this.progress.commits;
    while (!condition()) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
      if (this.progress.commits !== commits) {
        commits = this.progress.commits;
        last = performance.now();
      } else if (performance.now() - last > STALLED_MS) {
        throw new Error(
          `nothing was committed for ${STALLED_MS / 1_000} s; waiting for ${this.progress.stragglers()}`,
        );
      }
    }
    if (this.#failure) throw this.#failure;
  }
}
