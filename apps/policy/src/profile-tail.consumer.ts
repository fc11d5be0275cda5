/**
 * Follows EVT into the index: profile events are folded in, contacts of other systems counted, outcomes release
 * reservations (and quotas), each kind by its own
 * tail, so that a flood of outcomes delays no opt-out. Every instance reads everything; sequences and states make
 * that idempotent. It never skips: while Redis is away it waits.
 *
 * I7 After an acknowledged opt-out, hold or kill switch, no send starts later than 1 s: the gate asks `fresh`,
 *    which is false once the stream has given no sign of life for that long.
 */
import {
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type ConsumerMessages,
  type JsMsg,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "#clock";
import { eventTypes, outcomeV1, streamsOf, subjects, type TerminalOutcome } from "#contracts";
import { PROFILE_FAMILIES, settlement } from "#domain";
import { eventMessage, sleep } from "#messaging";
import { LimitsUnavailable, type LimitLogs } from "./limit-log.store.js";
import type { PolicyIndex } from "./policy-index.store.js";
import { foldEvent } from "./profile-events.js";
import type { RecentProfileEvents } from "./recent-profile-events.js";
import { reportOf } from "./reported-contacts.js";
import { IndexUnavailable } from "./redis-connection.js";
import { parseStored, type StoredEvent } from "./stored-events.reader.js";

interface TailKind {
  readonly name: "profiles" | "outcomes";
  readonly filters: readonly string[];
  /** How many events may be under way to Redis at once; profile events are folded one after the other. */
  readonly inFlight: number;
}
const PROFILES: TailKind = {
  name: "profiles",
  filters: [
    ...PROFILE_FAMILIES.map((f) => subjects.evtOfTypeFamily(f)),
    subjects.evtOfType(eventTypes.contactReported),
  ],
  inFlight: 1,
};
/** Those that may give budget back: the others leave a contact counted as it is. */
const RELEASING: readonly TerminalOutcome[] = ["failed", "expired", "suppressed"];
const OUTCOMES: TailKind = {
  name: "outcomes",
  filters: RELEASING.map((kind) => subjects.outcomesOfKind(kind)),
  inFlight: 64,
};

/** The least that the client allows; two of them fit into the second of I7. */
const HEARTBEAT_MS = 500;
const FRESH_MS = 1_000;
const RETRY_MS = 100;
const SAVE_EVERY_MS = 250;

export interface TailLog {
  warn(fields: object, message: string): void;
}

type State = "catching-up" | "following" | "stopped";

/** The tail of one kind of events of one EVT stream. */
class StreamTail {
  /** Name of its position. */
  readonly name: string;
  readonly kind: TailKind;
  /** All filtered events up to this sequence are in the index. */
  position = 0;
  state: State = "catching-up";
  #signAt = 0;
  /** How many messages are in the index, of those received since the consumer was opened. */
  #applied = 0;
  #messages: ConsumerMessages | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();
  readonly #stream: string;
  readonly #nc: NatsConnection;
  readonly #index: PolicyIndex;
  readonly #recent: RecentProfileEvents | undefined;
  readonly #limits: Pick<LimitLogs, "giveBack">;
  readonly #log: TailLog;
  readonly #clock: Clock;

  constructor(kind: TailKind, stream: string, ports: ProfileTailPorts) {
    const { nc, index, recent, limits, clock, log } = ports;
    this.#limits = limits;
    this.#clock = clock;
    this.#recent = kind === PROFILES ? recent : undefined;
    this.name = `${stream}:${kind.name}`;
    this.kind = kind;
    this.#stream = stream;
    this.#nc = nc;
    this.#index = index;
    this.#log = log;
  }

  get fresh(): boolean {
    return this.state === "following" && performance.now() - this.#signAt < FRESH_MS;
  }

  async start(): Promise<void> {
    const jsm = await jetstreamManager(this.#nc);
    // Whatever is built from now on includes all up to here, so this is where a first watermark may stand.
    this.position = (await jsm.streams.info(this.#stream)).state.last_seq;
    this.#running = this.#run(this.position);
  }

  async stop(): Promise<void> {
    this.state = "stopped";
    this.#stop.abort();
    this.#messages?.stop();
    await this.#running;
    await this.#index.movePosition(this.name, this.position).catch(() => undefined);
  }

  async #run(last: number): Promise<void> {
    await this.#untilDone(async () => {
      const position = await this.#index.position(this.name);
      // Without a position nothing is built yet, and there is nothing to catch up with.
      this.position = position === undefined ? last : Math.min(position, last);
    });
    this.#recent?.begin(this.#stream, this.position);
    if (this.position === last) this.#follows();
    while (this.state !== "stopped") {
      try {
        await this.#follow();
      } catch (error) {
        this.#log.warn({ tail: this.name, error: (error as Error).message }, "the policy tail starts again");
      }
      await sleep(RETRY_MS, this.#stop.signal);
    }
  }

  #follows(): void {
    if (this.state === "catching-up") this.state = "following";
  }

  async #follow(): Promise<void> {
    const consumer = await jetstream(this.#nc).consumers.get(this.#stream, {
      filter_subjects: [...this.kind.filters],
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.position + 1,
    });
    // Asked before the first pull: what is on its way to us is pending no more, and not yet in the index.
    const { num_pending: waiting } = await consumer.info();
    const messages = await consumer.consume({ max_messages: 500, idle_heartbeat: HEARTBEAT_MS });
    if (this.state === "stopped") return messages.stop();
    this.#messages = messages;
    // What the stream ends with may be of no interest here: then no message will ever say that it was the last.
    if (waiting === 0) {
      this.#sign();
      this.#follows();
    }
    this.#applied = 0;
    void this.#watch(messages);
    let savedAt = 0;
    let taken = 0;
    let underWay: Promise<void>[] = [];
    for await (const message of messages) {
      taken++;
      underWay.push(this.#apply(message));
      const { pending, timestampNanos } = message.info;
      if (underWay.length < this.kind.inFlight && pending > 0) continue;
      await Promise.all(underWay);
      underWay = [];
      if (this.#stop.signal.aborted) return;
      this.position = message.seq;
      this.#applied = taken;
      // While it is behind, a message is no sign that what was acknowledged by now is in the index.
      if (pending === 0 || Date.now() - timestampNanos / 1e6 < HEARTBEAT_MS) this.#sign();
      if (pending === 0) this.#follows();
      if (performance.now() - savedAt < SAVE_EVERY_MS) continue;
      savedAt = performance.now();
      await this.#index.movePosition(this.name, this.position).catch(() => undefined);
    }
  }

  #sign(): void {
    this.#signAt = performance.now();
  }

  /** A heartbeat says that the stream has nothing more for us; what it gave before must be in the index as well. */
  async #watch(messages: ConsumerMessages): Promise<void> {
    for await (const status of messages.status()) {
      if (status.type !== "heartbeat") continue;
      // By own count: the consumer's numbers begin anew when it is made again, and with each pull the client counts an
      // item of its own in `getPending`.
      if (messages.getReceived() > this.#applied) continue;
      this.#sign();
      this.#follows();
    }
  }

  async #apply(message: JsMsg): Promise<void> {
    const event = parseStored(eventMessage(message), this.#clock);
    // Before the index is told: a customer is taken over either without this event in sight, and then this finds the
    // entry there, or not at all.
    this.#recent?.record(this.#stream, event?.customerId, message.seq);
    if (event) await this.#untilDone(() => this.#into(event));
  }

  /** Again and again while Redis, or the log of limits, is away. */
  async #untilDone(work: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof IndexUnavailable || error instanceof LimitsUnavailable)) throw error;
        await sleep(RETRY_MS, this.#stop.signal);
      }
    }
  }

  async #into(event: StoredEvent): Promise<void> {
    if (event.type === eventTypes.contactReported) {
      const report = reportOf(event);
      const at = { stream: this.#stream, seq: event.seq };
      if (report) await this.#index.report(event.customerId, at, report.id, report.record);
      return;
    }
    if (!event.type.startsWith(`${eventTypes.outcomeFamily}.`)) {
      const at = { stream: this.#stream, seq: event.seq };
      await this.#index.fold(event.customerId, at, (now) => foldEvent(now, event));
      return;
    }
    const outcome = outcomeV1.safeParse(event.data);
    if (!outcome.success || settlement(outcome.data) !== "released") return;
    const { action, reservationId } = outcome.data;
    await this.#index.release(event.customerId, reservationId);
    await this.#limits.giveBack(action, reservationId);
  }
}

export interface ProfileTailPorts {
  readonly nc: NatsConnection;
  readonly index: PolicyIndex;
  readonly recent: RecentProfileEvents;
  readonly limits: Pick<LimitLogs, "giveBack">;
  readonly clock: Clock;
  readonly log: TailLog;
}

/** All tails over all EVT streams. */
export class ProfileTail {
  readonly #tails: readonly StreamTail[];

  constructor(ports: ProfileTailPorts) {
    this.#tails = [PROFILES, OUTCOMES].flatMap((kind) =>
      streamsOf("EVT").map((stream) => new StreamTail(kind, stream, ports)),
    );
  }

  async start(): Promise<void> {
    await Promise.all(this.#tails.map((t) => t.start()));
  }

  /** Everything stored before the start is in the index. */
  get caughtUp(): boolean {
    return this.#tails.every((t) => t.state === "following");
  }

  /** No profile event that was acknowledged more than a second ago is missing in the index. */
  get fresh(): boolean {
    return this.#tails.every((t) => t.kind !== PROFILES || t.fresh);
  }

  positions(): ReadonlyMap<string, number> {
    return new Map(this.#tails.map((t) => [t.name, t.position]));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#tails.map((t) => t.stop()));
  }
}
