/** Sees the contexts as they are committed (CTX keeps only the last of each). What an outage hides is not seen. */
import { DeliverPolicy, jetstream, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { subjects, type Context } from "#contracts";

export interface SeenCommit {
  readonly customerId: string;
  /** Revision: sequence in CTX. */
  readonly seq: number;
  readonly watermark: number;
  readonly applied: number;
  readonly audit: { readonly n: number; readonly hash: string };
}

export class CommitFollower {
  readonly seen: SeenCommit[] = [];

  static async start(nc: NatsConnection): Promise<CommitFollower> {
    const follower = new CommitFollower();
    const consumer = await jetstream(nc).consumers.get("CTX", {
      filter_subjects: [subjects.ctxAll],
      deliver_policy: DeliverPolicy.All,
    });
    await consumer.consume({ callback: (m) => follower.#take(m) });
    return follower;
  }

  #take(m: JsMsg): void {
    const { customerId, watermark, applied, audit } = m.json<Context>();
    this.seen.push({ customerId, seq: m.seq, watermark, applied, audit });
  }
}
