/**
 * Streams, consumers and buckets as data; the provisioner in `libs/messaging` makes the server match.
 * A larger installation splits EVT, CTX, CMD and AUDIT into shards of partitions: take the stream from
 * the partition (`streamOf`), never from a constant.
 */
import { CHANNELS, type Channel } from "./channel.v1.js";
import { ALL_PARTITIONS, PARTITIONS } from "./partition.js";
import { subjects } from "./subjects.js";

export type Sharded = "EVT" | "CTX" | "CMD" | "AUDIT";

/** Stream that holds this partition's messages of the given kind. */
export function streamOf(kind: Sharded, _partition: number): string {
  return kind;
}

/** All streams of a kind (one per shard). */
export function streamsOf(kind: Sharded): readonly string[] {
  return [kind];
}

export const TIMER_STREAM = "TIMER";
/** What was taken of the quotas and budgets of actions. */
export const LIMITS_STREAM = "LIMITS";
export const DLQ_STREAM = "DLQ";
/** Stream of the bucket `definitions`. */
export const DEFINITIONS_STREAM = "KV_definitions";

/** Stream that adaptive models learn from: decisions, orders, and what became of them, in one order. */
export const LEARNING_STREAM = "AUDIT";

/** Stream that holds the changes of releases and of the kill switch. */
export const GOVERNANCE_STREAM = "AUDIT";

export interface StreamDefinition {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly description: string;
  readonly transform?: { readonly src: string; readonly dest: string };
  readonly source?: { readonly name: string; readonly src: string; readonly dest: string };
  readonly maxMsgsPerSubject?: number;
  readonly allowDirect?: boolean;
  readonly allowSchedules?: boolean;
  readonly allowTtl?: boolean;
  /** How long the server remembers message ids, ms. */
  readonly duplicateWindowMs?: number;
}

const TWO_MINUTES_MS = 120_000;

export const STREAMS: readonly StreamDefinition[] = [
  {
    name: TIMER_STREAM,
    subjects: ["timer.>", "due.>"],
    description: "Pending timers (schedules) and those that fell due",
    allowSchedules: true,
    allowTtl: true,
    duplicateWindowMs: TWO_MINUTES_MS,
  },
  {
    name: "EVT",
    subjects: ["bank.*.*.>", "evt.>"],
    description: "Events of customers, one order per customer",
    transform: {
      src: "bank.*.*.>",
      dest: `evt.{{partition(${PARTITIONS},2)}}.{{wildcard(2)}}.{{wildcard(1)}}.>`,
    },
    source: {
      name: TIMER_STREAM,
      src: "due.*.*.>",
      dest: "evt.{{wildcard(1)}}.{{wildcard(2)}}.segue.timer.>",
    },
    allowDirect: true,
    duplicateWindowMs: TWO_MINUTES_MS,
  },
  {
    name: "CTX",
    subjects: ["ctx.>"],
    description: "The context of each customer, written by compare-and-set",
    maxMsgsPerSubject: 1,
    allowDirect: true,
    duplicateWindowMs: TWO_MINUTES_MS,
  },
  {
    name: "CMD",
    subjects: ["cmd.>"],
    description: "Orders to channels",
    duplicateWindowMs: TWO_MINUTES_MS,
    allowDirect: true,
  },
  {
    name: "AUDIT",
    subjects: ["audit.>"],
    description: "Steps, decisions, the contact ledger, and changes of what is live",
    allowDirect: true,
    duplicateWindowMs: TWO_MINUTES_MS,
  },
  {
    name: LIMITS_STREAM,
    subjects: [subjects.limits],
    description: "Quotas and budgets of actions: what was taken and given back, written by compare-and-set",
    allowDirect: true,
    duplicateWindowMs: TWO_MINUTES_MS,
  },
  {
    name: DLQ_STREAM,
    subjects: ["dlq.>"],
    description: "What could not be read or handled",
    allowDirect: true,
    duplicateWindowMs: TWO_MINUTES_MS,
  },
];

export const BUCKETS = [
  {
    name: "leases",
    description: "Live context-actor instances and the partitions they hold",
    ttl: true,
    history: 1,
  },
  {
    name: "definitions",
    description: "Versions of journeys, what is live of each, and the kill switch",
    ttl: false,
    history: 1,
  },
  {
    name: "models",
    description: "What adaptive models have learned, per action and channel, and up to where in AUDIT",
    ttl: false,
    history: 1,
  },
  {
    name: "tries",
    description: "Tries of declined card payments, per card and amount, for the limits of the card schemes",
    ttl: true,
    history: 1,
  },
  {
    name: "sent",
    description: "What providers have taken, until it is known what became of it",
    ttl: true,
    history: 1,
  },
  { name: "agents", description: "Presence and skills of human agents", ttl: false, history: 1 },
] as const;
export type Bucket = (typeof BUCKETS)[number]["name"];

export interface ConsumerDefinition {
  readonly stream: string;
  readonly name: string;
  readonly filter: string;
  readonly ack: "all" | "explicit";
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
  /** Explicit consumers only: deliveries before the server gives up. */
  readonly maxDeliver?: number;
}

/** Durable consumer of one partition, read by its one owner. */
export function partitionConsumer(partition: number): ConsumerDefinition {
  return {
    stream: streamOf("EVT", partition),
    name: `actor-${partition}`,
    filter: subjects.evtOfPartition(partition),
    ack: "all",
    // Take-over resets the consumer, so redelivery by time-out is only for a reader that hangs.
    ackWaitMs: 300_000,
    maxAckPending: 2_048,
  };
}

/** Work consumers of one channel: one per CMD shard. */
export function channelConsumers(channel: Channel): readonly ConsumerDefinition[] {
  return streamsOf("CMD").map((stream) => ({
    stream,
    name: `channel-${channel}`,
    filter: subjects.cmdOfChannel(channel),
    ack: "explicit" as const,
    ackWaitMs: 30_000,
    // Commands that wait for a receipt stay unacknowledged; they must not stop the channel.
    maxAckPending: 16_384,
  }));
}

export const CONSUMERS: readonly ConsumerDefinition[] = [
  ...ALL_PARTITIONS.map(partitionConsumer),
  ...CHANNELS.flatMap((c) => channelConsumers(c)),
];
