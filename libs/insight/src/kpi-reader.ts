/**
 * Key figures of an installation, read from AUDIT one partition at a time, so that memory holds the customers of one
 * partition. For fairness the groups of these customers are read from CTX: the audit does not know them.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import { readFiltered, type Stored } from "#audit";
import {
  ALL_PARTITIONS,
  auditRecordsV1,
  contextV1,
  decisionRecordsV1,
  parseAudit,
  streamOf,
  subjects,
  type AuditRecord,
  type DecisionRecord,
  type FairnessDefinition,
} from "#contracts";
import { FairnessFold, type FairnessReport, type GroupValue } from "./fairness.js";
import { KpiFold, type KpiOptions } from "./kpi-fold.js";

export interface Kpis {
  readonly fold: KpiFold;
  readonly fairness: readonly FairnessReport[];
}

/** Reads all that AUDIT holds now. Throws when a message is no audit record; `segue audit verify` says more. */
export async function readKpis(
  nc: NatsConnection,
  options: KpiOptions,
  monitors: readonly FairnessDefinition[] = [],
): Promise<Kpis> {
  const fold = new KpiFold(options);
  const fairness = new FairnessFold(monitors, options);
  for (const p of ALL_PARTITIONS) {
    const groups = monitors.length > 0 ? await groupsOfPartition(nc, p) : undefined;
    for await (const message of readFiltered(nc, streamOf("AUDIT", p), subjects.auditOfPartition(p)))
      for (const what of recordsOf(message)) {
        if ("request" in what) fold.decision(what);
        else {
          fold.record(what);
          if (groups) fairness.record(what, (customer) => groups.get(customer));
        }
      }
    fold.forgetCustomers();
    fairness.forgetCustomers();
  }
  return { fold, fairness: fairness.reports() };
}

/** The records of a message of AUDIT, in order; none when it is about no customer. */
export function recordsOf(
  message: Pick<Stored, "subject" | "string">,
): readonly (AuditRecord | DecisionRecord)[] {
  const subject = parseAudit(message.subject);
  if (!subject) return [];
  const body: unknown = JSON.parse(message.string());
  return subject.kind === "decision"
    ? decisionRecordsV1.parse(body).records
    : auditRecordsV1.parse(body).records;
}

const monitored = contextV1.pick({ customerId: true, monitoring: true });

async function groupsOfPartition(
  nc: NatsConnection,
  p: number,
): Promise<ReadonlyMap<string, Readonly<Record<string, GroupValue>>>> {
  const groups = new Map<string, Readonly<Record<string, GroupValue>>>();
  for await (const message of readFiltered(nc, streamOf("CTX", p), subjects.ctxOfPartition(p))) {
    const { customerId, monitoring } = monitored.parse(JSON.parse(message.string()));
    if (monitoring) groups.set(customerId, monitoring);
  }
  return groups;
}
