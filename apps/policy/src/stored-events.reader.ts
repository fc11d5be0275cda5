/** Reads what JetStream holds about one customer, and parses stored events as the context actor would. */
import { createHash } from "node:crypto";
import { JetStreamApiError, JetStreamError, type DirectStreamAPI, type StoredMsg } from "@nats-io/jetstream";
import type { Clock } from "#clock";
import type { CustomerEvent } from "#contracts";
import { parseEvent, type EventMessage } from "#messaging";

/** JetStream cannot be asked: what is not in the index stays unknown. May pass. */
export class LedgerUnavailable extends Error {
  override readonly name = "LedgerUnavailable";
}

const BATCH = 256;
const NOT_FOUND = 404;
const READ_TIMEOUT_MS = 2_000;

/** All messages of a subject (wildcards allowed), in stream order. Throws LedgerUnavailable. */
export async function readAll(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
): Promise<readonly StoredMsg[]> {
  const all: StoredMsg[] = [];
  for (;;) {
    const batch = await readBatch(direct, stream, subject, (all.at(-1)?.seq ?? 0) + 1);
    all.push(...batch);
    // The server may cut a batch short by its size, so its own count of what is left decides.
    if ((batch.at(-1)?.pending ?? 0) <= 0) return all;
  }
}

function readBatch(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
  seq: number,
): Promise<readonly StoredMsg[]> {
  return new Promise((resolve, reject) => {
    const got: StoredMsg[] = [];
    const fail = (cause: unknown): void => {
      clearTimeout(timer);
      reject(new LedgerUnavailable(`${stream} cannot be read: ${(cause as Error).message}`, { cause }));
    };
    const timer = setTimeout(
      () => fail(new Error(`no answer within ${READ_TIMEOUT_MS} ms`)),
      READ_TIMEOUT_MS,
    );
    // With a callback the client ends its subscription itself; its iterator would leave it open.
    direct
      .getBatch(stream, {
        seq,
        batch: BATCH,
        next_by_subj: subject,
        callback: (done, message) => {
          if (!done) return void got.push(message);
          if (done.err && !isNotFound(done.err)) return fail(done.err);
          clearTimeout(timer);
          resolve(got);
        },
      })
      .catch(fail);
  });
}

/** The last message of one subject, if there is one. Throws LedgerUnavailable. */
export async function readLast(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
): Promise<StoredMsg | undefined> {
  try {
    return (await direct.getMessage(stream, { last_by_subj: subject })) ?? undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new LedgerUnavailable(`${stream} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function isNotFound(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.status === NOT_FOUND;
  return error instanceof JetStreamError && "code" in error && error.code === NOT_FOUND;
}

/** A stored event with the key that tells it from a repetition of another. */
export interface StoredEvent extends CustomerEvent {
  readonly key: string;
}

/** The event of a message in EVT; undefined for one that the context actor sends to the dead letters. */
export function parseStored(message: EventMessage, clock: Clock): StoredEvent | undefined {
  const parsed = parseEvent(message, clock);
  if (parsed.kind === "unreadable") return undefined;
  const { event } = parsed;
  const source = event.sourceUri ?? event.source;
  return {
    ...event,
    key: createHash("sha1").update(`${source}\n${event.id}`).digest("base64url").slice(0, 12),
  };
}
