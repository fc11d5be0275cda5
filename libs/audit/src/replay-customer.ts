/**
 * Builds a customer's context again from the events in EVT, with the pure engine and the recorded decisions as answers,
 * and compares: each decision's question, each audit record with its hash, and in the end the context in CTX.
 *
 * The time at which an event was handled stands in its audit record. An event without one moved no journey, and is taken
 * at the time at which EVT stored it (in a replay of the past: at its own time), no later than the next record.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import { recordedClock, wallClock, type Clock } from "#clock";
import {
  contextV1,
  partitionOf,
  streamOf,
  subjects,
  type AuditEntry,
  type AuditRecord,
  type Context,
  type CustomerEvent,
} from "#contracts";
import {
  answer,
  emptyContext,
  eventFingerprint,
  hasSeen,
  recordDeadLetter,
  recordDuplicate,
  step,
  type Journeys,
  type Turn,
} from "#domain";
import { parseEvent } from "#messaging";
import { auditHash, bindDecision, seal } from "./chain.js";
import { firstDifference, type Difference } from "./difference.js";
import { deadLettersOf, isAbout, readRecorded, type Recorded } from "./recorded-answers.js";
import { ReleasesThen, type Met } from "./releases-then.js";
import { lastOf, readSubject, type Stored } from "./stored-messages.js";

type EventRef = Pick<CustomerEvent, "id" | "source" | "type" | "seq">;

export interface CustomerReplay {
  readonly customerId: string;
  readonly equal: boolean;
  /** Applied, duplicates and dead letters included. */
  readonly events: number;
  readonly decisions: number;
  readonly records: number;
  /** The first; `what` it is in, and at which event. */
  readonly difference?: Difference & { readonly what: string; readonly event?: EventRef };
  readonly notes: readonly string[];
}

/** What comes out otherwise. */
class Otherwise extends Error {
  override readonly name = "Otherwise";
  constructor(
    readonly what: string,
    readonly event: EventRef | undefined,
    readonly difference: Difference,
  ) {
    super(what);
  }
}

/** `undefined` when there is no context of this customer. */
export async function replayCustomer(
  nc: NatsConnection,
  customerId: string,
): Promise<CustomerReplay | undefined> {
  const p = partitionOf(customerId);
  const snapshot = await lastOf(nc, streamOf("CTX", p), subjects.ctx(customerId));
  if (!snapshot) return undefined;
  const context = contextV1.parse(JSON.parse(snapshot.string()));
  const recorded = await readRecorded(nc, customerId);
  const replay = new Replay(
    context,
    recorded,
    await ReleasesThen.read(nc),
    await deadLettersOf(nc, customerId),
    snapshot.storedAt,
  );
  const told = { customerId, notes: replay.notes };
  try {
    for await (const message of readSubject(nc, streamOf("EVT", p), subjects.evtOfCustomer(customerId))) {
      if (message.seq > context.watermark) break;
      replay.apply(message);
    }
    replay.finish();
    return { ...told, ...replay.counts, equal: true };
  } catch (error) {
    if (!(error instanceof Otherwise)) throw error;
    const { what, event, difference } = error;
    return {
      ...told,
      ...replay.counts,
      equal: false,
      difference: { ...difference, what, ...(event ? { event } : {}) },
    };
  }
}

const DAY_MS = 86_400_000;

class Replay {
  readonly counts = { events: 0, decisions: 0, records: 0 };
  readonly notes: string[] = [];
  #context: Context;
  /** The next record of the chain. */
  #next = 0;
  /** The last event that was applied had no record. */
  #timeUnknown = false;
  /**
   * Events were handled at their own times, a replay of the past: Segue's clock showed another day than the wall's, or
   * every record has its event's time. (A record has a later one after an event that has no record and came first.)
   */
  readonly #ownTime: boolean;

  constructor(
    private readonly expected: Context,
    private readonly recorded: Recorded,
    private readonly releases: ReleasesThen,
    private readonly dead: ReadonlySet<number>,
    /** When the context was stored, wall clock, epoch ms. */
    committedAt: number,
  ) {
    this.#context = emptyContext(expected.customerId);
    const { chain } = recorded;
    this.#ownTime =
      Math.abs(committedAt - expected.now) > DAY_MS ||
      (chain.length > 0 && chain.every((r, i) => r.at === Math.max(r.event.time, chain[i - 1]?.at ?? 0)));
  }

  apply(message: Stored): void {
    this.counts.events++;
    const record = this.recorded.chain[this.#next];
    const parsed = parseEvent(message, this.#clock(record));
    if (parsed.kind === "unreadable" && parsed.reason === "unsafe_subject") return;
    if (parsed.kind === "unreadable" || this.dead.has(message.seq)) {
      this.#context = recordDeadLetter(this.#context, message.seq);
      return;
    }
    if (hasSeen(this.#context.seen, eventFingerprint(parsed.event))) {
      this.#context = recordDuplicate(this.#context, parsed.event.seq);
      return;
    }
    const own = record && isAbout(record, parsed.event) ? record : undefined;
    const event = this.#asItWasRead(parsed.event, own);
    const now = this.#timeOf(event, message, own, record);
    let otherwise: Otherwise | undefined;
    for (const journeys of this.#releasesAt(message, own, record)) {
      try {
        this.#applied(event, now, own, journeys);
        return;
      } catch (error) {
        if (!(error instanceof Otherwise)) throw error;
        otherwise ??= error;
      }
    }
    throw otherwise!;
  }

  /** As they were when EVT stored the event; then as the actor may have known them when it handled it. */
  *#releasesAt(
    message: Stored,
    own: AuditRecord | undefined,
    next: AuditRecord | undefined,
  ): Generator<Journeys> {
    const met = metIn(own);
    yield this.releases.at(message.storedAt, met);
    const handledBy = next ? this.recorded.storedAt(next.n) : wallClock.now();
    for (const wallMs of this.releases.changesBetween(message.storedAt, handledBy))
      yield this.releases.at(wallMs, met);
  }

  /** Changes nothing when it comes out otherwise. */
  #applied(event: CustomerEvent, now: number, own: AuditRecord | undefined, journeys: Journeys): void {
    const before = this.#context.journeys;
    const turn = step(this.#context, event, now, journeys);
    let decisions = 0;
    for (; turn.ask; decisions++) this.#answer(turn, event, own, journeys);
    const { context, entries } = turn;
    if (entries.length > 0 || context.journeys !== before) {
      this.#compareRecord(context, event, entries, own);
      this.#timeUnknown = false;
    } else {
      if (own)
        throw new Otherwise(`audit record ${own.n}`, event, firstDifference(own, undefined) ?? NOTHING);
      this.#context = context;
      this.#timeUnknown = true;
    }
    this.counts.decisions += decisions;
  }

  finish(): void {
    const behind = this.recorded.chain[this.#next];
    if (behind && behind.n <= this.expected.audit.n)
      throw new Otherwise(`audit record ${behind.n}: EVT no longer holds its event`, undefined, {
        path: "event",
        expected: JSON.stringify(behind.event),
      });
    const { outbox: _outbox, ...expected } = this.expected;
    const { outbox: _computed, ...computed } = this.#context;
    // When the last event was handled nobody wrote down.
    if (this.#timeUnknown && computed.now <= expected.now) computed.now = expected.now;
    const difference = firstDifference(expected, JSON.parse(JSON.stringify(computed)));
    if (difference) throw new Otherwise("the context in CTX", undefined, difference);
  }

  /** Whether the caller of a moment still waited was the clock's to say; the question that was asked tells. */
  #asItWasRead(event: CustomerEvent, own: AuditRecord | undefined): CustomerEvent {
    if (!event.moment) return event;
    const over = (own?.entries ?? []).some((e) => {
      if (e.kind !== "decision") return false;
      const asked = this.recorded.decision(e.decisionId, e.record)?.record.request;
      return asked?.exclude?.includes("inapp") ?? false;
    });
    return { ...event, moment: { ...event.moment, over } };
  }

  #clock(record: AuditRecord | undefined): Clock {
    if (!this.#ownTime) return wallClock;
    return recordedClock(() => record?.at ?? this.expected.now);
  }

  #timeOf(
    event: CustomerEvent,
    message: Stored,
    own: AuditRecord | undefined,
    next: AuditRecord | undefined,
  ): number {
    if (own) return own.at;
    const near = this.#ownTime ? event.time : message.storedAt;
    return Math.min(near, next?.at ?? this.expected.now);
  }

  #answer(turn: Turn, event: CustomerEvent, record: AuditRecord | undefined, journeys: Journeys): void {
    const request = turn.ask!;
    const { decisionId } = request;
    const entry = record?.entries.find((e) => e.kind === "decision" && e.decisionId === decisionId);
    if (entry?.kind !== "decision")
      throw new Otherwise(`decision ${decisionId}, which is asked for but not on record`, event, {
        path: "request",
        actual: JSON.stringify(request.journey),
      });
    if (entry.answer === "unavailable") {
      answer(turn, { kind: "unavailable", reason: entry.reason }, journeys);
      return;
    }
    const known = this.recorded.decision(decisionId, entry.record);
    if (!known)
      throw new Otherwise(`decision ${decisionId}, whose record is not there or was changed`, event, {
        path: "record",
        ...(entry.record === undefined ? {} : { expected: entry.record }),
      });
    // Which events shared a commit is no part of the customer's history.
    const { watermark: _watermark, ...asked } = known.record.request;
    const difference = firstDifference(asked, JSON.parse(JSON.stringify(request)));
    if (difference) throw new Otherwise(`the question of decision ${decisionId}`, event, difference);
    answer(turn, known.record.reply, journeys);
    if (entry.record !== undefined) bindDecision(turn.entries, decisionId, known.sha256);
  }

  #compareRecord(
    context: Context,
    event: CustomerEvent,
    entries: readonly AuditEntry[],
    own: AuditRecord | undefined,
  ): void {
    const sealed = seal(context, event, entries);
    const record = own?.event.seq === undefined && own ? withoutSeq(sealed.record) : sealed.record;
    const n = record.n;
    const difference = firstDifference(own, JSON.parse(JSON.stringify(record)));
    if (difference) throw new Otherwise(`audit record ${n}`, event, difference);
    this.#next++;
    this.counts.records++;
    this.#context = { ...sealed.context, audit: { n, hash: record.hash } };
  }
}

const NOTHING: Difference = { path: "" };

/** As records were before they named the place in EVT. */
function withoutSeq(record: AuditRecord): AuditRecord {
  const { seq: _seq, ...event } = record.event;
  const open = { ...record, event };
  return { ...open, hash: auditHash(open) };
}

/** What the record says of the versions that the customer met, and of the engine that ran. */
function metIn(record: AuditRecord | undefined): Met {
  const versions = new Map<string, number>();
  let engine: number | undefined;
  for (const e of record?.entries ?? []) {
    if (e.kind === "journey-entered" || e.kind === "journey-refused") versions.set(e.journey, e.version);
    if (e.kind === "journey-entered") engine = e.engine ?? 0;
  }
  return { versions, engine };
}
