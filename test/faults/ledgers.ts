/** Reads what the checks compare: the publishers' own ledger, the providers' own ledger, and the streams. */
import { existsSync, readFileSync } from "node:fs";
import { jetstream } from "@nats-io/jetstream";
import {
  cloudEventV1,
  commandV1,
  contextV1,
  decisionRecordsV1,
  dlqHeaders,
  DLQ_STREAM,
  outcomeV1,
  parseAudit,
  parseEvt,
  PURPOSES,
  subjects,
  type CloudEvent,
  type Command,
  type Context,
  type DecisionRecord,
  type Outcome,
} from "#contracts";
import { loadPolicyPacks } from "#definitions";
import { packCaps, type Cap } from "#domain";
import type { SeenCommit } from "./commit-follower.js";
import type { Gap, GateAsked } from "./gate-tap.js";
import type { Published } from "./load.js";
import type { Rig } from "./rig.js";

export interface ProviderCall {
  readonly commandId: string;
  readonly attempt: number;
  readonly channel: string;
  /** Wall clock, epoch ms. */
  readonly wallMs: number;
}

export interface StoredEvent {
  readonly seq: number;
  /** When the stream stored it, wall clock, epoch ms. */
  readonly storedAt: number;
  readonly customerId: string;
  readonly source: string;
  readonly type: string;
  /** Absent when it cannot be read as a CloudEvent. */
  readonly event?: CloudEvent;
}

/** One applied event as the audit chain tells it. */
export interface Step {
  readonly event: { readonly id: string; readonly source: string; readonly type: string };
  readonly entries: ReadonlyArray<Readonly<Record<string, unknown>> & { readonly kind: string }>;
}

/** A record of the audit chain, as stored. */
export interface ChainRecord {
  readonly seq: number;
  readonly customerId: string;
  readonly n: number;
  readonly prev: string;
  readonly hash: string;
  /** The record as it was stored. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly step: Step;
}

export interface DeadLetter {
  readonly reason: string;
  readonly detail: string;
  readonly stream: string;
  readonly seq: number;
}

export interface Ledgers {
  readonly published: readonly Published[];
  readonly provider: readonly ProviderCall[];
  readonly evt: readonly StoredEvent[];
  /** `outcome.*` events of EVT. */
  readonly outcomes: ReadonlyArray<{ readonly seq: number; readonly outcome: Outcome }>;
  readonly contexts: ReadonlyMap<string, Context>;
  readonly commits: readonly SeenCommit[];
  readonly steps: readonly ChainRecord[];
  readonly decisions: readonly DecisionRecord[];
  readonly commands: ReadonlyArray<{ readonly seq: number; readonly command: Command }>;
  readonly dead: readonly DeadLetter[];
  readonly gates: { readonly asked: readonly GateAsked[]; readonly gaps: readonly Gap[] };
  readonly caps: readonly Cap[];
  /** Holds that stop contacts, by purpose. */
  readonly blockedBy: ReadonlyMap<string, ReadonlySet<string>>;
}

export async function collect(rig: Rig, published: readonly Published[]): Promise<Ledgers> {
  const evt: StoredEvent[] = [];
  const outcomes: Array<{ seq: number; outcome: Outcome }> = [];
  await readAll(rig, "EVT", (m) => {
    const parsed = parseEvt(m.subject);
    const event = cloudEventV1.safeParse(m.json);
    const { seq, storedAt } = m;
    const { customerId = "", source = "", type = "" } = parsed ?? {};
    evt.push({ seq, storedAt, customerId, source, type, ...(event.success ? { event: event.data } : {}) });
    if (source === "segue" && type.startsWith("outcome.") && event.success)
      outcomes.push({ seq, outcome: outcomeV1.parse(event.data.data) });
  });
  const contexts = await readContexts(rig);
  const steps: ChainRecord[] = [];
  const decisions: DecisionRecord[] = [];
  await readAll(rig, "AUDIT", (m) => {
    const parsed = parseAudit(m.subject);
    if (parsed?.kind === "decision") decisions.push(...decisionRecordsV1.parse(m.json).records);
    // The chain: kind `contact` where a command is among the records, otherwise `step`.
    else if (parsed) steps.push(...chainRecords(m.seq, m.json as Record<string, unknown>));
  });
  const commands: Array<{ seq: number; command: Command }> = [];
  await readAll(rig, "CMD", (m) => void commands.push({ seq: m.seq, command: commandV1.parse(m.json) }));
  const dead: DeadLetter[] = [];
  await readAll(rig, DLQ_STREAM, (m) => {
    const stream = m.header(dlqHeaders.stream);
    const seq = Number(m.header(dlqHeaders.sequence));
    dead.push({ reason: m.header(dlqHeaders.reason), detail: m.header(dlqHeaders.detail), stream, seq });
  });
  const packs = loadPolicyPacks(rig.definitionsDir);
  return {
    published,
    evt,
    outcomes,
    contexts,
    steps,
    decisions,
    commands,
    dead,
    provider: providerCalls(rig),
    commits: rig.commits.seen,
    gates: { asked: rig.gates.asked, gaps: rig.gates.gaps },
    caps: PURPOSES.flatMap((purpose) => packCaps(packs, purpose)),
    blockedBy: new Map(
      PURPOSES.map((purpose) => {
        const rules = packs.flatMap((p) => p.rules).filter((r) => r.purpose === purpose);
        return [purpose, new Set<string>(rules.flatMap((r) => r.blockedBy))];
      }),
    ),
  };
}

/** The records of one message: those of a commit, or (as it was before) one alone. */
export function chainRecords(seq: number, message: Record<string, unknown>): ChainRecord[] {
  const bodies = (Array.isArray(message["records"]) ? message["records"] : [message]) as Array<
    ChainRecord["body"]
  >;
  return bodies.map((body) => {
    const { customerId, n, prev, hash, event, entries } = body as unknown as ChainRecord & Step;
    return { seq, customerId, n, prev, hash, body, step: { event, entries } };
  });
}

export async function readContexts(rig: Rig): Promise<Map<string, Context>> {
  const contexts = new Map<string, Context>();
  await readAll(
    rig,
    "CTX",
    (m) => {
      const context = contextV1.parse(m.json);
      contexts.set(context.customerId, context);
    },
    subjects.ctxAll,
  );
  return contexts;
}

export function providerCalls(rig: Rig): ProviderCall[] {
  if (!existsSync(rig.providerFile)) return [];
  return readFileSync(rig.providerFile, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ProviderCall);
}

interface Stored {
  readonly subject: string;
  readonly seq: number;
  readonly storedAt: number;
  /** Undefined when the body is no JSON. */
  readonly json: unknown;
  readonly header: (name: string) => string;
}

/** Every message of a stream, in order. */
export async function readAll(
  rig: Rig,
  stream: string,
  take: (m: Stored) => void,
  filter = ">",
): Promise<void> {
  const { state } = await rig.jsm.streams.info(stream);
  if (state.messages === 0) return;
  const consumer = await jetstream(rig.nc).consumers.get(stream, { filter_subjects: [filter] });
  const messages = await consumer.consume({ max_messages: 1_000, idle_heartbeat: 1_000 });
  for await (const m of messages) {
    let json: unknown;
    try {
      json = m.json();
    } catch {
      json = undefined;
    }
    const header = (name: string): string => m.headers?.get(name) ?? "";
    take({ subject: m.subject, seq: m.seq, storedAt: m.time.getTime(), json, header });
    if (m.info.pending === 0) break;
  }
  messages.stop();
}
