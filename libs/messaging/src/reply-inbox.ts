/**
 * Answers to many requests over one subscription. nats-core's own requests cost an `Error` with its stack, a timer
 * and three promises each; here a request costs an entry of a map, and one timer serves the deadlines of all.
 *
 * Owns: the requests under way, by number; a reply to `<inbox>.<number>` belongs to that one.
 */
import { ClosedConnectionError, createInbox, type Msg, type NatsConnection } from "@nats-io/nats-core";

/** A request under way. */
export interface Waiting {
  /** When it is given up, wall-clock epoch ms. */
  readonly until: number;
}

export interface ReplyInboxOptions<T extends Waiting> {
  /** A reply to this number, which may be no longer under way. */
  readonly onReply: (number: number, message: Msg) => void;
  /** It has ended without an answer: `undefined` when its time is over. It is no longer under way. */
  readonly onEnd: (waiting: T, error: Error | undefined) => void;
}

export class ReplyInbox<T extends Waiting> {
  readonly #nc: NatsConnection;
  readonly #options: ReplyInboxOptions<T>;
  readonly #prefix: string;
  readonly #underWay = new Map<number, T>();
  #next = 0;
  #subscribed = false;
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = Infinity;

  constructor(nc: NatsConnection, options: ReplyInboxOptions<T>) {
    this.#nc = nc;
    this.#options = options;
    this.#prefix = `${createInbox()}.`;
    void nc.closed().then(() => this.endAll(new ClosedConnectionError()));
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** Registers a request and says its number. Throws when the connection is closed or draining. */
  add(waiting: T): number {
    if (!this.#subscribed) this.#subscribe();
    const number = ++this.#next;
    this.#underWay.set(number, waiting);
    if (waiting.until < this.#wakeAt) this.#wake(waiting.until);
    return number;
  }

  /** Where the replies to a number go; requests have those from 1. */
  subject(number: number): string {
    return this.#prefix + number;
  }

  get(number: number): T | undefined {
    return this.#underWay.get(number);
  }

  /** The request, which is then no longer under way; `undefined` when it was answered or given up before. */
  take(number: number): T | undefined {
    const waiting = this.#underWay.get(number);
    if (waiting) this.#underWay.delete(number);
    return waiting;
  }

  /** Ends everything that is under way, for example when the connection that would bring the replies was lost. */
  endAll(error: Error): void {
    const all = [...this.#underWay.values()];
    this.#underWay.clear();
    for (const waiting of all) this.#options.onEnd(waiting, error);
  }

  #subscribe(): void {
    const from = this.#prefix.length;
    this.#nc.subscribe(`${this.#prefix}*`, {
      callback: (error, message) => {
        if (error) {
          // The server refuses the subscription; the next request tries again.
          this.#subscribed = false;
          this.endAll(error);
          return;
        }
        this.#options.onReply(Number(message.subject.slice(from)), message);
      },
    });
    this.#subscribed = true;
  }

  #wake(at: number): void {
    clearTimeout(this.#timer);
    this.#wakeAt = at;
    this.#timer = setTimeout(() => this.#sweep(), Math.max(at - Date.now(), 0));
  }

  #sweep(): void {
    this.#wakeAt = Infinity;
    const now = Date.now();
    const late: T[] = [];
    let next = Infinity;
    for (const [number, waiting] of this.#underWay) {
      if (waiting.until <= now) {
        this.#underWay.delete(number);
        late.push(waiting);
      } else if (waiting.until < next) next = waiting.until;
    }
    if (next < Infinity) this.#wake(next);
    for (const waiting of late) this.#options.onEnd(waiting, undefined);
  }
}
