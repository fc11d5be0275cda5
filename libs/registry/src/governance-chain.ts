/** The hash chain over the changes of one release, or of the kill switch. */
import { createHash } from "node:crypto";
import type { GovernanceRecord } from "#contracts";

/** A change that is not yet a link of its chain. */
export type Deed = Pick<GovernanceRecord, "at" | "by" | "why" | "change">;

/** The record that follows `head` (none for the first). */
export function seal(journey: string, head: GovernanceRecord | undefined, deed: Deed): GovernanceRecord {
  const { at, by, why, change } = deed;
  const open = {
    v: 1 as const,
    journey,
    n: (head?.n ?? 0) + 1,
    prev: head?.hash ?? "",
    at,
    by,
    why,
    change,
  };
  return { ...open, hash: governanceHash(open) };
}

/** SHA-256 (hex) over the JSON of a record without its own hash, keys in the order of the contract. */
export function governanceHash(record: Omit<GovernanceRecord, "hash">): string {
  const { v, journey, n, prev, at, by, why, change } = record;
  return sha256(JSON.stringify({ v, journey, n, prev, at, by, why, change }));
}

/** The text of a definition as it is stored, and what its digest is taken of. */
export function definitionText(definition: object): string {
  return JSON.stringify(definition);
}

export function digestOf(text: string): string {
  return sha256(text);
}

/**
 * What is wrong with a chain, in words; empty when nothing is. `head` is the record that stands in the bucket: with it a
 * chain that was cut at its end is found too. A record that was relayed twice counts once.
 */
export function checkGovernanceChain(
  records: readonly GovernanceRecord[],
  head: GovernanceRecord | undefined,
): readonly string[] {
  const problems: string[] = [];
  let last: GovernanceRecord | undefined;
  for (const record of records) {
    if (last && record.n === last.n && record.hash === last.hash) continue;
    const { hash, ...open } = record;
    if (governanceHash(open) !== hash)
      problems.push(`record ${record.n} was changed: its content does not have the hash that it carries`);
    const expected = (last?.n ?? 0) + 1;
    if (record.n !== expected)
      problems.push(`record ${expected} is missing or out of order: record ${record.n} stands in its place`);
    else if (record.prev !== (last?.hash ?? ""))
      problems.push(
        `record ${record.n} does not follow record ${record.n - 1}: that one was changed or exchanged`,
      );
    last = record;
  }
  if (head && head.hash !== last?.hash)
    problems.push(
      (last?.n ?? 0) < head.n
        ? `records ${(last?.n ?? 0) + 1} to ${head.n} are missing: the release has seen ${head.n}`
        : `the release was changed last by record ${head.n} (${head.hash.slice(0, 12)}), which is not the last of the chain`,
    );
  return problems;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
