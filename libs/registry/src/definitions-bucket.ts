/** The bucket `definitions` and the chains in AUDIT, read and written with compare-and-set. */
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { Kvm, type KV } from "@nats-io/kv";
import { nuid, type NatsConnection } from "@nats-io/nats-core";
import {
  governanceRecordV1,
  GOVERNANCE_STREAM,
  parsePublishedName,
  subjects,
  type GovernanceRecord,
} from "#contracts";
import { lastStored, Publisher, storedMessages } from "#messaging";

/** A stored record with the sequence that a change of it must name. */
export interface Entry {
  readonly text: string;
  readonly seq: number;
}

const GIVE_UP_AFTER_MS = 5_000;

export class DefinitionsBucket {
  readonly #nc: NatsConnection;
  readonly #publisher: Publisher;
  #opened: Promise<{ kv: KV; jsm: JetStreamManager }> | undefined;

  constructor(nc: NatsConnection, publisher = new Publisher(nc)) {
    this.#nc = nc;
    this.#publisher = publisher;
  }

  async get(key: string): Promise<Entry | undefined> {
    const { kv } = await this.#open();
    const entry = await kv.get(key);
    return entry && entry.operation === "PUT" ? { text: entry.string(), seq: entry.revision } : undefined;
  }

  async keys(filter: string): Promise<string[]> {
    const { kv } = await this.#open();
    const found: string[] = [];
    for await (const key of await kv.keys(filter)) found.push(key);
    return found.sort();
  }

  /** Writes when nobody has written since `seq` (0: nothing there). A faulty connection rejects. */
  async put(key: string, text: string, seq: number): Promise<"written" | "conflict"> {
    const result = await this.#publisher.publish(subjects.definition(key), text, {
      msgId: nuid.next(),
      expectLastSubjectSequence: seq,
      giveUpAfterMs: GIVE_UP_AFTER_MS,
    });
    return result.kind;
  }

  /** Writes whatever stands there. */
  async replace(key: string, text: string): Promise<void> {
    await this.#publisher.publish(subjects.definition(key), text, {
      msgId: nuid.next(),
      giveUpAfterMs: GIVE_UP_AFTER_MS,
    });
  }

  /** Puts a record into AUDIT unless it stands there; the one before it must. */
  async relay(record: GovernanceRecord): Promise<void> {
    const subject = chainSubject(record.journey);
    const last = await this.#last(subject);
    if (last && last.n >= record.n) return;
    await this.#publisher.publish(subject, JSON.stringify(record), {
      msgId: `governance:${record.journey}:${record.n}:${record.hash.slice(0, 12)}`,
      giveUpAfterMs: GIVE_UP_AFTER_MS,
    });
  }

  /** The chain of what records call so (`""`: the kill switch), oldest first. What cannot be read is a fault. */
  async chain(name: string): Promise<GovernanceRecord[]> {
    const { jsm } = await this.#open();
    const subject = chainSubject(name);
    const records: GovernanceRecord[] = [];
    for await (const message of storedMessages(jsm.direct, GOVERNANCE_STREAM, subject))
      records.push(governanceRecordV1.parse(message.json()));
    return records;
  }

  async #last(subject: string): Promise<GovernanceRecord | undefined> {
    const { jsm } = await this.#open();
    const message = await lastStored(jsm.direct, GOVERNANCE_STREAM, subject);
    return message && governanceRecordV1.parse(message.json());
  }

  #open(): Promise<{ kv: KV; jsm: JetStreamManager }> {
    this.#opened ??= (async () => {
      const [kv, jsm] = await Promise.all([
        new Kvm(this.#nc).open("definitions"),
        jetstreamManager(this.#nc, { checkAPI: false }),
      ]);
      return { kv, jsm };
    })().catch((error: unknown) => {
      // The server may be away: the next call tries again.
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }
}

function chainSubject(name: string): string {
  if (name === "") return subjects.auditOfControls;
  const published = parsePublishedName(name);
  return published
    ? subjects.auditOfPublication(published.kind, published.id)
    : subjects.auditOfJourney(name);
}
