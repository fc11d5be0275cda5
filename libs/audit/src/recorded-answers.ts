/** What the audit holds of one customer, as a replay needs it: the chain in order, and the decisions by their digests. */
import type { NatsConnection } from "@nats-io/nats-core";
import {
  auditRecordsV1,
  decisionRecordsV1,
  DLQ_STREAM,
  dlqHeaders,
  parseAudit,
  parseEvt,
  partitionOf,
  streamOf,
  subjects,
  type AuditRecord,
  type CustomerEvent,
  type DecisionRecord,
} from "#contracts";
import { sha256 } from "./chain.js";
import { readFiltered, readSubject } from "./stored-messages.js";

export interface RecordedDecision {
  readonly record: DecisionRecord;
  readonly sha256: string;
}

export interface Recorded {
  /** In the order of the chain, each once, as stored. */
  readonly chain: readonly AuditRecord[];
  /** When AUDIT stored record `n`, wall clock, epoch ms; 0 when it did not. */
  storedAt(n: number): number;
  decision(decisionId: string, digest: string | undefined): RecordedDecision | undefined;
}

export async function readRecorded(nc: NatsConnection, customerId: string): Promise<Recorded> {
  const stream = streamOf("AUDIT", partitionOf(customerId));
  const chain = new Map<number, AuditRecord>();
  const storedAt = new Map<number, number>();
  const decisions = new Map<string, RecordedDecision[]>();
  for await (const m of readSubject(nc, stream, subjects.auditOfCustomer(customerId))) {
    const body: unknown = JSON.parse(m.string());
    if (parseAudit(m.subject)?.kind === "decision") {
      decisionRecordsV1.parse(body);
      for (const record of (body as { records: DecisionRecord[] }).records) {
        const { decisionId } = record.request;
        const known = decisions.get(decisionId) ?? [];
        known.push({ record, sha256: sha256(JSON.stringify(record)) });
        decisions.set(decisionId, known);
      }
    } else {
      auditRecordsV1.parse(body);
      for (const r of (body as { records: AuditRecord[] }).records) {
        if (chain.has(r.n)) continue;
        chain.set(r.n, r);
        storedAt.set(r.n, m.storedAt);
      }
    }
  }
  return {
    chain: [...chain.values()].sort((a, b) => a.n - b.n),
    storedAt: (n) => storedAt.get(n) ?? 0,
    decision: (decisionId, digest) => {
      const known = decisions.get(decisionId);
      return digest === undefined ? known?.at(-1) : known?.find((d) => d.sha256 === digest);
    },
  };
}

/** True when this is the record of what the event brought about. */
export function isAbout(
  record: AuditRecord,
  event: Pick<CustomerEvent, "id" | "source" | "type" | "seq">,
): boolean {
  const { seq, id, source, type } = record.event;
  return seq === undefined
    ? id === event.id && source === event.source && type === event.type
    : seq === event.seq;
}

/** Places in EVT of this customer's events that went to DLQ. */
export async function deadLettersOf(nc: NatsConnection, customerId: string): Promise<ReadonlySet<number>> {
  const dead = new Set<number>();
  const filter = subjects.dlq(partitionOf(customerId), "event");
  for await (const { headers } of readFiltered(nc, DLQ_STREAM, filter)) {
    if (parseEvt(headers?.get(dlqHeaders.subject) ?? "")?.customerId !== customerId) continue;
    dead.add(Number(headers?.get(dlqHeaders.sequence)));
  }
  return dead;
}
