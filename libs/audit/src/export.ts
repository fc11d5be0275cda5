/** The audit as lines of JSON, each with the events that led to it. One partition's customers at a time. */
import type { NatsConnection } from "@nats-io/nats-core";
import {
  ALL_PARTITIONS,
  auditRecordsV1,
  decisionRecordsV1,
  governanceRecordV1,
  parseAudit,
  partitionOf,
  streamOf,
  subjects,
  type AuditRecord,
  type DecisionRecord,
  type GovernanceRecord,
} from "#contracts";
import { sha256 } from "./chain.js";
import { Lineage, type EntryLineage } from "./lineage.js";
import { readFiltered, readSubject, type Stored } from "./stored-messages.js";
import { publications } from "./verify-publications.js";

export type ExportedLine =
  /** `seq`: of the message in AUDIT. The record is as it is stored, so that its hash can be checked. */
  | {
      readonly type: "record";
      readonly seq: number;
      readonly record: AuditRecord;
      readonly lineage: readonly EntryLineage[];
    }
  /** `sha256` is what the record that tells of the decision names. */
  | {
      readonly type: "decision";
      readonly seq: number;
      readonly sha256: string;
      readonly record: DecisionRecord;
    }
  /** A change of what is live, or of the kill switch. */
  | { readonly type: "publication"; readonly seq: number; readonly record: GovernanceRecord };

export interface ExportOptions {
  readonly customer?: string;
  /** Records from this time on, Segue's clock, epoch ms. What led to them may lie before it. */
  readonly since?: number;
}

/** Throws when a message is no audit record; `segue audit verify` says more. */
export async function* exportCustomers(
  nc: NatsConnection,
  { customer, since = -Infinity }: ExportOptions,
): AsyncGenerator<ExportedLine> {
  for (const p of customer === undefined ? ALL_PARTITIONS : [partitionOf(customer)]) {
    const stream = streamOf("AUDIT", p);
    const lineages = new Map<string, Lineage>();
    const messages =
      customer === undefined
        ? readFiltered(nc, stream, subjects.auditOfPartition(p))
        : readSubject(nc, stream, subjects.auditOfCustomer(customer));
    for await (const message of messages) yield* linesOf(message, lineages, since);
  }
}

/** What was published, changed and stopped. */
export async function* exportPublications(
  nc: NatsConnection,
  since = -Infinity,
): AsyncGenerator<ExportedLine> {
  for await (const { seq, text } of publications(nc)) {
    const record = JSON.parse(text) as GovernanceRecord;
    governanceRecordV1.parse(record);
    if (record.at >= since) yield { type: "publication", seq, record };
  }
}

function* linesOf(message: Stored, lineages: Map<string, Lineage>, since: number): Generator<ExportedLine> {
  const subject = parseAudit(message.subject);
  if (!subject) return;
  const { seq } = message;
  const body: unknown = JSON.parse(message.string());
  if (subject.kind === "decision") {
    decisionRecordsV1.parse(body);
    for (const record of (body as { records: DecisionRecord[] }).records)
      if (record.request.at >= since)
        yield { type: "decision", seq, sha256: sha256(JSON.stringify(record)), record };
    return;
  }
  auditRecordsV1.parse(body);
  let lineage = lineages.get(subject.customerId);
  if (!lineage) lineages.set(subject.customerId, (lineage = new Lineage()));
  for (const record of (body as { records: AuditRecord[] }).records) {
    const led = lineage.of(record);
    if (record.at >= since) yield { type: "record", seq, record, lineage: led };
  }
}
