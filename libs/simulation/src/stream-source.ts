/**
 * Recorded events from EVT, and what is published, read from a running installation. Reads without any consumer, so that
 * nothing is left on the server and nobody else's reading is touched.
 */
import {
  JetStreamApiError,
  JetStreamError,
  jetstreamManager,
  type DirectStreamAPI,
  type StoredMsg,
} from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { replayClock } from "#clock";
import {
  definitionKeys,
  journeyReleaseV1,
  journeyV1,
  streamsOf,
  subjects,
  type CustomerEvent,
  type JourneyDefinition,
} from "#contracts";
import { PROFILE_FAMILIES } from "#domain";
import { parseEvent } from "#messaging";
import { EventCollector, MAX_EVENTS, type RecordedEvents } from "./events.js";
import { newestVersions } from "./simulate.js";

const BATCH = 1_000;
const BATCH_TIMEOUT_MS = 10_000;
const NOT_FOUND = 404;

/** EVT could not be read. */
export class StreamUnreadable extends Error {
  override readonly name = "StreamUnreadable";
}

export interface StreamRange {
  /** By the time of storing, epoch ms; `until` is not in it. */
  readonly since: number;
  readonly until: number;
  readonly limit?: number;
}

/**
 * The events of a time, and what was known before it of each customer's consents, holds and time zone. Throws
 * StreamUnreadable, TooManyEvents.
 */
export async function readRecordedEvents(nc: NatsConnection, range: StreamRange): Promise<RecordedEvents> {
  const { direct } = await jetstreamManager(nc, { checkAPI: false });
  const collector = new EventCollector(range.limit ?? MAX_EVENTS);
  // Events carry their own time, also those of a replay that are decades old.
  const clock = replayClock({ startWall: Date.now(), startTime: Date.now(), speed: 1 });
  // Whoever asked for a moment waits no longer: here they are taken to wait still, so that what may be said in the app is.
  const told = ({ moment: _over, ...event }: CustomerEvent): CustomerEvent => event;
  const parse = (m: StoredMsg): ReturnType<typeof parseEvent> =>
    parseEvent(
      { subject: m.subject, seq: m.seq, data: m.data, headers: m.header, storedAt: m.time.getTime() },
      clock,
    );
  for (const stream of streamsOf("EVT")) {
    // Families one after the other: a customer's profile does not depend on the order between them.
    for (const family of PROFILE_FAMILIES) {
      await readStream(direct, stream, subjects.evtOfTypeFamily(family), { seq: 1 }, (m) => {
        if (m.time.getTime() >= range.since) return false;
        const parsed = parse(m);
        if (parsed.kind === "event") collector.addEarlier(told(parsed.event));
        return true;
      });
    }
    await readStream(direct, stream, subjects.evtAll, { start_time: new Date(range.since) }, (m) => {
      if (m.time.getTime() >= range.until) return false;
      const parsed = parse(m);
      if (parsed.kind === "event") collector.add(told(parsed.event));
      else collector.refuse(`message ${m.seq} of ${stream}`, parsed.detail);
      return true;
    });
  }
  return collector.recorded;
}

/** Calls `take` for each message until it answers false or there is none left. */
async function readStream(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
  from: { readonly seq: number } | { readonly start_time: Date },
  take: (message: StoredMsg) => boolean,
): Promise<void> {
  let start: typeof from = from;
  for (;;) {
    const batch = await readBatch(direct, stream, subject, start);
    for (const message of batch) if (!take(message)) return;
    const last = batch.at(-1);
    // The server may cut a batch short by its size, so its own count of what is left decides.
    if (!last || last.pending <= 0) return;
    start = { seq: last.seq + 1 };
  }
}

function readBatch(
  direct: DirectStreamAPI,
  stream: string,
  subject: string,
  from: { readonly seq: number } | { readonly start_time: Date },
): Promise<readonly StoredMsg[]> {
  return new Promise((resolve, reject) => {
    const got: StoredMsg[] = [];
    const fail = (cause: unknown): void => {
      clearTimeout(timer);
      reject(new StreamUnreadable(`${stream} cannot be read: ${(cause as Error).message}`, { cause }));
    };
    const timer = setTimeout(
      () => fail(new Error(`no answer within ${BATCH_TIMEOUT_MS} ms`)),
      BATCH_TIMEOUT_MS,
    );
    // With a callback the client ends its subscription itself; its iterator would leave it open.
    direct
      .getBatch(stream, {
        ...from,
        batch: BATCH,
        next_by_subj: subject,
        callback: (done, message) => {
          if (!done) return void got.push(message);
          if (done.err && !isNotFound(done.err)) return fail(done.err);
          clearTimeout(timer);
          resolve(got);
        },
      })
      .catch(fail);
  });
}

function isNotFound(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.status === NOT_FOUND;
  return error instanceof JetStreamError && "code" in error && error.code === NOT_FOUND;
}

/** The version of each journey that new customers enter: as released, without a release the newest published one. */
export async function readLiveJourneys(nc: NatsConnection): Promise<readonly JourneyDefinition[]> {
  const kv = await new Kvm(nc).open("definitions");
  const values = async (filter: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const key of await kv.keys(filter)) {
      const entry = await kv.get(key);
      if (entry) found.push(entry.json());
    }
    return found;
  };
  const published = (await values(definitionKeys.journeys)).map((v) => journeyV1.parse(v));
  const releases = new Map(
    (await values(definitionKeys.releases)).map((v) => {
      const release = journeyReleaseV1.parse(v);
      return [release.journey, release] as const;
    }),
  );
  const live = published.filter((j) => {
    const release = releases.get(j.id);
    return release === undefined || release.live[0]?.version === j.version;
  });
  return newestVersions(live);
}
