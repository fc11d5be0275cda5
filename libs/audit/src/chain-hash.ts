import { hash } from "node:crypto";
import type { AuditRecord } from "#contracts";

/** SHA-256 of a text (UTF-8), hex. */
export function sha256(text: string): string {
  return hash("sha256", text);
}

/** SHA-256 (hex) over the JSON of a record without its own hash, keys in the order of the contract. */
export function auditHash(record: Omit<AuditRecord, "hash">): string {
  const { v, customerId, n, prev, at, event, entries } = record;
  return sha256(JSON.stringify({ v, customerId, n, prev, at, event, entries }));
}
