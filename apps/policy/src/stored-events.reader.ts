/** Reads what JetStream holds about one customer, and parses stored events as the context actor would. */
import { createHash } from "node:crypto";
import type { DirectStreamAPI, StoredMsg } from "@nats-io/jetstream";
import type { Clock } from "#clock";
import type { CustomerEvent } from "#contracts";
import { lastStored, parseEvent, storedMessages, type EventMessage } from "#messaging";

/** JetStream cannot be asked: what is not in the index stays unknown. May pass. */
export class LedgerUnavailable extends Error {
  override readonly name = "LedgerUnavailable";
}

const READ_TIMEOUT_MS = 2_000;

/** All messages of a subject (wildcards allowed) from `seq` on, in stream order. Throws LedgerUnavailable. */
export async function readAll(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
  seq = 1,
): Promise<readonly StoredMsg[]> {
  return known(async () => {
    const all: StoredMsg[] = [];
    for await (const message of storedMessages(direct, stream, subject, { seq }, READ_TIMEOUT_MS))
      all.push(message);
    return all;
  });
}

/** The last message of one subject, if there is one. Throws LedgerUnavailable. */
export async function readLast(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
): Promise<StoredMsg | undefined> {
  return known(() => lastStored(direct, stream, subject));
}

async function known<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new LedgerUnavailable((error as Error).message, { cause: error });
  }
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
