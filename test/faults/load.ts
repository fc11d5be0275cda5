/**
 * The load, as a bank makes it: customers side by side, each customer's events one after the other, each sent again under
 * the same id until it is acknowledged. It keeps its own ledger of what was acknowledged: the first of the three.
 */
import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/nats-core";
import { eventMessageId, subjects } from "#contracts";
import { connectNats } from "#messaging";
import { eventually } from "#testing";
import { customerEvents, type PlannedEvent } from "./load-events.js";
import type { Rig } from "./rig.js";
import { seeded } from "./seeded.js";

export interface LoadOptions {
  readonly seed: number;
  readonly customers: number;
  /** Over all customers. */
  readonly eventsPerSecond: number;
  /** Share of customers whose events come through the HTTP gateway. */
  readonly httpShare: number;
  /** Customers are `<prefix>-<n>`. */
  readonly prefix: string;
  /** Share of events that are published a second time. */
  readonly duplicates: number;
  /** Share of events that cannot be read. */
  readonly malformed: number;
}

/** One acknowledged publish. */
export interface Published {
  readonly customerId: string;
  /** Position in the publisher's own order of this customer. */
  readonly n: number;
  /** CloudEvents id; of something unreadable, its message id. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Cannot be read: must end in DLQ. */
  readonly malformed: boolean;
  readonly via: "nats" | "http";
  /** Of the acknowledgement. */
  readonly seq: number;
  readonly duplicate: boolean;
  readonly attempts: number;
  /** Wall clock, epoch ms: begin of the first attempt, and the acknowledgement. */
  readonly firstTriedAt: number;
  readonly acknowledgedAt: number;
}

const DEFAULTS = {
  customers: 40,
  eventsPerSecond: 120,
  httpShare: 0.25,
  prefix: "c",
  duplicates: 0.04,
  malformed: 0.01,
};
const ATTEMPT_MS = 3_000;
const SOURCE = "core";

export class Load {
  /** In order per customer. */
  readonly published: Published[] = [];
  /** Attempts that were not acknowledged, by error. */
  readonly refusals = new Map<string, number>();
  readonly options: LoadOptions;
  #state: "running" | "finishing" | "aborted" = "running";
  #nc: NatsConnection | undefined;
  #js: JetStreamClient | undefined;
  #done: Promise<unknown> = Promise.resolve();
  #begun = 0;

  constructor(
    private readonly rig: Rig,
    options: Partial<LoadOptions> & { readonly seed: number },
  ) {
    this.options = { ...DEFAULTS, ...options };
  }

  start(): void {
    this.#begun = Date.now();
    const { customers } = this.options;
    this.#done = (async () => {
      this.#nc = await connectNats({ url: this.rig.natsUrl, name: "publisher" });
      this.#js = jetstream(this.#nc, { timeout: ATTEMPT_MS });
      await Promise.all(Array.from({ length: customers }, (_, i) => this.#customer(i)));
    })();
    this.#done.catch(() => undefined);
  }

  get acknowledged(): number {
    return this.published.length;
  }

  /** Resolves when `n` more events have been acknowledged. */
  async more(n: number, timeoutMs = 60_000): Promise<void> {
    const target = this.published.length + n;
    await eventually(`${n} more events to be acknowledged`, () => this.published.length >= target, timeoutMs);
  }

  /** No new events; resolves when those under way are acknowledged. */
  async finish(): Promise<void> {
    if (this.#state === "running") this.#state = "finishing";
    await this.#done;
    await this.#nc?.close();
  }

  /** Gives up at once. */
  abort(): void {
    this.#state = "aborted";
    void this.#nc?.close().catch(() => undefined);
  }

  async #customer(index: number): Promise<void> {
    const { prefix, seed, customers, eventsPerSecond, httpShare } = this.options;
    const customerId = `${prefix}-${index}`;
    const random = seeded(seed, customerId);
    const via = this.rig.gateway && random() < httpShare ? "http" : "nats";
    const everyMs = (customers / eventsPerSecond) * 1_000;
    let due = this.#begun + random() * everyMs;
    let n = 0;
    for (const event of customerEvents(customerId, random, this.options)) {
      await until(due, () => this.#state !== "running");
      if (this.#state !== "running") return;
      await this.#publish(
        customerId,
        n++,
        event,
        event.malformed || event.repeated === "stream" ? "nats" : via,
      );
      // A publisher that was held up goes on at its rate, without a burst of what it missed.
      due = Math.max(due + everyMs * (0.5 + random()), Date.now());
    }
  }

  async #publish(customerId: string, n: number, event: PlannedEvent, via: "nats" | "http"): Promise<void> {
    const firstTriedAt = Date.now();
    for (let attempts = 1; ; attempts++) {
      try {
        const ack = await (via === "nats" ? this.#overNats(customerId, event) : this.#overHttp(event));
        const { id, type, data, malformed } = event;
        const acknowledgedAt = Date.now();
        this.published.push({
          customerId,
          n,
          id,
          source: SOURCE,
          type,
          data,
          malformed,
          via,
          seq: ack.seq,
          duplicate: ack.duplicate,
          attempts,
          firstTriedAt,
          acknowledgedAt,
        });
        return;
      } catch (error) {
        const text = (error as Error).message;
        this.refusals.set(text, (this.refusals.get(text) ?? 0) + 1);
        if (this.#state === "aborted") throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.min(50 * attempts, 500)));
      }
    }
  }

  async #overNats(customerId: string, event: PlannedEvent): Promise<{ seq: number; duplicate: boolean }> {
    const h = headers();
    if (event.headers) for (const [k, v] of Object.entries(event.headers)) h.set(k, v);
    // Another message id is what an event has that comes again after the stream has forgotten the first one.
    const msgID = eventMessageId(SOURCE, event.id) + (event.repeated === "stream" ? `:${event.n}` : "");
    const subject = subjects.bank(SOURCE, customerId, event.type);
    const ack = await this.#js!.publish(subject, event.body, { msgID, timeout: ATTEMPT_MS, headers: h });
    return { seq: ack.seq, duplicate: ack.duplicate };
  }

  async #overHttp(event: PlannedEvent): Promise<{ seq: number; duplicate: boolean }> {
    const response = await fetch(`${this.rig.gateway!.url}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/cloudevents+json" },
      body: event.body,
      signal: AbortSignal.timeout(ATTEMPT_MS * 2),
    });
    const text = await response.text();
    if (response.status !== 202) throw new Error(`gateway: ${response.status} ${text.slice(0, 80)}`);
    const receipt = (JSON.parse(text) as { events: Array<{ seq: number; duplicate: boolean }> }).events[0]!;
    return { seq: receipt.seq, duplicate: receipt.duplicate };
  }
}

async function until(time: number, stop: () => boolean): Promise<void> {
  while (Date.now() < time && !stop())
    await new Promise((resolve) => setTimeout(resolve, Math.min(50, Math.max(1, time - Date.now()))));
}
