/** Key figures as they happen: AUDIT from its beginning, and on. One reader; memory is bounded by `maxCustomers`. */
import { DeliverPolicy, jetstream, type ConsumerMessages } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { ALL_PARTITIONS, streamsOf, subjects } from "#contracts";
import { KpiFold, type KpiOptions } from "./kpi-fold.js";
import { recordsOf } from "./kpi-reader.js";

export class KpiFollower {
  readonly fold: KpiFold;
  /** Messages that are no audit records: `segue audit verify` says more. */
  unreadable = 0;
  readonly #open: ConsumerMessages[] = [];

  private constructor(options: KpiOptions & { readonly maxCustomers: number }) {
    this.fold = new KpiFold(options);
  }

  /** Reads until it is stopped; `onEnd` tells of a reading that ended by a fault. */
  static async start(
    nc: NatsConnection,
    options: KpiOptions & { readonly maxCustomers: number },
    onEnd: (error: Error) => void,
  ): Promise<KpiFollower> {
    const follower = new KpiFollower(options);
    for (const stream of streamsOf("AUDIT")) {
      const consumer = await jetstream(nc).consumers.get(stream, {
        filter_subjects: ALL_PARTITIONS.map((p) => subjects.auditOfPartition(p)),
        deliver_policy: DeliverPolicy.All,
      });
      const messages = await consumer.consume({ max_messages: 1_000 });
      follower.#open.push(messages);
      void follower.#read(messages).catch((error: unknown) => onEnd(error as Error));
    }
    return follower;
  }

  async #read(messages: ConsumerMessages): Promise<void> {
    for await (const message of messages) {
      try {
        for (const what of recordsOf({ subject: message.subject, string: () => message.string() }))
          if ("request" in what) this.fold.decision(what);
          else this.fold.record(what);
      } catch {
        this.unreadable++;
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#open.map((messages) => messages.close()));
  }
}
