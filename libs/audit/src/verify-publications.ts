/**
 * Verifies the chains of publications: of the releases of journeys, catalogues and policy packs and of the kill switch,
 * against the record in the bucket that their last change was written with, and the published definitions against the digests that the chain names.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  controlsRecordV1,
  definitionKeys,
  GOVERNANCE_STREAM,
  governanceRecordV1,
  parseGovernance,
  parsePublishedName,
  releaseRecordV1,
  subjects,
  type GovernanceRecord,
} from "#contracts";
import { CATALOGUES, DefinitionsBucket, JOURNEYS, POLICY_PACKS } from "#registry";
import type { Finding, FindingKind } from "./chain-check.js";
import { sha256 } from "./chain.js";
import { lastOf, readFiltered, readSubject, type Stored } from "./stored-messages.js";

export interface PublicationsVerified {
  chains: number;
  records: number;
  findings: number;
}

const GRACE_MS = 2_000;
const POLL_MS = 100;

/** The kill switch among the names of journeys. */
export const KILL_SWITCH = "(kill switch)";

export async function verifyPublications(
  nc: NatsConnection,
  onFinding: (finding: Finding) => void,
  graceMs = GRACE_MS,
): Promise<PublicationsVerified> {
  const told: PublicationsVerified = { chains: 0, records: 0, findings: 0 };
  const report = (finding: Finding): void => {
    told.findings++;
    onFinding(finding);
  };
  const bucket = new DefinitionsBucket(nc);
  // Heads first: what is published meanwhile is behind them, and is not missed.
  const heads = await headsOf(bucket, report);
  const chains = new Map<string, PublicationChain>();
  for await (const { seq, journey, text } of publications(nc)) {
    let chain = chains.get(journey);
    if (!chain) chains.set(journey, (chain = new PublicationChain(journey, report)));
    chain.take(seq, text);
    told.records++;
  }
  for (const journey of new Set([...chains.keys(), ...heads.keys()])) {
    const chain = chains.get(journey) ?? new PublicationChain(journey, report);
    const head = heads.get(journey);
    if (head) told.records += await catchUp(nc, chain, head, graceMs);
    chain.finish(head);
    await chain.checkDefinitions(bucket);
    told.chains++;
  }
  return told;
}

/** Every message of the chains of publications; `journey` is what is governed, as records call it. */
export async function* publications(
  nc: NatsConnection,
): AsyncGenerator<{ readonly seq: number; readonly journey: string; readonly text: string }> {
  const told = (journey: string, m: Stored): { seq: number; journey: string; text: string } => ({
    seq: m.seq,
    journey,
    text: m.string(),
  });
  const releases = [subjects.auditOfJourneys, ...subjects.auditOfPublications];
  for await (const m of readFiltered(nc, GOVERNANCE_STREAM, releases))
    yield told(parseGovernance(m.subject) ?? m.subject, m);
  if (await lastOf(nc, GOVERNANCE_STREAM, subjects.auditOfControls))
    for await (const m of readFiltered(nc, GOVERNANCE_STREAM, subjects.auditOfControls)) yield told("", m);
}

async function headsOf(
  bucket: DefinitionsBucket,
  report: (finding: Finding) => void,
): Promise<Map<string, GovernanceRecord>> {
  const heads = new Map<string, GovernanceRecord>();
  const keys = [JOURNEYS, CATALOGUES, POLICY_PACKS].map(({ releases }) => bucket.keys(releases));
  for (const key of (await Promise.all(keys)).flat()) {
    const entry = await bucket.get(key);
    const parsed = entry && releaseRecordV1.safeParse(JSON.parse(entry.text));
    if (parsed?.success) heads.set(parsed.data.journey, parsed.data.head);
    else if (entry)
      report({ of: key, kind: "unreadable", detail: `${key} in the bucket definitions is no release` });
  }
  const controls = await bucket.get(definitionKeys.controls);
  const parsed = controls && controlsRecordV1.safeParse(JSON.parse(controls.text));
  if (parsed?.success) heads.set("", parsed.data.head);
  return heads;
}

/** A change is written first and put on record a moment later. Answers how many records came. */
async function catchUp(
  nc: NatsConnection,
  chain: PublicationChain,
  head: GovernanceRecord,
  graceMs: number,
): Promise<number> {
  const subject = subjectOf(head.journey);
  const until = performance.now() + graceMs;
  let came = 0;
  while (chain.length < head.n && performance.now() < until) {
    await pause(POLL_MS);
    for await (const m of readSubject(nc, GOVERNANCE_STREAM, subject, chain.seq + 1)) {
      chain.take(m.seq, m.string());
      came++;
    }
  }
  return came;
}

function subjectOf(name: string): string {
  if (name === "") return subjects.auditOfControls;
  const published = parsePublishedName(name);
  return published
    ? subjects.auditOfPublication(published.kind, published.id)
    : subjects.auditOfJourney(name);
}

function versionKey(name: string, version: number, digest: string): string {
  const published = parsePublishedName(name);
  if (!published) return JOURNEYS.versionKey(name, version, digest);
  const of = published.kind === "catalogue" ? CATALOGUES : POLICY_PACKS;
  return of.versionKey(published.id, version, digest);
}

class PublicationChain {
  #n = 0;
  #hash = "";
  #seq = 0;
  /** Digest of each version as it was published last. */
  readonly #published = new Map<number, string>();

  constructor(
    private readonly journey: string,
    private readonly report: (finding: Finding) => void,
  ) {}

  get length(): number {
    return this.#n;
  }

  get seq(): number {
    return this.#seq;
  }

  take(seq: number, text: string): void {
    this.#seq = seq;
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      body = undefined;
    }
    const parsed = governanceRecordV1.safeParse(body);
    if (!parsed.success)
      return this.#find("unreadable", undefined, "the message is no record of a publication");
    const { hash, n, prev, journey, change } = parsed.data;
    if (n === this.#n && hash === this.#hash) return;
    const { hash: _hash, ...open } = body as GovernanceRecord;
    if (sha256(JSON.stringify(open)) !== hash || journey !== this.journey || JSON.stringify(body) !== text)
      this.#find("changed", n, `the content of record ${n} does not have the hash that it carries`);
    if (n <= this.#n) return this.#find("reordered", n, `record ${n} stands behind record ${this.#n}`);
    if (n > this.#n + 1)
      this.#find("gap", this.#n + 1, `record ${this.#n + 1} is missing: record ${n} stands in its place`);
    else if (prev !== this.#hash)
      this.#find(
        "changed",
        n,
        `record ${n} does not follow record ${n - 1}: one of the two was changed or exchanged`,
      );
    this.#n = n;
    this.#hash = hash;
    if (change.kind === "published") this.#published.set(change.version, change.digest);
  }

  /** `head`: the record that stands with the release. */
  finish(head: GovernanceRecord | undefined): void {
    if (!head)
      return this.#find(
        "context-missing",
        this.#n,
        "there are records, but nothing in the bucket definitions that they changed",
      );
    if (head.n > this.#n)
      this.#find(
        "cut",
        this.#n + 1,
        `the release has seen ${head.n} changes, the stream ends with ${this.#n}`,
      );
    // A record behind the head came while this was read, or was put there.
    else if (head.n === this.#n && head.hash !== this.#hash)
      this.#find("changed", this.#n, "the last record is not the one that the release names");
  }

  async checkDefinitions(bucket: DefinitionsBucket): Promise<void> {
    for (const [version, digest] of this.#published) {
      const text = (await bucket.get(versionKey(this.journey, version, digest)))?.text;
      if (text === undefined)
        this.#find("gap", undefined, `version ${version} was published, but its definition is gone`);
      else if (sha256(text) !== digest)
        this.#find(
          "changed",
          undefined,
          `version ${version} in the bucket definitions is not what was published`,
        );
    }
  }

  #find(kind: FindingKind, n: number | undefined, detail: string): void {
    const of = this.journey === "" ? KILL_SWITCH : this.journey;
    this.report({ of, kind, ...(n === undefined ? {} : { n }), seq: this.#seq, detail });
  }
}
