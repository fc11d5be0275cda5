/** All that the audit holds about one decision: its record, how the chain tells of it, what stood before and came after. */
import type { NatsConnection } from "@nats-io/nats-core";
import {
  auditRecordsV1,
  commandId,
  decisionRecordsV1,
  parseAudit,
  parseDecisionId,
  partitionOf,
  streamOf,
  subjects,
  type AuditEntry,
  type AuditRecord,
  type Channel,
  type DecisionRecord,
} from "#contracts";
import { settlement, type CountedContact } from "#domain";
import { ChainCheck, noCounts, type Finding } from "./chain-check.js";
import { sha256 } from "./chain.js";
import type { EventRef } from "./lineage.js";
import { readSubject } from "./stored-messages.js";
import { headOf } from "./verify.js";

type Entry<K extends AuditEntry["kind"]> = Extract<AuditEntry, { kind: K }>;

export interface DecisionFile {
  readonly decisionId: string;
  readonly customerId: string;
  /** As it is stored; of several answers to one question the one that the chain names. */
  readonly record: DecisionRecord;
  readonly text: string;
  readonly sha256: string;
  /** When it was stored, wall clock, epoch ms. */
  readonly storedAt: number;
  /** The chain's record that tells of it; undefined when none does: it was not acted on. */
  readonly step:
    { readonly n: number; readonly event: EventRef; readonly entry: Entry<"decision"> } | undefined;
  /** The event with which the customer entered the journey. */
  readonly trigger: EventRef | undefined;
  /** Contacts that took part of the budget when it was made. */
  readonly contacts: readonly CountedContact[];
  readonly outcomes: readonly { readonly at: number; readonly entry: Entry<"outcome"> }[];
  /** What is wrong with the customer's chain. */
  readonly findings: readonly Finding[];
  /** Records of the chain that were checked. */
  readonly checked: number;
}

interface Candidate {
  readonly record: DecisionRecord;
  readonly text: string;
  readonly sha256: string;
  readonly storedAt: number;
}

/** `undefined` when nothing is on record under this id. */
export async function readDecision(
  nc: NatsConnection,
  decisionId: string,
): Promise<DecisionFile | undefined> {
  const parts = parseDecisionId(decisionId);
  if (!parts) throw new TypeError("a decision id has the form <customer>.<event count>.<index>");
  const { customerId } = parts;
  const stream = streamOf("AUDIT", partitionOf(customerId));
  const findings: Finding[] = [];
  const chain = new ChainCheck(customerId, noCounts(), (f) => findings.push(f));
  const candidates: Candidate[] = [];
  const told = new Told(decisionId);
  for await (const message of readSubject(nc, stream, subjects.auditOfCustomer(customerId))) {
    chain.take(message);
    const body: unknown = JSON.parse(message.string());
    if (parseAudit(message.subject)?.kind === "decision") {
      if (!decisionRecordsV1.safeParse(body).success) continue;
      for (const record of (body as { records: DecisionRecord[] }).records) {
        if (record.request.decisionId !== decisionId) continue;
        const text = JSON.stringify(record);
        candidates.push({ record, text, sha256: sha256(text), storedAt: message.storedAt });
      }
    } else if (auditRecordsV1.safeParse(body).success)
      for (const record of (body as { records: AuditRecord[] }).records) told.take(record);
  }
  const head = await headOf(nc, customerId);
  // Records may have come since; whether the end was cut off is `segue audit verify`'s to say.
  chain.finish(head && head.audit.n <= chain.head.n ? head.audit : chain.head);
  const named = told.step?.entry.record;
  const found = candidates.find((c) => c.sha256 === named) ?? candidates.at(-1);
  if (!found) return undefined;
  return {
    decisionId,
    customerId,
    ...found,
    step: told.step,
    trigger: told.trigger,
    contacts: told.contacts,
    outcomes: told.outcomes,
    findings,
    checked: chain.head.n,
  };
}

/** What the chain tells about one decision, record by record. */
class Told {
  step: DecisionFile["step"];
  trigger: EventRef | undefined;
  readonly outcomes: { at: number; entry: Entry<"outcome"> }[] = [];
  readonly #contacts = new Map<string, CountedContact>();
  readonly #entered = new Map<string, EventRef>();
  readonly #command: string;
  #n = 0;

  constructor(private readonly decisionId: string) {
    this.#command = commandId(decisionId);
  }

  get contacts(): readonly CountedContact[] {
    return [...this.#contacts.values()];
  }

  take({ n, at, event, entries }: AuditRecord): void {
    if (n <= this.#n) return;
    this.#n = n;
    for (const entry of entries) {
      if (entry.kind === "journey-entered") this.#entered.set(entry.instance, event);
      if (entry.kind === "branch-started")
        this.#entered.set(entry.instance, this.#entered.get(entry.parent) ?? event);
      if (entry.kind === "decision" && entry.decisionId === this.decisionId) {
        this.step = { n, event, entry };
        this.trigger = this.#entered.get(entry.instance);
      }
      if (this.step === undefined) this.#count(entry, at);
      else if (entry.kind === "outcome" && entry.commandId === this.#command)
        this.outcomes.push({ at, entry });
    }
  }

  /** The ledger of contacts, as policy counts it. */
  #count(entry: AuditEntry, at: number): void {
    if (entry.kind === "command") {
      const { purpose, journey, channels, about } = entry;
      this.#contacts.set(entry.commandId, { at: entry.at, purpose, journey, channels, about });
    }
    if (entry.kind === "contact-reported") {
      const { purpose, journey, channel, about } = entry;
      this.#contacts.set(entry.contactId, { at: entry.at, purpose, journey, channels: [channel], about });
    }
    if (entry.kind !== "outcome") return;
    const contact = this.#contacts.get(entry.commandId);
    const became = settlement({ kind: entry.outcome, reason: entry.reason, tried: entry.tried });
    if (!contact || !became) return;
    if (became === "released") this.#contacts.delete(entry.commandId);
    else {
      const used = [...new Set<Channel>([...entry.tried.map((t) => t.channel), entry.channel])];
      this.#contacts.set(entry.commandId, { ...contact, at: Math.max(contact.at, at), channels: used });
    }
  }
}
