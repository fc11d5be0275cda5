/**
 * Verifies the audit of all customers, or of one: partition by partition, so that memory holds the heads of one
 * partition's chains and nothing that grows with their length. The system may run meanwhile.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  ALL_PARTITIONS,
  contextV1,
  parseAudit,
  partitionOf,
  streamOf,
  subjects,
  type Context,
} from "#contracts";
import { ChainCheck, noCounts, type Counts, type Finding } from "./chain-check.js";
import { lastOf, readFiltered, readSubject, type Stored } from "./stored-messages.js";

export interface VerifyOptions {
  /** Only this customer. */
  readonly customer?: string;
  readonly onFinding: (finding: Finding) => void;
  /** After each partition. */
  readonly onProgress?: (done: number, of: number, counts: Counts) => void;
  /** How long a record that a commit has named may be on its way to AUDIT, ms. */
  readonly graceMs?: number;
}

export interface Verified extends Counts {
  customers: number;
  findings: number;
}

const GRACE_MS = 5_000;
const POLL_MS = 100;

const headV1 = contextV1.pick({ audit: true, customerId: true });
type Head = Pick<Context, "audit" | "customerId">;

export async function verifyCustomers(nc: NatsConnection, options: VerifyOptions): Promise<Verified> {
  const counts = noCounts();
  const told = { customers: 0, findings: 0 };
  const report = (finding: Finding): void => {
    told.findings++;
    options.onFinding(finding);
  };
  const graceMs = options.graceMs ?? GRACE_MS;
  const partitions = options.customer === undefined ? ALL_PARTITIONS : [partitionOf(options.customer)];
  for (const [i, p] of partitions.entries()) {
    const chains = new Map<string, ChainCheck>();
    const chainOf = (customerId: string): ChainCheck => {
      let chain = chains.get(customerId);
      if (!chain) chains.set(customerId, (chain = new ChainCheck(customerId, counts, report)));
      return chain;
    };
    const { audit, contexts } = sourcesOf(nc, p, options.customer);
    for await (const message of audit()) {
      const customerId = parseAudit(message.subject)?.customerId;
      if (customerId !== undefined) chainOf(customerId).take(message);
    }
    for await (const message of contexts()) {
      const parsed = headV1.safeParse(JSON.parse(message.string()));
      if (!parsed.success) {
        report({ of: message.subject, kind: "unreadable", detail: "the context cannot be read" });
        continue;
      }
      const { customerId, audit: head } = parsed.data;
      const chain = chainOf(customerId);
      await catchUp(nc, chain, parsed.data, graceMs);
      chain.finish(head);
      chains.delete(customerId);
      told.customers++;
    }
    for (const chain of chains.values()) {
      // A context that was written again while it was read stands behind what was read.
      const now = await headOf(nc, chain.customerId);
      if (now) await catchUp(nc, chain, now, graceMs);
      chain.finish(now?.audit);
      told.customers++;
    }
    options.onProgress?.(i + 1, partitions.length, counts);
  }
  return { ...counts, ...told };
}

function sourcesOf(
  nc: NatsConnection,
  p: number,
  customer: string | undefined,
): { audit: () => AsyncIterable<Stored>; contexts: () => AsyncIterable<Stored> } {
  const [audit, ctx] = [streamOf("AUDIT", p), streamOf("CTX", p)];
  return customer === undefined
    ? {
        audit: () => readFiltered(nc, audit, subjects.auditOfPartition(p)),
        contexts: () => readFiltered(nc, ctx, subjects.ctxOfPartition(p)),
      }
    : {
        audit: () => readSubject(nc, audit, subjects.auditOfCustomer(customer)),
        contexts: () => readSubject(nc, ctx, subjects.ctx(customer)),
      };
}

/** What was committed after the partition was read: its records are on their way to AUDIT for a moment. */
async function catchUp(
  nc: NatsConnection,
  chain: ChainCheck,
  { customerId, audit }: Head,
  graceMs: number,
): Promise<void> {
  const until = performance.now() + graceMs;
  const stream = streamOf("AUDIT", partitionOf(customerId));
  while (chain.head.n < audit.n) {
    const from = chain.seq + 1;
    for await (const message of readSubject(nc, stream, subjects.auditOfCustomer(customerId), from)) {
      chain.take(message);
      if (chain.head.n >= audit.n) return;
    }
    if (performance.now() >= until) return;
    await pause(POLL_MS);
  }
}

/** Head of the customer's chain as the context has it. */
export async function headOf(nc: NatsConnection, customerId: string): Promise<Head | undefined> {
  const message = await lastOf(nc, streamOf("CTX", partitionOf(customerId)), subjects.ctx(customerId));
  const parsed = message && headV1.safeParse(JSON.parse(message.string()));
  return parsed?.success ? parsed.data : undefined;
}
