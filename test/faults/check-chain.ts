/**
 * I3: at most one decision open, each on exactly one version of the context. I4: an owner that lost its partition cannot
 * commit: one chain of audit records, no fork, and every commit that was seen continues the one before.
 */
import { createHash } from "node:crypto";
import { parseDecisionId } from "#contracts";
import { groupBy, type Report } from "./checks.js";
import type { ChainRecord, Ledgers } from "./ledgers.js";

export function checkChain(ledgers: Ledgers, report: Report): void {
  const chains = groupBy(ledgers.steps, (r) => r.customerId);
  for (const [customerId, records] of chains) {
    checkRecords(customerId, records, report);
    const head = ledgers.contexts.get(customerId)?.audit;
    const last = records.at(-1);
    if (!head || head.n !== last?.n || head.hash !== last.hash)
      report(
        "I4",
        customerId,
        "the context's audit head to be the last record",
        `CTX: ${head?.n} ${head?.hash}`,
        `AUDIT: ${last?.n} ${last?.hash}`,
      );
  }
  checkCommits(ledgers, chains, report);
  checkDecisions(ledgers, report);
}

/** SHA-256 over the record as stored, without its own hash. */
export function recordHash(record: ChainRecord): string {
  const { hash: _hash, ...open } = record.body;
  return createHash("sha256").update(JSON.stringify(open)).digest("hex");
}

function checkRecords(customerId: string, records: readonly ChainRecord[], report: Report): void {
  let before: ChainRecord | undefined;
  for (const r of records) {
    const told = `AUDIT: record ${r.n} at ${r.seq}, prev ${r.prev.slice(0, 12)}`;
    if (r.n !== (before?.n ?? 0) + 1)
      report(
        "I4",
        customerId,
        `record ${(before?.n ?? 0) + 1} of the chain`,
        told,
        `AUDIT: after ${before?.n ?? 0}`,
      );
    else if (r.prev !== (before?.hash ?? ""))
      report("I4", customerId, `prev ${before?.hash.slice(0, 12) || "(none)"}`, told);
    if (recordHash(r) !== r.hash)
      report(
        "I4",
        customerId,
        `record ${r.n} to hash to ${r.hash}`,
        `AUDIT: its content gives ${recordHash(r)}`,
      );
    before = r;
  }
}

function checkCommits(
  { commits, steps: _steps }: Ledgers,
  chains: ReadonlyMap<string, readonly ChainRecord[]>,
  report: Report,
): void {
  for (const [customerId, seen] of groupBy(commits, (c) => c.customerId)) {
    const hashes = new Map((chains.get(customerId) ?? []).map((r) => [r.n, r.hash]));
    // The follower may be given a commit again after an outage; the revision tells.
    const byRevision = [...new Map(seen.map((c) => [c.seq, c])).values()].sort((a, b) => a.seq - b.seq);
    let before: (typeof byRevision)[number] | undefined;
    for (const c of byRevision) {
      const told = `CTX: revision ${c.seq}: watermark ${c.watermark}, applied ${c.applied}, audit ${c.audit.n}`;
      if (
        before &&
        (c.watermark <= before.watermark || c.applied < before.applied || c.audit.n < before.audit.n)
      )
        report(
          "I4",
          customerId,
          "each commit to continue the one before",
          `CTX: revision ${before.seq}: watermark ${before.watermark}, applied ${before.applied}, audit ${before.audit.n}`,
          told,
        );
      if (c.audit.n > 0 && hashes.get(c.audit.n) !== c.audit.hash)
        report(
          "I4",
          customerId,
          "the committed audit head in AUDIT",
          told,
          `AUDIT: ${hashes.get(c.audit.n) ?? "no record"}`,
        );
      before = c;
    }
  }
}

interface Taken {
  readonly decisionId: string;
  readonly answer: string;
  readonly action?: string;
}

function checkDecisions(ledgers: Ledgers, report: Report): void {
  const records = groupBy(ledgers.decisions, (d) => d.request.decisionId);
  for (const [decisionId, list] of records) {
    const { customerId } = list[0]!.request;
    const moments = new Set(list.map((d) => `${d.request.moment.source}:${d.request.moment.id}`));
    if (moments.size > 1)
      report("I3", customerId, `decision ${decisionId} about one event`, `AUDIT: ${[...moments].join(", ")}`);
  }
  for (const [customerId, chain] of groupBy(ledgers.steps, (r) => r.customerId)) {
    const taken = chain.flatMap((r) => r.step.entries).filter((e) => e.kind === "decision");
    let before = { applied: 0, index: -1 };
    for (const entry of taken as unknown as Taken[]) {
      const { decisionId, answer, action } = entry;
      const id = parseDecisionId(decisionId);
      const follows =
        id && (id.applied > before.applied || (id.applied === before.applied && id.index > before.index));
      if (!follows)
        report(
          "I3",
          customerId,
          "one decision after the other",
          `AUDIT: ${decisionId} after ${customerId}.${before.applied}.${before.index}`,
        );
      if (id) before = id;
      if (answer === "unavailable") continue;
      const answered = records
        .get(decisionId)
        ?.some((d) => d.reply.kind === answer && (d.reply.kind !== "act" || d.reply.action === action));
      if (!answered)
        report(
          "I3",
          customerId,
          `a decision record that answers ${decisionId} with ${answer} ${action ?? ""}`,
          `AUDIT: ${
            records
              .get(decisionId)
              ?.map((d) => d.reply.kind)
              .join(", ") ?? "no decision record"
          }`,
        );
    }
  }
}
