/** Makes the server's streams, consumers and buckets match `libs/contracts`. Idempotent; run before the services. */
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  type JetStreamManager,
  type StreamConfig,
  JetStreamApiError,
  StorageType,
  RetentionPolicy,
} from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { nanos, type NatsConnection } from "@nats-io/nats-core";
import { BUCKETS, CONSUMERS, STREAMS, type ConsumerDefinition, type StreamDefinition } from "#contracts";

export interface ProvisionOptions {
  /** 1 embedded, 3 in production. */
  readonly replicas?: number;
}

/** Milliseconds after which a lease that nobody renews is gone. */
export const LEASE_TTL_MS = 4_000;

/** In a cluster each stream and consumer elects a leader first. */
const TIMEOUT_MS = 30_000;

export async function provision(nc: NatsConnection, options: ProvisionOptions = {}): Promise<void> {
  const jsm = await jetstreamManager(nc, { timeout: TIMEOUT_MS });
  const replicas = options.replicas ?? 1;
  for (const stream of STREAMS) await ensureStream(jsm, stream, replicas);
  for (let i = 0; i < CONSUMERS.length; i += 16) {
    await Promise.all(CONSUMERS.slice(i, i + 16).map((c) => ensureConsumer(jsm, c)));
  }
  const kvm = new Kvm(jetstream(nc, { timeout: TIMEOUT_MS }));
  for (const b of BUCKETS) {
    await kvm.create(b.name, {
      history: b.history,
      replicas,
      description: b.description,
      ...(b.ttl ? { markerTTL: 60_000 } : {}),
    });
  }
}

function streamConfig(s: StreamDefinition, replicas: number): Partial<StreamConfig> & { name: string } {
  return {
    name: s.name,
    subjects: [...s.subjects],
    description: s.description,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // A full stream refuses: its publishers see an error, and nothing that was acknowledged is dropped.
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    deny_delete: false,
    allow_direct: s.allowDirect ?? false,
    max_msgs_per_subject: s.maxMsgsPerSubject ?? -1,
    duplicate_window: nanos(s.duplicateWindowMs ?? 0),
    ...(s.transform ? { subject_transform: s.transform } : {}),
    ...(s.source
      ? {
          sources: [
            { name: s.source.name, subject_transforms: [{ src: s.source.src, dest: s.source.dest }] },
          ],
        }
      : {}),
    ...(s.allowSchedules ? { allow_msg_schedules: true } : {}),
    ...(s.allowTtl ? { allow_msg_ttl: true } : {}),
  };
}

async function ensureStream(jsm: JetStreamManager, s: StreamDefinition, replicas: number): Promise<void> {
  const config = streamConfig(s, replicas);
  let existing: StreamConfig;
  try {
    existing = (await jsm.streams.info(s.name)).config;
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND) throw error;
    await jsm.streams.add(config);
    return;
  }
  const dest = existing.subject_transform?.dest;
  if (s.transform && dest !== undefined && dest !== s.transform.dest)
    throw new Error(
      `stream ${s.name} puts events under ${dest}, this build under ${s.transform.dest}: what is stored would not be found. ` +
        `Start this build on a new data folder, or go on with the build that made this one`,
    );
  await jsm.streams.update(s.name, config);
}

const STREAM_NOT_FOUND = 10_059;
const CONSUMER_EXISTS = new Set([10_013, 10_105, 10_148]);

async function ensureConsumer(jsm: JetStreamManager, c: ConsumerDefinition): Promise<void> {
  const settings = {
    ack_wait: nanos(c.ackWaitMs),
    max_ack_pending: c.maxAckPending,
    max_deliver: c.maxDeliver ?? -1,
  };
  try {
    await jsm.consumers.add(c.stream, {
      ...settings,
      durable_name: c.name,
      filter_subject: c.filter,
      ack_policy: c.ack === "all" ? AckPolicy.All : AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      max_waiting: 64,
    });
  } catch (error) {
    // There is one with other settings: those that may change are changed.
    if (!(error instanceof JetStreamApiError) || !CONSUMER_EXISTS.has(error.code)) throw error;
    await jsm.consumers.update(c.stream, c.name, settings);
  }
}
