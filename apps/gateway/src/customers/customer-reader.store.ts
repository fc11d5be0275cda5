/**
 * Reads what Segue holds about one customer: the context from CTX, its audit records from AUDIT. Always by the
 * customer's own subject, with direct gets: no consumer is made, and nothing of other customers is read.
 */
import type { StoredMsg } from "@nats-io/jetstream";
import { explainDecision, readDecision, readProfileHistory } from "#audit";
import type { Clock } from "#clock";
import {
  auditRecordsV1,
  CHAIN_KINDS,
  contextV1,
  decisionRecordsV1,
  partitionOf,
  streamOf,
  subjects,
  type AuditKind,
  type AuditRecord,
  type Context,
  type DecisionExplained,
  type DecisionRecord,
} from "#contracts";
import type { ProfileHistory } from "#domain";
import { storedMessages, StreamUnreadable } from "#messaging";
import { streamAway, type NatsLink } from "../nats-link.js";

/** A history of up to so many records is simply read. */
const READ_ALL = 512;
const READ_TIMEOUT_MS = 3_000;

export interface StepPage {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  readonly hasMore: boolean;
}

export class CustomerReader {
  constructor(
    private readonly link: NatsLink,
    private readonly clock: Clock,
  ) {}

  async context(customerId: string): Promise<Context | undefined> {
    const { jsm } = this.link.parts;
    const stream = streamOf("CTX", partitionOf(customerId));
    const message = await answered(() =>
      jsm.direct.getMessage(stream, { last_by_subj: subjects.ctx(customerId) }),
    );
    return message ? contextV1.parse(message.json()) : undefined;
  }

  /**
   * The `limit` newest step records with a number below `before`. A record that was relayed twice (a crash
   * between publish and commit, later than the stream's duplicate window) is given once.
   */
  async steps(customerId: string, limit: number, before: number): Promise<StepPage> {
    const newest = await this.#newestStep(customerId);
    if (!newest) return { records: [], hasMore: false };
    const top = Math.min(before - 1, newest.n);
    const bottom = Math.max(1, top - limit + 1);
    if (newest.n > READ_ALL) {
      const parts = await Promise.all(
        CHAIN_KINDS.map((kind) => this.#window(customerId, kind, bottom, top, newest.seq)),
      );
      const found = new Map(parts.flat().map((r) => [r.n, r]));
      // A record that was relayed late stands out of order, and the bisection misses it; then reading everything tells.
      if (found.size === top - bottom + 1) return { records: newestFirst(found), hasMore: bottom > 1 };
    }

    const records = new Map<number, AuditRecord>();
    let hasMore = false;
    for (const kind of CHAIN_KINDS) {
      await this.#scan(customerId, kind, 1, (message) => {
        for (const record of recordsOf(message)) {
          if (record.n >= before) continue;
          records.set(record.n, record);
          if (records.size <= limit) continue;
          records.delete(Math.min(...records.keys()));
          hasMore = true;
        }
        return true;
      });
    }
    return { records: newestFirst(records), hasMore };
  }

  /** The record of this decision: of several answers to one question the one that the audit chain names, else the last. */
  async decision(customerId: string, decisionId: string): Promise<DecisionRecord | undefined> {
    const found = new Map<string, DecisionRecord>();
    await this.#scan(customerId, "decision", 1, (message) => {
      const body: unknown = message.json();
      decisionRecordsV1.parse(body);
      // As stored, byte for byte: parsing by the schema would drop what a newer version has added.
      for (const record of (body as { records: DecisionRecord[] }).records)
        if (record.request.decisionId === decisionId) found.set(JSON.stringify(record), record);
      return true;
    });
    if (found.size < 2) return [...found.values()][0];
    const { nc } = this.link.parts;
    return (await answered(() => readDecision(nc, decisionId)))?.record;
  }

  /** The decision in plain words, with what would have changed it. */
  async explained(decisionId: string): Promise<DecisionExplained | undefined> {
    const { nc } = this.link.parts;
    return answered(async () => {
      const file = await readDecision(nc, decisionId);
      return file && explainDecision(nc, file);
    });
  }

  /** What was told of the customer's consents and holds, and Segue's time to judge it by. */
  async profileHistory(customerId: string): Promise<{ history: ProfileHistory; now: number }> {
    const { nc } = this.link.parts;
    const history = await answered(() => readProfileHistory(nc, customerId, this.clock));
    return { history, now: this.clock.now() };
  }

  /** Number of the newest record, and the sequence of the last message. */
  async #newestStep(customerId: string): Promise<{ n: number; seq: number } | undefined> {
    const { jsm } = this.link.parts;
    const [context, ...last] = await Promise.all([
      this.context(customerId),
      ...CHAIN_KINDS.map((kind) => {
        const { stream, subject } = auditOf(customerId, kind);
        return answered(() => jsm.direct.getMessage(stream, { last_by_subj: subject }));
      }),
    ]);
    const messages = last.filter((m) => m != null);
    if (messages.length === 0) return undefined;
    // The last message may be an older record that was relayed again; the context knows the head of the chain.
    const n = Math.max(...messages.map((m) => recordsOf(m).at(-1)!.n), context?.audit.n ?? 0);
    return { n, seq: Math.max(...messages.map((m) => m.seq)) };
  }

  /**
   * Records of one kind from `bottom` to `top` of a long history, found by bisection: the server answers the first
   * record of the customer from any sequence on.
   */
  async #window(
    customerId: string,
    kind: AuditKind,
    bottom: number,
    top: number,
    lastSeq: number,
  ): Promise<AuditRecord[]> {
    const { jsm } = this.link.parts;
    const { stream, subject } = auditOf(customerId, kind);
    let low = 1;
    let high = lastSeq;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const message = await answered(() =>
        jsm.direct.getMessage(stream, { seq: middle, next_by_subj: subject }),
      );
      if (!message || recordsOf(message).at(-1)!.n >= bottom) high = middle;
      else low = message.seq + 1;
    }
    const records: AuditRecord[] = [];
    await this.#scan(customerId, kind, low, (message) => {
      const found = recordsOf(message);
      records.push(...found.filter((r) => r.n >= bottom && r.n <= top));
      return found.at(-1)!.n < top;
    });
    return records;
  }

  /** Hands over the records of one kind from a sequence on, oldest first, until `take` answers false. */
  async #scan(
    customerId: string,
    kind: AuditKind,
    fromSeq: number,
    take: (message: StoredMsg) => boolean,
  ): Promise<void> {
    const { jsm } = this.link.parts;
    const { stream, subject } = auditOf(customerId, kind);
    try {
      const messages = storedMessages(jsm.direct, stream, subject, { seq: fromSeq }, READ_TIMEOUT_MS);
      for await (const message of messages) if (!take(message)) return;
    } catch (error) {
      throw error instanceof StreamUnreadable ? streamAway({}, error) : error;
    }
  }
}

function auditOf(customerId: string, kind: AuditKind): { stream: string; subject: string } {
  return { stream: streamOf("AUDIT", partitionOf(customerId)), subject: subjects.audit(customerId, kind) };
}

/** In the order of the chain; never empty. */
function recordsOf(message: StoredMsg): readonly AuditRecord[] {
  return auditRecordsV1.parse(message.json()).records;
}

function newestFirst(records: ReadonlyMap<number, AuditRecord>): AuditRecord[] {
  return [...records.values()].sort((a, b) => b.n - a.n);
}

/** Whatever NATS does not answer is the 503 problem: the caller may try again. */
async function answered<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw streamAway({}, error);
  }
}
