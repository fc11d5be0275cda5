/**
 * Recorded events from EVT, and what is published, read from a running installation. Reads without any consumer, so that
 * nothing is left on the server and nobody else's reading is touched.
 */
import { jetstreamManager, type StoredMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { replayClock } from "#clock";
import { streamsOf, subjects, type CustomerEvent, type JourneyDefinition } from "#contracts";
import { PROFILE_FAMILIES } from "#domain";
import { parseEvent, storedMessages, storedMessagesOf } from "#messaging";
import { DefinitionsBucket, liveJourneys, readPublished } from "#registry";
import { EventCollector, MAX_EVENTS, type RecordedEvents } from "./events.js";
import { newestVersions } from "./simulate.js";

const READ_TIMEOUT_MS = 10_000;

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
    const families = PROFILE_FAMILIES.map((family) => subjects.evtOfTypeFamily(family));
    for await (const m of storedMessagesOf(direct, stream, families, { seq: 1 }, READ_TIMEOUT_MS)) {
      if (m.time.getTime() >= range.since) break;
      const parsed = parse(m);
      if (parsed.kind === "event") collector.addEarlier(told(parsed.event));
    }
    const from = { start_time: new Date(range.since) };
    for await (const m of storedMessages(direct, stream, subjects.evtAll, from, READ_TIMEOUT_MS)) {
      if (m.time.getTime() >= range.until) break;
      const parsed = parse(m);
      if (parsed.kind === "event") collector.add(told(parsed.event));
      else collector.refuse(`message ${m.seq} of ${stream}`, parsed.detail);
    }
  }
  return collector.recorded;
}

/** The version of each journey that new customers enter: as released, without a release the newest published one. */
export async function readLiveJourneys(nc: NatsConnection): Promise<readonly JourneyDefinition[]> {
  return newestVersions(liveJourneys(await readPublished(new DefinitionsBucket(nc))));
}
