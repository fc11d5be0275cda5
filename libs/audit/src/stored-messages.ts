/**
 * Reading streams from end to end in constant memory. `readFiltered` for much (an ordered consumer), `readSubject` for
 * one customer (direct gets: no consumer is made, and nothing of other customers is read).
 */
import {
  DeliverPolicy,
  jetstream,
  JetStreamApiError,
  JetStreamError,
  jetstreamManager,
  type JetStreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import type { MsgHdrs, NatsConnection } from "@nats-io/nats-core";

export interface Stored {
  readonly subject: string;
  readonly seq: number;
  /** When it was stored, wall clock, epoch ms. */
  readonly storedAt: number;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  string(): string;
}

const NOT_FOUND = 404;
const PAGE = 256;
const PAGE_TIMEOUT_MS = 5_000;

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
  const jsm = await managerOf(nc);
  try {
    const m = await jsm.direct.getMessage(stream, { last_by_subj: subject });
    return m ? stored(m) : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
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
  const jsm = await managerOf(nc);
  for (let seq = from; ;) {
    const page = await readPage(jsm, stream, subject, seq);
    for (const m of page) yield stored(m);
    const last = page.at(-1);
    // The server may cut a page short by its size, so its own count of what is left decides.
    if (!last || (last.pending ?? 0) <= 0) return;
    seq = last.seq + 1;
  }
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

/** In callback form: the iterator of `getBatch` never ends when the server goes away within a batch. */
function readPage(jsm: JetStreamManager, stream: string, subject: string, seq: number): Promise<StoredMsg[]> {
  return new Promise((resolve, reject) => {
    const page: StoredMsg[] = [];
    const fail = (cause: unknown): void => {
      clearTimeout(late);
      reject(cause instanceof Error ? cause : new Error(String(cause)));
    };
    const late = setTimeout(
      () => fail(new Error(`reading ${subject} of ${stream} took longer than ${PAGE_TIMEOUT_MS} ms`)),
      PAGE_TIMEOUT_MS,
    );
    jsm.direct
      .getBatch(stream, {
        seq,
        next_by_subj: subject,
        batch: PAGE,
        callback: (done, message) => {
          if (!done) return void page.push(message);
          if (done.err && !isNotFound(done.err)) return fail(done.err);
          clearTimeout(late);
          resolve(page);
        },
      })
      .catch(fail);
  });
}

function isNotFound(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.status === NOT_FOUND || error.code === 10_037;
  return error instanceof JetStreamError && "code" in error && error.code === NOT_FOUND;
}
