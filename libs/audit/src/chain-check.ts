/**
 * Checks one customer's audit as its messages come, in stream order and constant memory: every record has the hash that
 * it carries and follows the one before; every decision that a record names has its decision record, unchanged; every
 * command agrees with the decision that ordered it.
 */
import {
  decisionOfCommand,
  isLedgerEntry,
  parseAudit,
  type AuditEntry,
  type AuditRecord,
  type DecisionRecord,
} from "#contracts";
import { sha256 } from "./chain.js";
import type { Stored } from "./stored-messages.js";

export const FINDINGS = [
  /** Content that does not have its hash, or does not follow the record before. */
  "changed",
  "gap",
  "reordered",
  "cut",
  "decision-missing",
  "decision-changed",
  "command-differs",
  "unreadable",
  "context-missing",
] as const;
export type FindingKind = (typeof FINDINGS)[number];

export interface Finding {
  /** The customer, or the journey or switch whose publications these are. */
  readonly of: string;
  readonly kind: FindingKind;
  /** Number of the record in its chain. */
  readonly n?: number;
  /** Sequence in the stream AUDIT. */
  readonly seq?: number;
  readonly detail: string;
}

export interface Counts {
  messages: number;
  records: number;
  decisions: number;
  commands: number;
  /** Records that stand there twice, unchanged: relayed again after a crash. */
  repeated: number;
  /** Decision records that no step names: asked again after a crash, or of an event that failed. */
  unnamedDecisions: number;
}

export const noCounts = (): Counts => ({
  messages: 0,
  records: 0,
  decisions: 0,
  commands: 0,
  repeated: 0,
  unnamedDecisions: 0,
});

/** A relay after a crash repeats at most the records of one commit, and one of an owner that was slow to notice. */
const REMEMBERED = 32;
const PREFIX = 12;
const MAX_UNNAMED = 256;

interface Gap {
  from: number;
  to: number;
  readonly seq: number;
}

/** What is kept of a decision record until a step names it. */
interface Unnamed {
  readonly decisionId: string;
  readonly kind: string;
  readonly action: string | undefined;
  readonly channels: readonly string[];
}

export class ChainCheck {
  #n = 0;
  #hash = "";
  #seq = 0;
  /** First characters of the hashes of the last records, the last one at the end. */
  #recent = "";
  readonly #gaps: Gap[] = [];
  /** By the digest of the record. */
  readonly #unnamed = new Map<string, Unnamed>();

  constructor(
    readonly customerId: string,
    readonly counts: Counts,
    private readonly report: (finding: Finding) => void,
  ) {}

  get head(): { readonly n: number; readonly hash: string } {
    return { n: this.#n, hash: this.#hash };
  }

  /** Sequence of the last message that was taken. */
  get seq(): number {
    return this.#seq;
  }

  /** Takes the next message of this customer in AUDIT. */
  take(message: Stored): void {
    this.counts.messages++;
    this.#seq = message.seq;
    const kind = parseAudit(message.subject)?.kind;
    const text = message.string();
    let body: { records?: unknown };
    try {
      body = JSON.parse(text) as { records?: unknown };
    } catch {
      return this.#find("unreadable", message.seq, undefined, "the message is no JSON");
    }
    if (JSON.stringify(body) !== text)
      this.#find("changed", message.seq, undefined, "the message is not written as Segue writes it");
    if (!Array.isArray(body.records) || body.records.length === 0)
      return this.#find("unreadable", message.seq, undefined, "the message holds no records");
    try {
      if (kind === "decision")
        for (const r of body.records as DecisionRecord[]) this.#decision(r, message.seq);
      else {
        const records = body.records as AuditRecord[];
        for (const r of records) this.#record(r, message.seq);
        const ordered = records.some((r) => r.entries.some(isLedgerEntry));
        if (ordered !== (kind === "contact"))
          this.#find(
            "changed",
            message.seq,
            records[0]?.n,
            `records ${ordered ? "with" : "without"} a contact stand under the kind ${kind}: the ledger of contacts is read by kind`,
          );
      }
    } catch (cause) {
      this.#find(
        "unreadable",
        message.seq,
        undefined,
        `the message is no audit record: ${(cause as Error).message}`,
      );
    }
  }

  /** At the end of this customer's messages. `head` is that of the context; undefined when there is no context. */
  finish(head: { readonly n: number; readonly hash: string } | undefined): void {
    for (const { from, to, seq } of this.#gaps)
      this.#find(
        "gap",
        seq,
        from,
        `${from === to ? `record ${from} is` : `records ${from} to ${to} are`} missing before this message`,
      );
    this.counts.unnamedDecisions += this.#unnamed.size;
    if (!head) {
      if (this.#n > 0)
        this.#find(
          "context-missing",
          this.#seq,
          this.#n,
          "there are records, but no context in CTX that names their head",
        );
      return;
    }
    if (head.n > this.#n)
      this.#find(
        "cut",
        this.#seq,
        this.#n + 1,
        `the context names ${head.n} records, the stream ends with ${this.#n}: the end of the chain is missing`,
      );
    else if (head.n < this.#n)
      this.#find(
        "changed",
        this.#seq,
        this.#n,
        `the stream holds ${this.#n} records, the context names only ${head.n}`,
      );
    else if (head.hash !== this.#hash)
      this.#find("changed", this.#seq, this.#n, "the last record is not the one that the context names");
  }

  #record(record: AuditRecord, seq: number): void {
    const { hash, ...open } = record;
    const sound = sha256(JSON.stringify(open)) === hash && record.customerId === this.customerId;
    if (!sound)
      this.#find(
        "changed",
        seq,
        record.n,
        record.customerId === this.customerId
          ? `the content of record ${record.n} does not have the hash that it carries`
          : `record ${record.n} is that of another customer`,
      );
    if (record.n <= this.#n) return this.#again(record, seq);
    if (record.n > this.#n + 1) {
      this.#gaps.push({ from: this.#n + 1, to: record.n - 1, seq });
      if (record.n - this.#n > REMEMBERED) this.#recent = "";
      else this.#recent = "?".repeat((record.n - this.#n - 1) * PREFIX);
    } else if (record.prev !== this.#hash)
      this.#find(
        "changed",
        seq,
        record.n,
        `record ${record.n} does not follow record ${record.n - 1}: one of the two was changed or exchanged`,
      );
    this.counts.records++;
    this.#n = record.n;
    this.#hash = hash;
    this.#recent = (this.#recent + hash.slice(0, PREFIX)).slice(-REMEMBERED * PREFIX);
    this.#entries(record, seq);
  }

  /** A record at or below the head: the same once more, one that comes too late, or another under the same number. */
  #again(record: AuditRecord, seq: number): void {
    const gap = this.#gaps.find((g) => record.n >= g.from && record.n <= g.to);
    if (gap) {
      this.#find("reordered", seq, record.n, `record ${record.n} stands behind record ${this.#n}`);
      this.counts.records++;
      if (gap.from < record.n && gap.to > record.n)
        this.#gaps.push({ from: record.n + 1, to: gap.to, seq: gap.seq });
      if (gap.from === record.n) gap.from++;
      else gap.to = record.n - 1;
      if (gap.from > gap.to) this.#gaps.splice(this.#gaps.indexOf(gap), 1);
      return this.#entries(record, seq);
    }
    const at = this.#recent.length - (this.#n - record.n + 1) * PREFIX;
    if (at < 0)
      return this.#find(
        "reordered",
        seq,
        record.n,
        `record ${record.n} stands once more, behind record ${this.#n}`,
      );
    if (this.#recent.slice(at, at + PREFIX) === record.hash.slice(0, PREFIX)) this.counts.repeated++;
    else this.#find("changed", seq, record.n, `there is another record ${record.n} before this one`);
  }

  #decision(record: DecisionRecord, seq: number): void {
    this.counts.decisions++;
    const { request, reply } = record;
    if (request.customerId !== this.customerId)
      this.#find("changed", seq, undefined, `decision ${request.decisionId} is that of another customer`);
    const digest = sha256(JSON.stringify(record));
    this.#unnamed.set(digest, {
      decisionId: request.decisionId,
      kind: reply.kind,
      action: reply.kind === "act" ? reply.action : undefined,
      channels: reply.kind === "act" ? reply.plan.map((leg) => leg.channel) : [],
    });
    if (this.#unnamed.size <= MAX_UNNAMED) return;
    const oldest = this.#unnamed.keys().next().value;
    if (oldest !== undefined) this.#unnamed.delete(oldest);
    this.counts.unnamedDecisions++;
  }

  #entries({ n, entries }: AuditRecord, seq: number): void {
    const taken = new Map<string, Unnamed | undefined>();
    for (const entry of entries) {
      if (entry.kind === "decision" && entry.answer !== "unavailable")
        taken.set(entry.decisionId, this.#named(entry, n, seq));
      if (entry.kind === "command") {
        this.counts.commands++;
        this.#command(entry, entries, taken, n, seq);
      }
    }
  }

  /** The decision record that an entry names; it is known by then, for it is stored first. */
  #named(entry: Extract<AuditEntry, { kind: "decision" }>, n: number, seq: number): Unnamed | undefined {
    const { decisionId, record: digest } = entry;
    const same = [...this.#unnamed].filter(([, u]) => u.decisionId === decisionId);
    const [found, record] =
      (digest === undefined ? same.at(-1) : same.find(([d]) => d === digest)) ??
      ([undefined, undefined] as const);
    if (found === undefined || record === undefined) {
      if (same.length === 0)
        this.#find(
          "decision-missing",
          seq,
          n,
          `decision ${decisionId} has no record, though record ${n} tells of it`,
        );
      else
        this.#find(
          "decision-changed",
          seq,
          n,
          `the record of decision ${decisionId} was changed: record ${n} names ${digest}, what is stored has ${same.map(([d]) => d).join(", ")}`,
        );
      return undefined;
    }
    this.#unnamed.delete(found);
    if (record.kind !== entry.answer || (record.action ?? "") !== (entry.action ?? ""))
      this.#find(
        "decision-changed",
        seq,
        n,
        `decision ${decisionId} was ${record.kind} ${record.action ?? ""}, record ${n} says ${entry.answer} ${entry.action ?? ""}`,
      );
    return record;
  }

  #command(
    command: Extract<AuditEntry, { kind: "command" }>,
    entries: readonly AuditEntry[],
    taken: ReadonlyMap<string, Unnamed | undefined>,
    n: number,
    seq: number,
  ): void {
    const { commandId, action, channel, channels } = command;
    const decisionId = decisionOfCommand(commandId);
    const differs = (detail: string): void =>
      this.#find("command-differs", seq, n, `command ${commandId}: ${detail}`);
    const said = entries.find((e) => e.kind === "decision" && e.decisionId === decisionId);
    if (said?.kind !== "decision" || said.answer !== "act")
      return differs(`no decision of record ${n} ordered it`);
    if (said.action !== action || said.channel !== channel)
      return differs(`it is ${action} over ${channel}, its decision was ${said.action} over ${said.channel}`);
    const decision = taken.get(decisionId);
    if (decision && decision.channels.join() !== channels.join())
      differs(
        `it goes over ${channels.join(", ")}, its decision's plan over ${decision.channels.join(", ")}`,
      );
  }

  #find(kind: FindingKind, seq: number, n: number | undefined, detail: string): void {
    this.report({ of: this.customerId, kind, ...(n === undefined ? {} : { n }), seq, detail });
  }
}
