/**
 * Rebuilds one customer's index entry from JetStream, when it is first needed: the profile from the context and
 * the events after it, the contacts from the actor's audit and the reports after it, and what became of them from the
 * outcomes.
 *
 * I6 A command leaves after its commit, whose snapshot holds the audit in its outbox until AUDIT has it. So the snapshot
 *    is read first and AUDIT after it: a contact that was committed before the rebuild began is in one of them.
 * I7 An opt-out that was acknowledged stands in EVT, so a rebuild sees it.
 */
import type { DirectStreamAPI, StoredMsg } from "@nats-io/jetstream";
import type { Clock } from "#clock";
import type { EventMessage } from "#messaging";
import { z } from "zod";
import {
  commandEntryV1,
  contextV1,
  eventTypes,
  isLedgerEntry,
  outcomeV1,
  partitionOf,
  reportedEntryV1,
  streamOf,
  subjects,
  type Channel,
  type CommandEntry,
} from "#contracts";
import { PROFILE_FAMILIES, emptyProfile, settlement } from "#domain";
import { recordOf, recordOfReported, recordStates, type RecordState } from "./contact-record.js";
import type { IndexedProfile, PolicyIndex } from "./policy-index.store.js";
import type { ProfileCache } from "./profile-cache.js";
import { foldEvent } from "./profile-events.js";
import { reportOf } from "./reported-contacts.js";
import {
  LedgerUnavailable,
  parseStored,
  readAll,
  readLast,
  type StoredEvent,
} from "./stored-events.reader.js";

const snapshotV1 = contextV1.pick({ profile: true, watermark: true, outbox: true });
type Snapshot = z.infer<typeof snapshotV1>;
const NO_SNAPSHOT: Snapshot = { profile: emptyProfile, watermark: 0, outbox: [] };
/** Of audit records only what makes the ledger. */
const ledgerV1 = z.object({
  records: z.array(z.object({ entries: z.array(z.looseObject({ kind: z.string() })) })),
});
const ledgerEntryV1 = z.discriminatedUnion("kind", [commandEntryV1, reportedEntryV1]);
type LedgerEntry = z.infer<typeof ledgerEntryV1>;

/** A contact without an outcome counts as sent when the rebuild looks, but at most this long after it was reserved. */
const UNSETTLED_MS = 86_400_000;
const MAX_TRIES = 5;

export interface IndexRebuildPorts {
  readonly index: PolicyIndex;
  readonly direct: DirectStreamAPI;
  /** Up to where the tails have been followed. */
  readonly positions: () => ReadonlyMap<string, number>;
  readonly profiles: ProfileCache;
  readonly clock: Clock;
}

export class IndexRebuild {
  readonly #ports: IndexRebuildPorts;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(ports: IndexRebuildPorts) {
    this.#ports = ports;
  }

  /** Resolves once the customer is known. `at`: Segue's time, epoch ms. Throws IndexUnavailable or LedgerUnavailable. */
  customer(customer: string, at: number): Promise<void> {
    // Many requests of one customer find the entry missing at once; one reading serves them all.
    let underWay = this.#underWay.get(customer);
    if (!underWay) {
      underWay = this.#rebuild(customer, at, false).finally(() => this.#underWay.delete(customer));
      this.#underWay.set(customer, underWay);
    }
    return underWay;
  }

  /** Reads the ledger from now on, also of a known customer, and adds the contacts that the index lacks. */
  contacts(customer: string, at: number): Promise<void> {
    return this.#rebuild(customer, at, true);
  }

  async #rebuild(customer: string, at: number, more: boolean): Promise<void> {
    const { index, positions, profiles } = this.#ports;
    for (let n = 0; n < MAX_TRIES; n++) {
      const token = await index.begin(customer, positions(), more);
      if (token === undefined) return;
      const snapshot = await this.#snapshot(customer);
      const [profile, contacts] = await Promise.all([
        this.#profile(customer, snapshot),
        this.#contacts(customer, snapshot, at),
      ]);
      const { again, version } = await index.install(customer, token, { ...profile, contacts }, more);
      if (version) profiles.put(customer, { version, profile: profile.profile });
      if (!again) return;
    }
    throw new LedgerUnavailable(
      `an index entry was not rebuilt in ${MAX_TRIES} tries: its events come too fast`,
    );
  }

  async #snapshot(customer: string): Promise<Snapshot> {
    const stream = streamOf("CTX", partitionOf(customer));
    const context = await readLast(this.#ports.direct, stream, subjects.ctx(customer));
    if (!context) return NO_SNAPSHOT;
    return readable(`the context at ${stream}:${context.seq}`, snapshotV1.safeParse(context.json()));
  }

  async #profile(customer: string, { profile, watermark }: Snapshot): Promise<IndexedProfile> {
    const { direct, clock } = this.#ports;
    const stream = streamOf("EVT", partitionOf(customer));
    const families = await Promise.all(
      PROFILE_FAMILIES.map((f) => readAll(direct, stream, subjects.evtOfCustomerFamily(customer, f))),
    );
    let now: IndexedProfile = { profile, seen: "" };
    for (const event of eventsOf(families.flat(), clock)) {
      const next = foldEvent(now, event);
      // What the context has handled is in its profile, or was refused there: remembered, not folded again.
      if (next) now = event.seq <= watermark ? { profile: now.profile, seen: next.seen } : next;
    }
    return now;
  }

  async #contacts(
    customer: string,
    { outbox, watermark }: Snapshot,
    at: number,
  ): Promise<ReadonlyMap<string, string>> {
    const { direct, clock } = this.#ports;
    const p = partitionOf(customer);
    const subject = subjects.audit(customer, "contact");
    const reported = subjects.evtOfCustomerType(customer, eventTypes.contactReported);
    const [ledger, outcomes, reports] = await Promise.all([
      readAll(direct, streamOf("AUDIT", p), subject),
      readAll(direct, streamOf("EVT", p), subjects.outcomesOfCustomer(customer)),
      readAll(direct, streamOf("EVT", p), reported, watermark + 1),
    ]);
    const settled = settlements(eventsOf(outcomes, clock));
    const records = new Map<string, string>();
    const bodies = [
      ...ledger.map((m) => m.json()),
      ...outbox.filter((o) => o.subject === subject).map((o) => o.body),
    ];
    for (const entry of bodies.flatMap(ledgerEntriesOf)) {
      if (entry.kind === "contact-reported") records.set(entry.contactId, recordOfReported(entry));
      else records.set(entry.reservationId, recordNow(entry, settled.get(entry.reservationId), at));
    }
    for (const event of eventsOf(reports, clock)) {
      const report = reportOf(event);
      if (report) records.set(report.id, report.record);
    }
    return records;
  }
}

function ledgerEntriesOf(body: unknown): readonly LedgerEntry[] {
  return readable("an audit message", ledgerV1.safeParse(body)).records.flatMap((r) =>
    r.entries.flatMap((entry) =>
      isLedgerEntry(entry) ? readable("a contact of the ledger", ledgerEntryV1.safeParse(entry)) : [],
    ),
  );
}

/** What this release cannot read, a newer one wrote: taken for nothing it would be a contact that does not count (I6). */
function readable<T>(what: string, parsed: z.ZodSafeParseResult<T>): T {
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; ");
  throw new LedgerUnavailable(`${what} cannot be read, perhaps a newer release wrote it: ${where}`);
}

interface Settled {
  readonly state: RecordState;
  readonly at: number;
  /** Where it was sent, those channels included that did not do. */
  readonly used: readonly Channel[];
}

function settlements(outcomes: readonly StoredEvent[]): ReadonlyMap<string, Settled> {
  const settled = new Map<string, Settled>();
  for (const event of outcomes) {
    const outcome = outcomeV1.safeParse(event.data);
    if (!outcome.success || settled.has(outcome.data.reservationId)) continue;
    const { reservationId, channel, tried } = outcome.data;
    const became = settlement(outcome.data);
    const used = [...new Set([...tried.map((t) => t.channel), channel])];
    if (became) settled.set(reservationId, { state: recordStates[became], at: event.time, used });
  }
  return settled;
}

/**
 * Neither the time nor the channels of the sends are in the ledger: the latest time that it can have been is taken, and
 * every channel of the plan, on each of which it may have been tried by now (I6).
 */
function recordNow(entry: CommandEntry, settled: Settled | undefined, now: number): string {
  if (settled) return recordOf(entry, settled.state, Math.max(entry.at, settled.at), settled.used);
  const latest = Math.max(entry.at, Math.min(now, entry.at + UNSETTLED_MS));
  return recordOf(entry, recordStates.reserved, latest, entry.channels);
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
