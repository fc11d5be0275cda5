/** Reads CMD, outcomes, AUDIT and DLQ into a Tally: live, or all that is stored. Reads only; needs no consumer of its own kept. */
import {
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type ConsumerMessages,
  type JsMsg,
} from "@nats-io/jetstream";
import { millis, type NatsConnection } from "@nats-io/nats-core";
import {
  auditRecordsV1,
  CHAIN_KINDS,
  cloudEventV1,
  commandV1,
  contextV1,
  decisionRecordsV1,
  DLQ_STREAM,
  dlqHeaders,
  eventTypes,
  headerNames,
  outcomeV1,
  parseCmd,
  streamsOf,
  subjects,
} from "#contracts";
import type { Tally } from "./tally.js";

interface Source {
  readonly stream: string;
  readonly filter: string;
  readonly take: (m: JsMsg, tally: Tally) => void;
}

const SOURCES: readonly Source[] = [
  ...streamsOf("CMD").map((stream) => ({ stream, filter: subjects.cmdAll, take: takeCommand })),
  ...streamsOf("EVT").map((stream) => ({
    stream,
    filter: subjects.evtOfTypeFamily(eventTypes.outcomeFamily),
    take: takeOutcome,
  })),
  ...streamsOf("AUDIT").flatMap((stream) => [
    ...CHAIN_KINDS.map((kind) => ({ stream, filter: subjects.auditOfKind(kind), take: takeStep })),
    { stream, filter: subjects.auditOfKind("decision"), take: takeDecision },
  ]),
  { stream: DLQ_STREAM, filter: subjects.dlqAll, take: takeDeadLetter },
];

function takeCommand(m: JsMsg, tally: Tally): void {
  const command = commandV1.safeParse(m.json());
  const channel = parseCmd(m.subject)?.channel;
  if (!command.success || !channel) return;
  const storedAt = Number(m.headers?.get(headerNames.eventStoredAt));
  tally.command(command.data, channel, storedAt > 0 ? millis(m.info.timestampNanos) - storedAt : undefined);
}

function takeOutcome(m: JsMsg, tally: Tally): void {
  const event = cloudEventV1.safeParse(m.json());
  const outcome = outcomeV1.safeParse(event.data?.data);
  if (outcome.success) tally.outcome(outcome.data, Date.parse(event.data?.time ?? "") || 0);
}

function takeStep(m: JsMsg, tally: Tally): void {
  const message = auditRecordsV1.safeParse(m.json());
  for (const record of message.data?.records ?? []) tally.step(record.entries, record.at);
}

function takeDecision(m: JsMsg, tally: Tally): void {
  const message = decisionRecordsV1.safeParse(m.json());
  for (const record of message.data?.records ?? []) tally.decision(record);
}

function takeDeadLetter(m: JsMsg, tally: Tally): void {
  tally.deadLetter(m.headers?.get(dlqHeaders.reason) || "unknown");
}

/** Folds what is stored from now on. Stop it by calling the answer. */
export async function follow(nc: NatsConnection, tally: Tally): Promise<() => Promise<void>> {
  const js = jetstream(nc);
  const open: ConsumerMessages[] = [];
  for (const { stream, filter, take } of SOURCES) {
    const consumer = await js.consumers.get(stream, {
      filter_subjects: filter,
      deliver_policy: DeliverPolicy.New,
    });
    const messages = await consumer.consume({ max_messages: 1_000 });
    open.push(messages);
    void (async () => {
      for await (const m of messages) tolerating(() => take(m, tally));
    })();
  }
  return async () => {
    await Promise.all(open.map((messages) => messages.close()));
  };
}

/** Folds everything that is stored at this moment. */
export async function readAll(nc: NatsConnection, tally: Tally): Promise<void> {
  await Promise.all(
    SOURCES.map(({ stream, filter, take }) => scan(nc, stream, filter, (m) => take(m, tally))),
  );
}

/** What the event streams, the contexts and DLQ say about how many events there are: three independent places. */
export interface StoredEvents {
  readonly inStream: number;
  readonly applied: number;
  readonly duplicates: number;
  /** Events in DLQ; commands in DLQ are not events. */
  readonly deadLetters: number;
  readonly customers: number;
  /** Commands that the contexts ordered last; each must stand in CMD. */
  readonly orderedCommands: readonly string[];
}

export async function readStoredEvents(nc: NatsConnection): Promise<StoredEvents> {
  const jsm = await jetstreamManager(nc);
  let inStream = 0;
  for (const stream of streamsOf("EVT")) inStream += (await jsm.streams.info(stream)).state.messages;
  const dlq = await jsm.streams.info(DLQ_STREAM, { subjects_filter: subjects.dlqOfEvents });
  const deadLetters = Object.values(dlq.state.subjects ?? {}).reduce((a, b) => a + b, 0);
  const total = { applied: 0, duplicates: 0, customers: 0 };
  const orderedCommands: string[] = [];
  for (const stream of streamsOf("CTX")) {
    await scan(nc, stream, subjects.ctxAll, (m) => {
      const context = contextV1.parse(m.json());
      total.applied += context.applied;
      total.duplicates += context.duplicates;
      for (const { subject, body } of context.outbox) {
        const command = parseCmd(subject) && commandV1.safeParse(body).data;
        if (command) orderedCommands.push(command.commandId);
      }
      total.customers++;
    });
  }
  return { inStream, deadLetters, orderedCommands, ...total };
}

/** Reads a stream from the beginning to what is its end now. */
async function scan(
  nc: NatsConnection,
  stream: string,
  filter: string,
  take: (m: JsMsg) => void,
): Promise<void> {
  const consumer = await jetstream(nc).consumers.get(stream, {
    filter_subjects: filter,
    deliver_policy: DeliverPolicy.All,
  });
  if ((await consumer.info()).num_pending === 0) return;
  const messages = await consumer.consume({ max_messages: 1_000 });
  for await (const m of messages) {
    tolerating(() => take(m));
    if (m.info.pending === 0) break;
  }
  await messages.close();
}

/** A message that cannot be read is the business of those who handle it, and must not end the display. */
function tolerating(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}
