/**
 * Tells events to Segue at the pace of its clock.
 *
 * State: the position (PositionStore). What holds: (1) events of one customer are published one after the other, each
 * after the one before was acknowledged; (2) no event is published before the clock shows its time; (3) every event up to the
 * saved position was acknowledged, so that a later start goes on behind it. What was acknowledged after the last save is
 * published again under the same message id, and dropped by the stream or, after its window, by the actor (I1).
 */
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "#clock";
import { sourceToken, subjects, type CloudEvent } from "#contracts";
import { Publisher, sleep } from "#messaging";
import { span } from "#telemetry";
import { Acknowledged } from "./acknowledged.js";
import { memoryPositionStore, type PositionStore } from "./position-store.js";

export interface ReplayProgress {
  /** Events that this run has put into the stream. */
  readonly published: number;
  /** Events that the stream already had: from an earlier run, or because an acknowledgement was lost. */
  readonly duplicates: number;
  /** Events that an earlier run had put there. */
  readonly skipped: number;
  /** When the last acknowledged event happened, epoch ms; `undefined` before the first. */
  readonly time: number | undefined;
  /** How much later than due the last event left, wall ms; 0 while the system keeps up. */
  readonly lagMs: number;
  readonly inFlight: number;
}

export interface ReplayResult {
  readonly published: number;
  readonly duplicates: number;
  readonly skipped: number;
  /** False when it was stopped before the last event. */
  readonly finished: boolean;
}

export interface ReplayOptions {
  readonly nc: NatsConnection;
  /** In the order of time, and the same at every start. */
  readonly events: Iterable<CloudEvent> | AsyncIterable<CloudEvent>;
  readonly clock: Clock;
  /** Without it, the position is forgotten with the process. */
  readonly position?: PositionStore;
  /** Events that may wait for their acknowledgement. */
  readonly window?: number;
  /** Stops before the next event; what is under way is finished. */
  readonly signal?: AbortSignal;
  /** Told at most every 100 ms, and once at the end. */
  readonly onProgress?: (progress: ReplayProgress) => void;
}

/** The stored position belongs to other events. */
export class ReplayMismatch extends Error {
  override readonly name = "ReplayMismatch";
}

const DEFAULT_WINDOW = 256;
const PROGRESS_EVERY_MS = 100;
const SAVE_EVERY_MS = 250;
/** Longest single timer; setTimeout takes no more than 2^31 ms. */
const LONGEST_SLEEP_MS = 60_000;
const STRUCTURED_JSON = { "content-type": "application/cloudevents+json" };

interface Sent {
  readonly key: string;
  readonly time: number;
}

/**
 * Publishes the events, from the stored position on, each when `clock.wallAt(its time)` has come; an event without a time at
 * once. When the system is slower than the clock, events leave later, in order, as fast as acknowledgements come.
 * Throws ReplayMismatch when the position belongs to other events, and an error naming the event when the stream refuses it.
 */
export async function replayEvents(options: ReplayOptions): Promise<ReplayResult> {
  const { nc, events, clock, signal, onProgress } = options;
  const position = options.position ?? memoryPositionStore();
  const window = options.window ?? DEFAULT_WINDOW;
  const publisher = new Publisher(nc);
  const start = await position.load();
  const acknowledged = new Acknowledged<Sent>(start?.events);

  let published = 0;
  let duplicates = 0;
  let lagMs = 0;
  let number = 0;
  let failure: Error | undefined;
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  function fail(error: Error): void {
    failure ??= error;
    failed.abort();
  }
  /** The last publish of each customer with one under way; answers whether it was acknowledged. */
  const underWay = new Map<string, Promise<boolean>>();
  let inFlight = 0;
  let slotFreed: (() => void) | undefined;

  let toldAt = 0;
  function tell(): void {
    toldAt = Date.now();
    onProgress?.({
      published,
      duplicates,
      skipped: start?.events ?? 0,
      time: acknowledged.last?.time ?? start?.time,
      lagMs,
      inFlight,
    });
  }

  let saved = start?.events ?? 0;
  let savedAt = Date.now();
  let saving: Promise<void> = Promise.resolve();
  function save(): void {
    const { upTo, last } = acknowledged;
    if (last === undefined || upTo === saved) return;
    saved = upTo;
    savedAt = Date.now();
    saving = saving
      .then(() => position.save({ v: 1, events: upTo, last: last.key, time: last.time }))
      .catch((cause: unknown) => {
        fail(new Error(`the position of the replay could not be saved after event ${upTo}`, { cause }));
      });
  }

  /** Answers whether the stream has it. */
  async function publish(event: CloudEvent, n: number, key: string): Promise<boolean> {
    try {
      const subject = subjects.bank(sourceToken(event.source), event.subject, event.type);
      const result = await span("send bank", { kind: "producer" }, (trace) =>
        publisher.publish(subject, JSON.stringify(event), {
          msgId: key,
          headers: { ...STRUCTURED_JSON, ...trace },
          signal: stop,
        }),
      );
      if (result.kind === "written" && result.duplicate) duplicates++;
      else published++;
    } catch (cause) {
      // After a stop, what could not be published any more is told by a later start.
      if (!stop.aborted)
        fail(new Error(`the stream does not take event ${key} (number ${n} of the replay)`, { cause }));
      return false;
    }
    acknowledged.add(n, { key, time: timeOf(event) ?? clock.now() });
    return true;
  }

  function begin(event: CloudEvent, n: number, key: string): void {
    const before = underWay.get(event.subject) ?? Promise.resolve(true);
    inFlight++;
    const mine = before
      .then((ok) => ok && publish(event, n, key))
      .finally(() => {
        inFlight--;
        if (underWay.get(event.subject) === mine) underWay.delete(event.subject);
        if (Date.now() - savedAt >= SAVE_EVERY_MS) save();
        if (Date.now() - toldAt >= PROGRESS_EVERY_MS) tell();
        slotFreed?.();
      });
    underWay.set(event.subject, mine);
  }

  let finished = true;
  try {
    for await (const event of events) {
      number++;
      const key = `${event.source}:${event.id}`;
      if (start && number <= start.events) {
        if (number === start.events && key !== start.last) throw mismatch(start.last, number, key);
        continue;
      }
      const due = clock.wallAt(timeOf(event) ?? -Infinity);
      await until(due, stop);
      while (inFlight >= window && !stop.aborted) await new Promise<void>((resolve) => (slotFreed = resolve));
      if (stop.aborted) {
        finished = false;
        break;
      }
      lagMs = Number.isFinite(due) ? Math.max(0, Date.now() - due) : 0;
      begin(event, number, key);
    }
    if (start && number < start.events) throw mismatch(start.last, start.events, "none");
  } catch (error) {
    fail(error as Error);
  }

  await Promise.all(underWay.values());
  save();
  await saving;
  tell();
  if (failure) throw failure;
  return {
    published,
    duplicates,
    skipped: start?.events ?? 0,
    finished: finished && acknowledged.upTo === number,
  };
}

function mismatch(expected: string, number: number, found: string): ReplayMismatch {
  return new ReplayMismatch(
    `the stored position of the replay is behind event ${expected}, but number ${number} of these events is ${found}: ` +
      `replay the same events as before, or start with --fresh`,
  );
}

function timeOf(event: CloudEvent): number | undefined {
  return event.time === undefined ? undefined : Date.parse(event.time);
}

async function until(due: number, signal: AbortSignal): Promise<void> {
  // A timer may fire a little early, hence again until the time has come.
  for (let ms = due - Date.now(); ms > 0 && !signal.aborted; ms = due - Date.now()) {
    await sleep(Math.min(Math.ceil(ms), LONGEST_SLEEP_MS), signal);
  }
}
