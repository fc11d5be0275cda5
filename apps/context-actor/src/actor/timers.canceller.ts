import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { subjects, TIMER_STREAM } from "#contracts";
import type { Timers } from "./customer-actor.js";

/** Removes pending timers by purging their subject. A purge that fails costs one event that changes nothing. */
export class TimerCanceller implements Timers {
  #jsm: Promise<JetStreamManager> | undefined;

  constructor(private readonly nc: NatsConnection) {}

  cancel(customerId: string, instance: string, wait: string): void {
    this.#jsm ??= jetstreamManager(this.nc, { checkAPI: false });
    void this.#jsm
      .then((jsm) => jsm.streams.purge(TIMER_STREAM, { filter: subjects.timer(customerId, instance, wait) }))
      .catch(() => undefined);
  }
}
