/** What the streams say about customers while they are played. */
import { DeliverPolicy, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  auditRecordsV1,
  contextV1,
  parseCtx,
  partitionOf,
  streamOf,
  streamsOf,
  subjects,
  type AuditRecord,
  type Context,
} from "#contracts";

const AUDIT_AT_MOST_MS = 20_000;

/** The contexts of the customers, as they are committed. */
export class Contexts {
  readonly #contexts = new Map<string, Context>();
  readonly #open: { close(): Promise<unknown> }[] = [];

  /** Of customers whose ids begin with `prefix`. */
  constructor(
    readonly nc: NatsConnection,
    readonly prefix: string,
  ) {}

  async follow(): Promise<void> {
    for (const stream of streamsOf("CTX")) {
      const consumer = await jetstream(this.nc).consumers.get(stream, {
        filter_subjects: [subjects.ctxAll],
        deliver_policy: DeliverPolicy.New,
      });
      const messages = await consumer.consume({
        callback: (m) => {
          if (!parseCtx(m.subject)?.customerId.startsWith(this.prefix)) return;
          const context = contextV1.safeParse(m.json());
          if (context.success) this.#contexts.set(context.data.customerId, context.data);
        },
      });
      this.#open.push(messages);
    }
  }

  of(customerId: string): Context | undefined {
    return this.#contexts.get(customerId);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#open.map((m) => m.close()));
  }
}

/** The customer's audit records up to number `n`: they leave after the commit, so that they are waited for. */
export async function auditOf(nc: NatsConnection, customerId: string, n: number): Promise<AuditRecord[]> {
  if (n === 0) return [];
  const stream = streamOf("AUDIT", partitionOf(customerId));
  const consumer = await jetstream(nc).consumers.get(stream, {
    filter_subjects: [subjects.audit(customerId, "step"), subjects.audit(customerId, "contact")],
  });
  const records = new Map<number, AuditRecord>();
  const messages = await consumer.consume();
  const timer = setTimeout(() => messages.stop(), AUDIT_AT_MOST_MS);
  for await (const m of messages) {
    for (const record of auditRecordsV1.parse(m.json()).records) records.set(record.n, record);
    if (records.has(n)) break;
  }
  clearTimeout(timer);
  await messages.close();
  return [...records.values()].sort((a, b) => a.n - b.n);
}
