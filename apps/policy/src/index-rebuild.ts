/**
 * Rebuilds one customer's index entry from JetStream, when it is first needed: the profile from the context and
 * the events after it, the contacts from the ledger, and what became of them from the outcomes.
 *
 * I6 What was ever answered stands in the ledger first, so a rebuild counts it.
 * I7 An opt-out that was acknowledged stands in EVT, so a rebuild sees it.
 */
import type { DirectStreamAPI, StoredMsg } from "@nats-io/jetstream";
import type { Clock } from "#clock";
import type { EventMessage } from "#messaging";
import { z } from "zod";
import {
  contactEntryV1,
  contextV1,
  outcomeV1,
  partitionOf,
  streamOf,
  subjects,
  type ContactEntry,
} from "#contracts";
import { PROFILE_FAMILIES, emptyProfile, settlement } from "#domain";
import { fromLedger, recordStates, type ContactRecord, type RecordState } from "./contact-record.js";
import { type IndexedProfile, type PolicyIndex } from "./policy-index.store.js";
import { foldEvent } from "./profile-events.js";
import {
  LedgerUnavailable,
  parseStored,
  readAll,
  readLast,
  type StoredEvent,
} from "./stored-events.reader.js";

const contextPartV1 = z.object({ profile: contextV1.shape.profile, watermark: contextV1.shape.watermark });

/** A contact without an outcome counts as sent when the rebuild looks, but at most this long after it was reserved. */
const UNSETTLED_MS = 86_400_000;
const MAX_TRIES = 5;

export interface RebuildOptions {
  /** Segue's time, epoch ms. */
  readonly at: number;
  /** A reservation that its own request will put back, after counting it again. */
  readonly except?: string;
}

export class IndexRebuild {
  readonly #index: PolicyIndex;
  readonly #direct: DirectStreamAPI;
  readonly #positions: () => ReadonlyMap<string, number>;

  readonly #underWay = new Map<string, Promise<void>>();

  /** `positions`: up to where the tail has been followed, per EVT stream. */
  readonly #clock: Clock;

  constructor(
    index: PolicyIndex,
    direct: DirectStreamAPI,
    positions: () => ReadonlyMap<string, number>,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#index = index;
    this.#direct = direct;
    this.#positions = positions;
  }

  /** Resolves once the customer is known. Throws IndexUnavailable or LedgerUnavailable. */
  customer(customer: string, options: RebuildOptions): Promise<void> {
    if (options.except !== undefined) return this.#rebuild(customer, options);
    // Many requests of one customer find the entry missing at once; one reading serves them all.
    let underWay = this.#underWay.get(customer);
    if (!underWay) {
      underWay = this.#rebuild(customer, options).finally(() => this.#underWay.delete(customer));
      this.#underWay.set(customer, underWay);
    }
    return underWay;
  }

  async #rebuild(customer: string, options: RebuildOptions): Promise<void> {
    for (let n = 0; n < MAX_TRIES; n++) {
      const token = await this.#index.begin(customer, this.#positions());
      if (token === undefined) return;
      const [profile, contacts] = await Promise.all([
        this.#profile(customer),
        this.#contacts(customer, options),
      ]);
      if (await this.#index.install(customer, token, { ...profile, contacts })) return;
    }
    throw new LedgerUnavailable(
      `an index entry was not rebuilt in ${MAX_TRIES} tries: its events come too fast`,
    );
  }

  async #profile(customer: string): Promise<IndexedProfile> {
    const p = partitionOf(customer);
    const [context, ...families] = await Promise.all([
      readLast(this.#direct, streamOf("CTX", p), subjects.ctx(customer)),
      ...PROFILE_FAMILIES.map((f) =>
        readAll(this.#direct, streamOf("EVT", p), subjects.evtOfCustomerFamily(customer, f)),
      ),
    ]);
    const base = context && contextPartV1.safeParse(context.json());
    const { profile, watermark } = base?.success ? base.data : { profile: emptyProfile, watermark: 0 };
    let now: IndexedProfile = { profile, seen: "" };
    for (const event of eventsOf(families.flat(), this.#clock)) {
      const next = foldEvent(now, event);
      // What the context has handled is in its profile, or was refused there: remembered, not folded again.
      if (next) now = event.seq <= watermark ? { profile: now.profile, seen: next.seen } : next;
    }
    return now;
  }

  async #contacts(
    customer: string,
    { at, except }: RebuildOptions,
  ): Promise<ReadonlyMap<string, ContactRecord>> {
    const p = partitionOf(customer);
    const [ledger, outcomes] = await Promise.all([
      readAll(this.#direct, streamOf("AUDIT", p), subjects.audit(customer, "contact")),
      readAll(this.#direct, streamOf("EVT", p), subjects.outcomesOfCustomer(customer)),
    ]);
    const settled = settlements(eventsOf(outcomes, this.#clock));
    const records = new Map<string, ContactRecord>();
    for (const message of ledger) {
      const entry = ledgerEntry(message);
      if (!entry || entry.reservationId === except) continue;
      records.set(entry.reservationId, recordOf(entry, settled.get(entry.reservationId), at));
    }
    return records;
  }
}

function ledgerEntry(message: StoredMsg): ContactEntry | undefined {
  const parsed = contactEntryV1.safeParse(message.json());
  return parsed.success ? parsed.data : undefined;
}

interface Settled {
  readonly state: RecordState;
  readonly at: number;
}

function settlements(outcomes: readonly StoredEvent[]): ReadonlyMap<string, Settled> {
  const settled = new Map<string, Settled>();
  for (const event of outcomes) {
    const outcome = outcomeV1.safeParse(event.data);
    if (!outcome.success || settled.has(outcome.data.reservationId)) continue;
    const became = settlement(outcome.data);
    if (became) settled.set(outcome.data.reservationId, { state: recordStates[became], at: event.time });
  }
  return settled;
}

/** The time of the send is not in the ledger: the latest that it can have been is taken. */
function recordOf(entry: ContactEntry, settled: Settled | undefined, now: number): ContactRecord {
  if (entry.withdrawn) return fromLedger(entry, recordStates.withdrawn, entry.at);
  if (settled) return fromLedger(entry, settled.state, Math.max(entry.at, settled.at));
  return fromLedger(entry, recordStates.reserved, Math.max(entry.at, Math.min(now, entry.at + UNSETTLED_MS)));
}

/** Parsed, in stream order; what cannot be read is left out, as the context leaves it out. */
function eventsOf(messages: readonly StoredMsg[], clock: Clock): readonly StoredEvent[] {
  return messages
    .flatMap((m) => {
      const stored: EventMessage = {
        subject: m.subject,
        seq: m.seq,
        data: m.data,
        get headers() {
          return m.header;
        },
        storedAt: m.time.getTime(),
      };
      return parseStored(stored, clock) ?? [];
    })
    .sort((a, b) => a.seq - b.seq);
}
