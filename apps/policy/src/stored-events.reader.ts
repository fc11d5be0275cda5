/** Reads what JetStream holds about one customer, and parses stored events as the context actor would. */
import { createHash } from "node:crypto";
import { JetStreamApiError, JetStreamError, type DirectStreamAPI, type StoredMsg } from "@nats-io/jetstream";
import { cloudEventV1, parseEvt, type CloudEvent, type CustomerEvent } from "#contracts";

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

export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
  header(name: string): string | undefined;
}

/**
 * The CloudEvent (structured JSON, or binary with `ce-*` headers) of a message in EVT; undefined for one that
 * the context actor would send to the dead letters, so that the index does not follow what the context does not.
 */
export function parseStored(message: StoredMessage): StoredEvent | undefined {
  const where = parseEvt(message.subject);
  if (!where) return undefined;
  const parsed = cloudEventV1.safeParse(withSubject(envelope(message), where.customerId));
  if (!parsed.success) return undefined;
  const e = parsed.data;
  if (e.subject !== where.customerId || e.type !== where.type) return undefined;
  return {
    id: e.id,
    source: e.source,
    type: e.type,
    customerId: e.subject,
    time: e.time === undefined ? 0 : Date.parse(e.time),
    data: e.data ?? {},
    seq: message.seq,
    key: createHash("sha1").update(`${e.source}\n${e.id}`).digest("base64url").slice(0, 12),
  };
}

/** The customer of the NATS subject counts; an envelope without one gets it, as in the context actor. */
function withSubject(event: unknown, customerId: string): unknown {
  if (typeof event !== "object" || event === null || Array.isArray(event) || "subject" in event) return event;
  return { ...event, subject: customerId };
}

function envelope(message: StoredMessage): unknown {
  const specversion = message.header("ce-specversion");
  const body = json(message.data);
  if (specversion === undefined) return body;
  const event: Record<string, unknown> = { specversion, data: body ?? {} };
  for (const name of ["id", "source", "type", "subject", "time"] satisfies (keyof CloudEvent)[]) {
    const value = message.header(`ce-${name}`);
    if (value !== undefined) event[name] = percentDecoded(value);
  }
  return event;
}

/** What does not decode stays undefined, and the event is none. */
function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function json(bytes: Uint8Array): unknown {
  try {
    return bytes.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
