/**
 * Publishes checked events and says what the stream answered.
 *
 * Order: the events of one customer are published one after the other, because a retry of the first must not
 * let the second overtake it (I2); when one is not acknowledged, those behind it are not tried. Customers go
 * side by side. Bounded: beyond `maxInFlight` events the gateway refuses instead of queueing.
 */
import type { EventReceipt, EventsAccepted } from "#contracts";
import { JetStreamApiError, type Publisher } from "#messaging";
import { faultPoint } from "#service";
import { span, type Logger } from "#telemetry";
import type { GatewayMetrics } from "../metrics.js";
import { streamAway, type NatsLink } from "../nats-link.js";
import { ProblemError } from "../problem.js";
import type { CheckedEvent } from "./event-check.js";

export interface PublishLimits {
  readonly giveUpAfterMs: number;
  readonly maxInFlight: number;
}

/** `unknown`: not acknowledged, may be stored or not. `not-sent`: one before it of the same customer failed. */
type Result = EventReceipt | { readonly id: string; readonly stored: "unknown" | "not-sent" };

const isReceipt = (r: Result): r is EventReceipt => "seq" in r;

export class EventPublisher {
  constructor(
    private readonly link: NatsLink,
    private readonly metrics: GatewayMetrics,
    private readonly log: Pick<Logger, "error">,
    private readonly limits: PublishLimits,
  ) {}

  /**
   * Resolves when the stream has acknowledged every event. Otherwise throws the 503 problem, whose `events`
   * say for each one whether it is stored; sending all of them again is safe.
   */
  async publish(events: readonly CheckedEvent[]): Promise<EventsAccepted> {
    if (this.metrics.inFlight > 0 && this.metrics.inFlight + events.length > this.limits.maxInFlight) {
      throw new ProblemError("busy", "Too many events are waiting for the stream.", { retryAfterS: 1 });
    }
    this.metrics.inFlight += events.length;
    try {
      return this.#answer(await this.#publishAll(events));
    } finally {
      this.metrics.inFlight -= events.length;
    }
  }

  async #publishAll(events: readonly CheckedEvent[]): Promise<Result[]> {
    const { publisher } = this.link.parts;
    const until = Date.now() + this.limits.giveUpAfterMs;
    const results: Result[] = [];
    const publishInOrder = async (indexes: readonly number[]): Promise<void> => {
      let failed = false;
      for (const i of indexes) {
        const event = events[i]!;
        const result: Result = failed
          ? { id: event.id, stored: "not-sent" }
          : await this.#publishOne(publisher, event, until);
        failed ||= !isReceipt(result);
        results[i] = result;
      }
    };
    await Promise.all([...indexesByCustomer(events).values()].map(publishInOrder));
    return results;
  }

  async #publishOne(publisher: Publisher, event: CheckedEvent, until: number): Promise<Result> {
    const started = performance.now();
    faultPoint("gateway.publish.before");
    try {
      const written = await span(
        "publish bank",
        { kind: "producer", attributes: { "messaging.system": "nats" } },
        (headers) =>
          publisher.publish(event.subject, event.body, {
            msgId: event.messageId,
            headers,
            giveUpAfterMs: Math.max(0, until - Date.now()),
          }),
      );
      faultPoint("gateway.publish.after");
      if (written.kind === "conflict")
        throw new Error("the stream answered a conflict to a publish without an expectation");
      this.metrics.publishSeconds.observe((performance.now() - started) / 1_000);
      this.metrics.accepted.add();
      if (written.duplicate) this.metrics.duplicates.add();
      return { id: event.id, seq: written.seq, duplicate: written.duplicate };
    } catch (error) {
      this.metrics.unacknowledged.add();
      const code = error instanceof JetStreamApiError ? error.code : undefined;
      this.log.error({ error: (error as Error).message, code }, "the stream did not acknowledge an event");
      return { id: event.id, stored: "unknown" };
    }
  }

  #answer(results: readonly Result[]): EventsAccepted {
    const events = results.filter(isReceipt);
    if (events.length < results.length) throw streamAway({ events: results });
    return { accepted: events.length, duplicates: events.filter((e) => e.duplicate).length, events };
  }
}

function indexesByCustomer(events: readonly CheckedEvent[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  events.forEach(({ customerId }, i) => {
    const group = groups.get(customerId);
    if (group) group.push(i);
    else groups.set(customerId, [i]);
  });
  return groups;
}
