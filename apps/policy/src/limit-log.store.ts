/**
 * Quotas and budgets of actions, counted over all customers and all instances of this service. Owns the stream LIMITS.
 *
 * 1. What is taken stands in the action's log before anybody is told that there was room, written by compare-and-set on
 *    the state that it was decided on: of two that take the last one at the same time, one finds the log changed, reads
 *    on, and is refused. So never more is taken than the limit, whatever crashes.
 * 2. Taking is idempotent by decision id, giving back as well.
 * 3. Redis has no part in it. What crashed between taking and ordering is taken: rather one too few.
 *
 * Those that come while a write is on its way share the next one.
 */
import type { DirectStreamAPI } from "@nats-io/jetstream";
import { nuid } from "@nats-io/nats-core";
import { limitEntryV1, LIMITS_STREAM, subjects, type LimitEntry, type Limits } from "#contracts";
import { LimitLedger, micros, type LimitReached } from "#domain";
import { sleep, storedMessages, type Publisher } from "#messaging";

/** The log does not answer, or is too much in demand. May pass. */
export class LimitsUnavailable extends Error {
  override readonly name = "LimitsUnavailable";
}

export interface LimitLogPorts {
  readonly direct: DirectStreamAPI;
  readonly publisher: Publisher;
}

type Wish =
  | { readonly kind: "take"; readonly limits: Limits; readonly id: string; readonly at: number }
  | { readonly kind: "give-back"; readonly id: string };
type Answer = "taken" | LimitReached;
interface Waiting {
  readonly wish: Wish;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

interface Log {
  readonly subject: string;
  readonly ledger: LimitLedger;
  /** Of the last entry in the ledger. */
  seq: number;
  /** When it was read to its end last (performance.now()). */
  readAt: number;
  waiting: Waiting[];
  working: boolean;
}

const MAX_TOGETHER = 256;
const MAX_ROUNDS = 50;
const GIVE_UP_AFTER_MS = 2_000;
/** What others gave back is noticed after so long: until then a limit that was reached counts as reached. */
const STALE_MS = 500;

export class LimitLogs {
  readonly #ports: LimitLogPorts;
  readonly #logs = new Map<string, Log>();

  constructor(ports: LimitLogPorts) {
    this.#ports = ports;
  }

  /** Whether there is no room for a decision, as far as is known; taking tells for sure. Throws LimitsUnavailable. */
  async reached(action: string, limits: Limits, id: string, at: number): Promise<LimitReached | undefined> {
    const log = this.#log(action);
    if (log.readAt === -Infinity) await this.#read(log);
    if (log.ledger.holds(id)) return undefined;
    const reached = log.ledger.reached(limits, at);
    if (reached === undefined || !isStale(log)) return reached;
    await this.#read(log);
    return log.ledger.reached(limits, at);
  }

  /** Takes one for a decision, or says why not. Throws LimitsUnavailable: then it may have been taken, and is asked again. */
  take(action: string, limits: Limits, id: string, at: number): Promise<Answer> {
    return this.#do(action, { kind: "take", limits, id, at });
  }

  /** Gives back what a decision took, if it did. Throws LimitsUnavailable. */
  async giveBack(action: string, id: string): Promise<void> {
    await this.#do(action, { kind: "give-back", id });
  }

  #log(action: string): Log {
    let log = this.#logs.get(action);
    if (!log) {
      const subject = subjects.limit(action);
      log = { subject, ledger: new LimitLedger(), seq: 0, readAt: -Infinity, waiting: [], working: false };
      this.#logs.set(action, log);
    }
    return log;
  }

  #do(action: string, wish: Wish): Promise<Answer> {
    const log = this.#log(action);
    return new Promise((resolve, reject) => {
      log.waiting.push({ wish, resolve, reject });
      if (!log.working) void this.#work(log);
    });
  }

  async #work(log: Log): Promise<void> {
    log.working = true;
    while (log.waiting.length > 0) {
      const together = log.waiting.splice(0, MAX_TOGETHER);
      try {
        const answers = await this.#settle(
          log,
          together.map((w) => w.wish),
        );
        for (const [i, { resolve }] of together.entries()) resolve(answers[i]!);
      } catch (error) {
        const cause = error as Error;
        for (const { reject } of together) reject(new LimitsUnavailable(cause.message, { cause }));
      }
    }
    log.working = false;
  }

  async #settle(log: Log, wishes: readonly Wish[]): Promise<readonly Answer[]> {
    // What is given back may have been taken by another instance a moment ago.
    let readFirst = log.readAt === -Infinity || wishes.some((w) => w.kind === "give-back");
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (readFirst) await this.#read(log);
      const { entry, answers } = decide(log.ledger, wishes);
      readFirst = true;
      if (answers.some((a) => a !== "taken") && isStale(log)) continue;
      if (entry.taken.length + entry.givenBack.length === 0) return answers;
      const result = await this.#ports.publisher.publish(log.subject, JSON.stringify(entry), {
        msgId: nuid.next(),
        expectLastSubjectSequence: log.seq,
        giveUpAfterMs: GIVE_UP_AFTER_MS,
      });
      if (result.kind === "written") {
        log.ledger.apply(entry);
        log.seq = result.seq;
        return answers;
      }
      // Many who want the same at once would find each other there again and again.
      await sleep(Math.random() * Math.min(round * 2, 20));
    }
    throw new LimitsUnavailable(`${log.subject} kept changing while it was being changed`);
  }

  async #read(log: Log): Promise<void> {
    const { direct } = this.#ports;
    try {
      for await (const message of storedMessages(direct, LIMITS_STREAM, log.subject, { seq: log.seq + 1 })) {
        // Two may read at the same time.
        if (message.seq <= log.seq) continue;
        log.ledger.apply(limitEntryV1.parse(message.json()));
        log.seq = message.seq;
      }
    } catch (error) {
      throw new LimitsUnavailable(`${log.subject} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
    log.readAt = performance.now();
  }
}

function isStale(log: Log): boolean {
  return performance.now() - log.readAt > STALE_MS;
}

/** What comes of wishes that share one write. */
function decide(
  ledger: LimitLedger,
  wishes: readonly Wish[],
): { readonly entry: LimitEntry; readonly answers: readonly Answer[] } {
  const entry: LimitEntry = { v: 1, taken: [], givenBack: [] };
  const ids = new Set<string>();
  let prepared = { count: 0, micros: 0 };
  const answers = wishes.map((wish): Answer => {
    if (wish.kind === "give-back") {
      if (ledger.holds(wish.id) && !entry.givenBack.includes(wish.id)) entry.givenBack.push(wish.id);
      return "taken";
    }
    const { id, limits, at } = wish;
    if (ledger.holds(id) || ids.has(id)) return "taken";
    const reached = ledger.reached(limits, at, prepared);
    if (reached) return reached;
    ids.add(id);
    entry.taken.push({ id, at, cost: limits.cost });
    prepared = { count: prepared.count + 1, micros: prepared.micros + micros(limits.cost) };
    return "taken";
  });
  return { entry, answers };
}
