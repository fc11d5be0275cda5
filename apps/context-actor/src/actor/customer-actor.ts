/**
 * The context actor: applies the events of each customer strictly one at a time, customers side by side.
 *
 * Owns the contexts of the partitions that this instance holds. Per run of waiting events of one customer:
 *   load → (per event: skip what is at or below the watermark, drop duplicates, step, ask for decisions) →
 *   one commit by compare-and-set → relay the outbox → done.
 * I1 every event ends in the context or in DLQ; I2 in stream order; I3 one open decision; I4 a commit that
 * conflicts drops the activation and the partition; I11 a poison event goes to DLQ and its neighbours go on.
 */
import {
  MAX_RUN,
  partitionOf,
  type AuditRecord,
  type Context,
  type DecisionReply,
  type DlqReason,
  type OutboxEntry,
} from "#contracts";
import { bindDecision, seal } from "#audit";
import type { Clock } from "#clock";
import {
  answer,
  asksAhead,
  eventFingerprint,
  hasSeen,
  recordDeadLetter,
  recordDuplicate,
  step,
  type Intent,
  type Journeys,
  type NoAnswer,
} from "#domain";
import { faultKindOf, parseEvent, readHeader, type Publisher, type StreamMessage } from "#messaging";
import { faultPoint } from "#service";
import { span } from "#telemetry";
import { Activation, Activations } from "./activations.js";
import { onRecord, type DecisionOnRecord } from "./decision-on-record.js";
import { DecisionRun, questionOf, type Decider } from "./decision-run.js";
import { LostOwnership, type ContextStore } from "./context-store.js";
import { auditMessage, outboxOf, relay } from "./outbox.js";
import { AnswersToMoments, type Callers } from "./moment-answers.js";
import { TurnTimes, waitingAfter } from "./waiting-events.js";

export interface DecisionRecords {
  /** Resolves once the decisions are on record; recording the same ones again changes nothing. */
  put(
    decisions: readonly DecisionOnRecord[],
    traceHeaders: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void>;
}

export interface DeadLetters {
  put(message: StreamMessage, reason: DlqReason, detail: string): Promise<void>;
}

export interface Timers {
  /** Best effort: a timer that fires all the same finds its wait closed. */
  cancel(customerId: string, instance: string, wait: string): void;
}

export interface CustomerActorOptions {
  readonly store: ContextStore;
  readonly publisher: Publisher;
  readonly decider: Decider;
  readonly records: DecisionRecords;
  readonly deadLetters: DeadLetters;
  readonly timers: Timers;
  readonly callers: Callers;
  readonly journeys: Journeys;
  /** Reads the published journeys again: a newer instance may have published a version that runs on here (I10). */
  readonly reloadJourneys: () => Promise<Journeys>;
  readonly clock: Clock;
  readonly cacheBytes: number;
  readonly log: { error(fields: object, message: string): void; warn(fields: object, message: string): void };
}

interface Waiting {
  readonly message: StreamMessage;
  /** Highest sequence of the partition up to which everything was relayed before. */
  readonly floor: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export interface ActorCounts {
  applied: number;
  duplicates: number;
  deadLettered: number;
  redelivered: number;
  commits: number;
  conflicts: number;
  decisions: number;
}

/** Waiting events of one customer that may share a commit. */
const MAX_BATCH = 16;

export class CustomerActor {
  readonly counts: ActorCounts = {
    applied: 0,
    duplicates: 0,
    deadLettered: 0,
    redelivered: 0,
    commits: 0,
    conflicts: 0,
    decisions: 0,
  };
  readonly #mailboxes = new Map<string, Waiting[]>();
  readonly #activations: Activations;
  #journeys: Journeys;
  readonly #aborted = new AbortController();
  /** Partitions (subject tokens) in which an event was not handled: nothing after it is taken until they are dropped. */
  readonly #lost = new Set<string>();

  constructor(private readonly options: CustomerActorOptions) {
    this.#journeys = options.journeys;
    this.#activations = new Activations(options.cacheBytes, (id) => this.#mailboxes.has(id));
  }

  get cache(): { readonly activations: number; readonly bytes: number } {
    return { activations: this.#activations.size, bytes: this.#activations.bytes };
  }

  /**
   * Handles one message of EVT. `floor` is the acknowledged sequence of its partition: up to it every outbox has
   * been relayed. Resolves when it is done for good; rejects when the partition is lost.
   */
  handle(message: StreamMessage, floor: number): Promise<void> {
    const [, partition = "", customerId = ""] = message.subject.split(".");
    if (this.#lost.has(partition)) return Promise.reject(new Error("an earlier event was not handled"));
    return new Promise((done, failed) => {
      const waiting = { message, floor, done, failed };
      const mailbox = this.#mailboxes.get(customerId);
      if (mailbox) {
        mailbox.push(waiting);
        return;
      }
      this.#mailboxes.set(customerId, [waiting]);
      void this.#work(customerId);
    });
  }

  /** Forgets a partition that is no longer ours. */
  dropPartition(partition: number): void {
    this.#activations.dropPartition(partition);
    this.#lost.delete(String(partition));
  }

  /** From the next event on; one that is under way goes on with what it began with. */
  use(journeys: Journeys): void {
    this.#journeys = journeys;
  }

  /** Gives up what is still being retried (the server is away while the process must end). */
  abort(): void {
    this.#aborted.abort();
  }

  async #work(customerId: string): Promise<void> {
    const mailbox = this.#mailboxes.get(customerId)!;
    while (mailbox.length > 0) {
      const batch = mailbox.splice(0, MAX_BATCH);
      try {
        await this.#applyOrIsolate(customerId, batch);
        for (const w of batch) w.done();
      } catch (error) {
        this.#lost.add(batch[0]!.message.subject.split(".", 2)[1]!);
        if (error instanceof LostOwnership) this.counts.conflicts++;
        for (const w of [...batch, ...mailbox.splice(0)]) w.failed(error);
      }
    }
    this.#mailboxes.delete(customerId);
  }

  /** A fault that trying again cannot cure is narrowed down to its event, which goes to DLQ (I11). */
  async #applyOrIsolate(customerId: string, batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#apply(customerId, batch);
    } catch (error) {
      this.#activations.drop(customerId);
      if (this.#aborted.signal.aborted || faultKindOf(error) !== "terminal") throw error;
      if (batch.length > 1) {
        for (const waiting of batch) await this.#applyOrIsolate(customerId, [waiting]);
        return;
      }
      const { message } = batch[0]!;
      this.options.log.error(
        { seq: message.seq, stack: (error as Error).stack },
        "an event could not be handled; it goes to DLQ",
      );
      await this.options.deadLetters.put(message, "handler_failed", (error as Error).message);
      this.counts.deadLettered++;
    }
  }

  async #apply(customerId: string, batch: readonly Waiting[]): Promise<void> {
    const { store, clock, publisher } = this.options;
    const parsed = batch.map(({ message }) => parseEvent(message, clock));
    const asking = parsed.findIndex((p) => p.kind === "event" && p.event.moment?.over === false);
    if (asking >= 0 && asking < batch.length - 1) {
      // Somebody waits for this commit: the events behind have one of their own.
      await this.#apply(customerId, batch.slice(0, asking + 1));
      return this.#apply(customerId, batch.slice(asking + 1));
    }
    let activation: Activation | undefined;
    let context: Context | undefined;
    let committed: number | undefined;
    const outbox: OutboxEntry[] = [];
    const run = new DecisionRun(this.options.decider);
    const decisions: DecisionOnRecord[] = [];
    const records: AuditRecord[] = [];
    /** Trace of the first event that was applied: the records of the run share it. */
    let recordsTrace: Readonly<Record<string, string>> | undefined;
    const times = new TurnTimes(clock);
    const answers = new AnswersToMoments(this.options.callers);
    const cancelled: Array<Extract<Intent, { kind: "cancel-timer" }>> = [];
    for (const [i, { message, floor }] of batch.entries()) {
      const input = parsed[i]!;
      if (input.kind === "unreadable" && input.reason === "unsafe_subject") {
        // No customer to whose context it could belong.
        await this.options.deadLetters.put(message, input.reason, input.detail);
        this.counts.deadLettered++;
        continue;
      }
      if (!activation) {
        activation =
          this.#activations.get(customerId) ??
          new Activation(customerId, partitionOf(customerId), await store.load(customerId));
        this.#activations.put(activation);
        context = activation.context;
        // What stands in a snapshot up to the floor has left already; relaying it again after the stream has
        // forgotten its message id would double it. First, so that records stand in AUDIT in the order of their chain.
        if (context.watermark > floor) {
          await relay(publisher, clock, context.outbox, this.#aborted.signal);
          activation.context = context = { ...context, outbox: [] };
        }
      }
      if (message.seq <= context!.watermark) {
        this.counts.redelivered++;
        continue;
      }
      committed ??= message.seq - 1;
      if (input.kind === "unreadable") {
        await this.options.deadLetters.put(message, input.reason, input.detail);
        this.counts.deadLettered++;
        context = recordDeadLetter(context!, message.seq);
        continue;
      }
      const { event } = input;
      if (hasSeen(context!.seen, eventFingerprint(event))) {
        this.counts.duplicates++;
        context = recordDuplicate(context!, event.seq);
        if (event.moment) answers.none(event.moment, "duplicate");
        continue;
      }
      if (context!.journeys.some((j) => !this.#journeys.version(j.journey, j.version)))
        this.#journeys = await this.options.reloadJourneys();
      const journeys = this.#journeys;
      try {
        const parent = (name: string): string | undefined => readHeader(message.headers, name);
        context = await span(
          "receive evt",
          { kind: "consumer", parent, attributes: { "segue.event.type": familyOf(event.type) } },
          async (trace) => {
            recordsTrace ??= trace;
            const before = context!.journeys;
            const turn = step(context!, event, times.of(event), journeys);
            while (turn.ask) {
              this.counts.decisions++;
              const watermark = committed!;
              const question = questionOf({ ...turn.ask, watermark });
              const told = await run.answerTo(question, () =>
                asksAhead(turn, waitingAfter(parsed, i, times), journeys, MAX_RUN - 1).map((ask) =>
                  questionOf({ ...ask, watermark }),
                ),
              );
              faultPoint("actor.decide.after");
              let reply: DecisionReply | NoAnswer;
              let record: string | undefined;
              if ("reply" in told) {
                const decision = onRecord(question, told);
                decisions.push(decision);
                ({ reply, digest: record } = decision);
              } else reply = told;
              // What was foreseen for the events behind holds no longer: they get their times anew.
              if (reply.kind !== "none") times.forget();
              answer(turn, reply, journeys);
              if (record !== undefined) bindDecision(turn.entries, question.decisionId, record);
            }
            if (event.moment) answers.of(event.moment, turn);
            const cause = { storedAt: message.storedAt, traceHeaders: trace };
            outbox.push(...outboxOf(turn.context, turn.intents, cause));
            for (const i of turn.intents) if (i.kind === "cancel-timer") cancelled.push(i);
            // Of an event that only moved a journey on the record holds the time, which its waits go by.
            if (turn.entries.length === 0 && turn.context.journeys === before) return turn.context;
            const sealed = seal(turn.context, event, turn.entries);
            records.push(sealed.record);
            return sealed.context;
          },
        );
        this.counts.applied++;
      } catch (error) {
        if (this.#aborted.signal.aborted || faultKindOf(error) === "retryable") throw error;
        // A defect: this event fails every time. The others of this customer must not wait for it (I11).
        this.options.log.error(
          { type: event.type, seq: event.seq, stack: (error as Error).stack },
          "an event could not be handled; it goes to DLQ",
        );
        await this.options.deadLetters.put(message, "handler_failed", (error as Error).message);
        this.counts.deadLettered++;
        context = recordDeadLetter(context!, event.seq);
        if (event.moment) answers.none(event.moment, "failed");
      }
    }
    if (!activation || !context) return;
    if (records.length > 0) outbox.push(auditMessage(records, recordsTrace ?? {}));
    if (decisions.length > 0) {
      // Nothing is said to a customer that is not on record: the commands are in this commit.
      await this.options.records.put(decisions, recordsTrace ?? {}, this.#aborted.signal);
      faultPoint("actor.record.after");
    }
    if (context !== activation.context) {
      faultPoint("actor.commit.before");
      const stored = await store.commit({ ...context, outbox }, activation.revision, this.#aborted.signal);
      faultPoint("actor.commit.after");
      this.counts.commits++;
      this.#activations.update(activation, stored);
    }
    answers.send();
    if (outbox.length > 0) {
      await relay(publisher, clock, outbox, this.#aborted.signal);
      faultPoint("actor.publish.after");
      // Acknowledged: the next commit need not carry it.
      activation.context = { ...activation.context, outbox: [] };
    }
    for (const c of cancelled) this.options.timers.cancel(customerId, c.instance, c.wait);
  }
}

/** First token of an event type: few values, fit for a span attribute. */
function familyOf(type: string): string {
  return type.split(".", 1)[0] ?? type;
}
