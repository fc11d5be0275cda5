/**
 * Publishing that does not lose: each message has an id, and is published again under the same id until the
 * stream acknowledges it, so that a reconnect neither drops nor doubles it.
 */
import {
  JetStreamApiError,
  JetStreamError,
  PubHeaders,
  type ApiError,
  type PubAck,
} from "@nats-io/jetstream";
import {
  ClosedConnectionError,
  InvalidArgumentError,
  NoRespondersError,
  RequestError,
  TimeoutError,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from "@nats-io/nats-core";
import { onReconnect } from "./connection.js";
import { atEndOfTurn } from "./end-of-turn.js";
import { toHeaders } from "./message-headers.js";
import { ReplyInbox } from "./reply-inbox.js";

export interface PublishOptions {
  /** Message id; the stream drops a second message with the same one within its window. */
  readonly msgId: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Only if the subject's last sequence is this one (0: no message yet). */
  readonly expectLastSubjectSequence?: number;
  /** Schedule: publish to `target` at this wall time (epoch ms); `ttl` is how long the fired message is kept. */
  readonly schedule?: { readonly at: number; readonly target: string; readonly ttl: string };
  /** Give up when aborted; the error is then the last one seen. */
  readonly signal?: AbortSignal;
  /** Give up after this many milliseconds; for ever without it. */
  readonly giveUpAfterMs?: number;
}

export type PublishResult =
  | { readonly kind: "written"; readonly seq: number; readonly duplicate: boolean }
  /** The expected sequence was not the subject's last one. */
  | { readonly kind: "conflict" };

const WRONG_LAST_SEQUENCE = [10_071, 10_164];
const ACK_TIMEOUT_MS = 2_000;
const RETRY_MIN_MS = 20;
const RETRY_MAX_MS = 1_000;
/** On the way at once, per connection; more wait their turn. A stream holds 10,000 of all its publishers, and drops the rest. */
const MAX_ON_THE_WAY = 4_096;

/**
 * Errors that the stream itself answers and that a retry will not change: the message is refused.
 * (Full streams, missing permissions, wrong sequence.)
 */
function isRefusal(error: Error): boolean {
  return error instanceof JetStreamApiError && error.code >= 10_000 && !TRANSIENT_API_CODES.has(error.code);
}

/** Insufficient resources, no leader yet, stream offline, too many messages at once: these pass. */
const TRANSIENT_API_CODES = new Set([10_008, 10_009, 10_023, 10_118, 10_167]);

/** One message until the stream has it. */
interface Publication {
  readonly subject: string;
  readonly payload: Uint8Array | string;
  readonly headers: MsgHdrs;
  readonly options: PublishOptions;
  readonly giveUpAt: number;
  readonly resolve: (result: PublishResult) => void;
  readonly reject: (error: Error) => void;
  /** Of the try under way. */
  until: number;
  /** Before the next try. */
  delayMs: number;
}

export class Publisher {
  readonly #nc: NatsConnection;
  readonly #acks: ReplyInbox<Publication>;
  /** In their order: those of this turn, and those that wait for room. */
  #queue: Publication[] = [];
  #sending = false;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    this.#acks = new ReplyInbox<Publication>(nc, {
      onReply: (number, message) => {
        const publication = this.#acks.take(number);
        if (publication) this.#answered(publication, message);
        this.#sendSoon();
      },
      onEnd: (publication, error) => {
        this.#failed(publication, error ?? new TimeoutError());
        this.#sendSoon();
      },
    });
    // What was on its way when the connection broke may be lost, or its acknowledgement: it is sent again at once.
    onReconnect(nc, () => this.#acks.endAll(new RequestError("the connection was lost")));
  }

  /** Resolves once the stream has the message. Throws when the stream refuses it, or when given up. */
  publish(subject: string, payload: Uint8Array | string, options: PublishOptions): Promise<PublishResult> {
    return new Promise((resolve, reject) => {
      this.#enqueue({
        subject,
        payload,
        headers: toHeaders(headersOf(options)),
        options,
        giveUpAt: options.giveUpAfterMs === undefined ? Infinity : Date.now() + options.giveUpAfterMs,
        resolve,
        reject,
        until: 0,
        delayMs: RETRY_MIN_MS,
      });
    });
  }

  #enqueue(publication: Publication): void {
    this.#queue.push(publication);
    this.#sendSoon();
  }

  #sendSoon(): void {
    if (this.#sending || this.#queue.length === 0 || this.#acks.size >= MAX_ON_THE_WAY) return;
    this.#sending = true;
    atEndOfTurn(() => {
      this.#sending = false;
      const room = MAX_ON_THE_WAY - this.#acks.size;
      const now = this.#queue.length <= room ? this.#queue : this.#queue.slice(0, room);
      this.#queue = this.#queue.slice(now.length);
      for (const publication of now) this.#send(publication);
    });
  }

  #send(publication: Publication): void {
    publication.until = Date.now() + ACK_TIMEOUT_MS;
    let number: number | undefined;
    try {
      number = this.#acks.add(publication);
      this.#nc.publish(publication.subject, publication.payload, {
        reply: this.#acks.subject(number),
        headers: publication.headers,
      });
    } catch (error) {
      if (number !== undefined) this.#acks.take(number);
      this.#failed(publication, error as Error);
    }
  }

  #answered(publication: Publication, message: Msg): void {
    const { data } = message;
    if (data.length === 0 && message.headers?.code === 503) {
      this.#failed(publication, new NoRespondersError(publication.subject));
      return;
    }
    const ack = readAck(message);
    if (ack instanceof Error) this.#failed(publication, ack);
    else publication.resolve(ack);
  }

  /** Settles the publication or tries again later. */
  #failed(publication: Publication, error: Error): void {
    const { options, delayMs } = publication;
    if (error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(error.code)) {
      publication.resolve({ kind: "conflict" });
      return;
    }
    if (
      isRefusal(error) ||
      // Larger than the server takes: it will be so next time.
      error instanceof InvalidArgumentError ||
      error instanceof ClosedConnectionError ||
      options.signal?.aborted ||
      Date.now() + delayMs > publication.giveUpAt
    ) {
      publication.reject(error);
      return;
    }
    publication.delayMs = Math.min(delayMs * 2, RETRY_MAX_MS);
    void sleep(delayMs, options.signal).then(() => this.#enqueue(publication));
  }
}

export { JetStreamApiError, JetStreamError };

function headersOf(options: PublishOptions): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { ...options.headers, [PubHeaders.MsgIdHdr]: options.msgId };
  if (options.expectLastSubjectSequence !== undefined)
    headers[PubHeaders.ExpectedLastSubjectSequenceHdr] = String(options.expectLastSubjectSequence);
  if (options.schedule) {
    const { at, target, ttl } = options.schedule;
    headers[PubHeaders.Schedule] = `@at ${new Date(at).toISOString()}`;
    headers[PubHeaders.ScheduleTarget] = target;
    headers[PubHeaders.ScheduleTTL] = ttl;
  }
  return headers;
}

/** The stream's answer to a publish: where the message stands, or why not. */
function readAck(message: Msg): PublishResult | Error {
  let ack: (Partial<PubAck> & { readonly error?: ApiError }) | null;
  try {
    ack = message.json();
  } catch (cause) {
    return new JetStreamError("invalid ack response", { cause });
  }
  if (ack?.error) return new JetStreamApiError(ack.error);
  if (!ack?.stream || ack.seq === undefined) return new JetStreamError("invalid ack response");
  return { kind: "written", seq: ack.seq, duplicate: ack.duplicate ?? false };
}

/** Waits, or returns early when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
