/**
 * Reading streams from end to end in constant memory. `readFiltered` for much (an ordered consumer), `readSubject` for
 * one customer (direct gets: no consumer is made, and nothing of other customers is read).
 */
import {
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type JetStreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import type { MsgHdrs, NatsConnection } from "@nats-io/nats-core";
import { lastStored, storedMessages, storedMessagesOf } from "#messaging";

export interface Stored {
  readonly subject: string;
  readonly seq: number;
  /** When it was stored, wall clock, epoch ms. */
  readonly storedAt: number;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  string(): string;
}

const managers = new WeakMap<NatsConnection, Promise<JetStreamManager>>();

/** One manager per connection. */
export function managerOf(nc: NatsConnection): Promise<JetStreamManager> {
  let manager = managers.get(nc);
  if (!manager) managers.set(nc, (manager = jetstreamManager(nc, { checkAPI: false })));
  return manager;
}

/** The last message under a subject (wildcards allowed), if there is one. */
export async function lastOf(
  nc: NatsConnection,
  stream: string,
  subject: string,
): Promise<Stored | undefined> {
  const { direct } = await managerOf(nc);
  const m = await lastStored(direct, stream, subject);
  return m && stored(m);
}

/** Messages under a filter, in stream order, from a sequence up to the last that there is when reading begins. */
export async function* readFiltered(
  nc: NatsConnection,
  stream: string,
  filter: string | readonly string[],
  from = 1,
): AsyncGenerator<Stored> {
  const filters = [filter].flat();
  const lasts = await Promise.all(filters.map((f) => lastOf(nc, stream, f)));
  const last = Math.max(0, ...lasts.map((m) => m?.seq ?? 0));
  if (last < from) return;
  const consumer = await jetstream(nc).consumers.get(stream, {
    filter_subjects: filters,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
  });
  const messages = await consumer.consume({ max_messages: 1_000 });
  try {
    for await (const m of messages) {
      yield {
        subject: m.subject,
        seq: m.seq,
        storedAt: Number(m.timestampNanos / 1_000_000n),
        data: m.data,
        get headers() {
          return m.headers;
        },
        string: () => m.string(),
      };
      if (m.seq >= last || m.info.pending === 0) break;
    }
  } finally {
    await messages.close();
  }
}

/** Messages of one customer's subject (wildcards allowed) from a sequence on, in stream order. */
export async function* readSubject(
  nc: NatsConnection,
  stream: string,
  subject: string,
  from = 1,
): AsyncGenerator<Stored> {
  const { direct } = await managerOf(nc);
  for await (const m of storedMessages(direct, stream, subject, { seq: from })) yield stored(m);
}

/** The same of several subjects, none of which takes in another. */
export async function* readSubjects(
  nc: NatsConnection,
  stream: string,
  subjects: readonly string[],
): AsyncGenerator<Stored> {
  const { direct } = await managerOf(nc);
  for await (const m of storedMessagesOf(direct, stream, subjects)) yield stored(m);
}

function stored(m: StoredMsg): Stored {
  return {
    subject: m.subject,
    seq: m.seq,
    storedAt: m.time.getTime(),
    data: m.data,
    get headers() {
      return m.header;
    },
    string: () => m.string(),
  };
}
