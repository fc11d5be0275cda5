/**
 * What stands in a stream, read by direct gets: no consumer is made, nothing is left on the server, and nothing of other
 * subjects is read.
 */
import {
  JetStreamApiError,
  JetStreamError,
  type BatchCallback,
  type DirectStreamAPI,
  type StoredMsg,
} from "@nats-io/jetstream";
import { RetryableFault } from "./disposition.js";

/** The stream does not answer. May pass. */
export class StreamUnreadable extends RetryableFault {}

export type StoredFrom = { readonly seq: number } | { readonly start_time: Date };

const PAGE = 256;
const TIMEOUT_MS = 5_000;
const NOT_FOUND = 404;
const NO_MESSAGE = 10_037;

/**
 * Messages of a subject (wildcards allowed), in stream order, until none is left. Throws StreamUnreadable when a page does
 * not come within `timeoutMs`.
 */
export async function* storedMessages(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
  from: StoredFrom = { seq: 1 },
  timeoutMs: number = TIMEOUT_MS,
): AsyncGenerator<StoredMsg, void, undefined> {
  for (let next = from; ;) {
    const request = { ...next, batch: PAGE, next_by_subj: subject };
    const page = await readPage(stream, timeoutMs, (callback) =>
      direct.getBatch(stream, { ...request, callback }),
    );
    yield* page;
    const last = page.at(-1);
    // The server may cut a page short by its size, so its own count of what is left decides.
    if (!last || last.pending <= 0) return;
    next = { seq: last.seq + 1 };
  }
}

/** The same of several subjects, none of which takes in another: in stream order over all of them. */
export async function* storedMessagesOf(
  direct: DirectStreamAPI,
  stream: string,
  subjects: readonly string[],
  from: StoredFrom = { seq: 1 },
  timeoutMs: number = TIMEOUT_MS,
): AsyncGenerator<StoredMsg, void, undefined> {
  const readers = subjects.map((subject) => storedMessages(direct, stream, subject, from, timeoutMs));
  const heads = await Promise.all(readers.map((r) => r.next()));
  for (;;) {
    let first: number | undefined;
    for (const [i, head] of heads.entries())
      if (!head.done && (first === undefined || head.value.seq < heads[first]!.value!.seq)) first = i;
    if (first === undefined) return;
    yield heads[first]!.value!;
    heads[first] = await readers[first]!.next();
  }
}

/** The last message of a subject (wildcards allowed), if there is one. Throws StreamUnreadable. */
export async function lastStored(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
): Promise<StoredMsg | undefined> {
  try {
    return (await direct.getMessage(stream, { last_by_subj: subject })) ?? undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw unreadable(stream, error);
  }
}

/** The last message of one subject that stands at or before a sequence, if there is one. Throws StreamUnreadable. */
export async function lastStoredUpTo(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
  seq: number,
): Promise<StoredMsg | undefined> {
  const request = { multi_last: [subject], up_to_seq: seq, batch: 1 };
  const page = await readPage(stream, TIMEOUT_MS, (callback) =>
    direct.getLastMessagesFor(stream, { ...request, callback }),
  );
  return page[0];
}

function readPage(
  stream: string,
  timeoutMs: number,
  request: (callback: BatchCallback<StoredMsg>) => Promise<unknown>,
): Promise<readonly StoredMsg[]> {
  return new Promise((resolve, reject) => {
    const page: StoredMsg[] = [];
    const fail = (cause: unknown): void => {
      clearTimeout(timer);
      reject(unreadable(stream, cause));
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    // In callback form: the iterator leaves its subscription behind, and never ends when the server goes away within a batch.
    request((done, message) => {
      if (!done) return void page.push(message);
      if (done.err && !isNotFound(done.err)) return fail(done.err);
      clearTimeout(timer);
      resolve(page);
    }).catch(fail);
  });
}

function unreadable(stream: string, cause: unknown): StreamUnreadable {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StreamUnreadable(`${stream} cannot be read: ${why}`, { cause });
}

/** The answer when there is nothing from there on. */
function isNotFound(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.status === NOT_FOUND || error.code === NO_MESSAGE;
  return error instanceof JetStreamError && "code" in error && error.code === NOT_FOUND;
}
