/** What a run has left behind, for the checks: read from the streams and from the providers' own ledger. */
import { existsSync, readFileSync } from "node:fs";
import { DeliverPolicy, jetstream, jetstreamManager, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  auditRecordsV1,
  CHAIN_KINDS,
  cloudEventV1,
  commandV1,
  contextV1,
  DLQ_STREAM,
  isTerminal,
  outcomeV1,
  streamsOf,
  subjects,
  type AuditRecord,
  type Context,
} from "#contracts";

/** One applied event, as the customer's audit chain tells it. */
export interface AppliedStep {
  readonly eventId: string;
  readonly source: string;
  /** Commands that it caused. */
  readonly commands: readonly string[];
}

export interface History {
  /** Per customer, in the order of the audit chain. */
  readonly steps: ReadonlyMap<string, readonly AppliedStep[]>;
  /** Customers whose audit chain has a gap or a broken link. */
  readonly brokenChains: readonly string[];
  readonly contexts: ReadonlyMap<string, Context>;
  readonly commands: readonly { readonly commandId: string; readonly customerId: string }[];
  /** Terminal outcomes, one for each event in EVT. */
  readonly outcomes: readonly { readonly commandId: string; readonly kind: string }[];
  /** Calls that the providers received. */
  readonly sends: readonly { readonly commandId: string; readonly attempt: number }[];
  readonly deadLetters: number;
  readonly sizes: Omit<MessageSizes, "context">;
}

/** Mean bytes of the bodies of the messages that one event leads to. */
export interface MessageSizes {
  readonly context: number;
  readonly command: number;
  readonly outcome: number;
}

export interface HistorySource {
  readonly nc: NatsConnection;
  /** Only customers whose id begins so. */
  readonly prefix: string;
  /** Sequence of each stream after which the run began. */
  readonly after: ReadonlyMap<string, number>;
  readonly ledgerFile: string;
}

export async function readHistory(source: HistorySource): Promise<History> {
  const { nc, prefix, after, ledgerFile } = source;
  const each = async (
    kind: "EVT" | "CTX" | "CMD" | "AUDIT",
    filter: string,
    take: (message: JsMsg, customerId: string) => void,
  ): Promise<void> => {
    for (const stream of streamsOf(kind)) {
      await readStream(nc, stream, filter, (after.get(stream) ?? 0) + 1, (m) => {
        const tokens = m.subject.split(".");
        const customerId = tokens[kind === "CMD" ? 3 : 2] ?? "";
        if (customerId.startsWith(prefix)) take(m, customerId);
      });
    }
  };
  const bytes = { command: new Mean(), outcome: new Mean() };
  const steps = new Map<string, AppliedStep[]>();
  const heads = new Map<string, { n: number; hash: string }>();
  const broken = new Set<string>();
  const chains = new Map<string, AuditRecord[]>();
  for (const kind of CHAIN_KINDS) {
    await each("AUDIT", subjects.auditOfKind(kind), (m, customerId) => {
      const { records } = auditRecordsV1.parse(m.json());
      const known = chains.get(customerId);
      if (known) known.push(...records);
      else chains.set(customerId, records);
    });
  }
  for (const [customerId, records] of chains) {
    for (const { n, prev, hash, event, entries } of records.sort((a, b) => a.n - b.n)) {
      const head = heads.get(customerId) ?? { n: 0, hash: "" };
      if (n !== head.n + 1 || prev !== head.hash) broken.add(customerId);
      heads.set(customerId, { n, hash });
      const commands = entries.flatMap((e) => (e.kind === "command" ? [e.commandId] : []));
      const step = { eventId: event.id, source: event.source, commands };
      const known = steps.get(customerId);
      if (known) known.push(step);
      else steps.set(customerId, [step]);
    }
  }
  const contexts = new Map<string, Context>();
  await each("CTX", subjects.ctxAll, (m, customerId) => {
    contexts.set(customerId, contextV1.parse(m.json()));
  });
  const commands = new Map<string, { commandId: string; customerId: string }>();
  await each("CMD", subjects.cmdAll, (m, customerId) => {
    bytes.command.add(m.data.length);
    const { commandId } = commandV1.parse(m.json());
    commands.set(commandId, { commandId, customerId });
  });
  const outcomes: { commandId: string; kind: string }[] = [];
  await each("EVT", subjects.outcomesAll, (m) => {
    bytes.outcome.add(m.data.length);
    const { commandId, kind } = outcomeV1.parse(cloudEventV1.parse(m.json()).data);
    if (isTerminal(kind)) outcomes.push({ commandId, kind });
  });
  const jsm = await jetstreamManager(nc);
  const { state } = await jsm.streams.info(DLQ_STREAM);
  return {
    steps,
    brokenChains: [...broken],
    contexts,
    commands: [...commands.values()],
    outcomes,
    sends: readLedger(ledgerFile).filter((s) => s.commandId.startsWith(prefix)),
    deadLetters: state.messages,
    sizes: {
      command: bytes.command.value,
      outcome: bytes.outcome.value,
    },
  };
}

class Mean {
  #sum = 0;
  #n = 0;

  add(value: number): void {
    this.#sum += value;
    this.#n++;
  }

  /** A whole number; 0 of nothing. */
  get value(): number {
    return this.#n === 0 ? 0 : Math.round(this.#sum / this.#n);
  }
}

function readLedger(file: string): { commandId: string; attempt: number }[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { commandId: string; attempt: number });
}

/** Every message under the filter from a sequence on. */
async function readStream(
  nc: NatsConnection,
  stream: string,
  filter: string,
  from: number,
  take: (message: JsMsg) => void,
): Promise<void> {
  const consumer = await jetstream(nc).consumers.get(stream, {
    filter_subjects: [filter],
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
  });
  const { num_pending: pending } = await consumer.info();
  if (pending === 0) return;
  const messages = await consumer.consume({ max_messages: 4_096 });
  for await (const message of messages) {
    take(message);
    if (message.info.pending === 0) break;
  }
  await messages.close();
}
