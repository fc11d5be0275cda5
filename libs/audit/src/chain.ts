/** The hash chain of one customer's audit records. */
import { hash } from "node:crypto";
import type { AuditEntry, AuditRecord, Context, CustomerEvent } from "#contracts";

/** SHA-256 of a text (UTF-8), hex. */
export function sha256(text: string): string {
  return hash("sha256", text);
}

/** SHA-256 (hex) over the JSON of a record without its own hash, keys in the order of the contract. */
export function auditHash(record: Omit<AuditRecord, "hash">): string {
  const { v, customerId, n, prev, at, event, entries } = record;
  return sha256(JSON.stringify({ v, customerId, n, prev, at, event, entries }));
}

/** The next record of the customer's chain, and the context with the head of the chain moved to it. */
export function seal(
  context: Context,
  event: CustomerEvent,
  entries: readonly AuditEntry[],
): { context: Context; record: AuditRecord } {
  const { id, source, type, time, seq } = event;
  const open = {
    v: 1 as const,
    customerId: context.customerId,
    n: context.audit.n + 1,
    prev: context.audit.hash,
    at: context.now,
    event: { id, source, type, time, seq },
    entries: [...entries],
  };
  const record = { ...open, hash: auditHash(open) };
  return { context: { ...context, audit: { n: record.n, hash: record.hash } }, record };
}

/** Names the record of a decision in the entry that tells of it: the chain covers both. */
export function bindDecision(entries: readonly AuditEntry[], decisionId: string, record: string): void {
  const entry = entries.findLast((e) => e.kind === "decision" && e.decisionId === decisionId);
  if (entry?.kind === "decision") entry.record = record;
}
