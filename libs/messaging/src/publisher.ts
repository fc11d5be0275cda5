/**
 * Publishing that does not lose: each message has an id, and is published again under the same id until the
 * stream acknowledges it, so that a reconnect neither drops nor doubles it.
 */
import {
  JetStreamApiError,
  JetStreamError,
  jetstream,
  type JetStreamClient,
  type JetStreamPublishOptions,
} from "@nats-io/jetstream";
import {
  ClosedConnectionError,
  InvalidArgumentError,
  headers as natsHeaders,
  type MsgHdrs,
  type NatsConnection,
} from "@nats-io/nats-core";

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

export function toHeaders(record: Readonly<Record<string, string>>): MsgHdrs {
  const h = natsHeaders();
  for (const k in record) h.set(k, record[k]!);
  return h;
}

/**
 * Errors that the stream itself answers and that a retry will not change: the message is refused.
 * (Full streams, missing permissions, wrong sequence.)
 */
function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code >= 10_000 && !TRANSIENT_API_CODES.has(error.code);
}

/** Insufficient resources, no leader yet, stream offline: these pass. */
const TRANSIENT_API_CODES = new Set([10_008, 10_009, 10_023, 10_118]);

export class Publisher {
  readonly #js: JetStreamClient;

  constructor(nc: NatsConnection) {
    this.#js = jetstream(nc, { timeout: ACK_TIMEOUT_MS });
  }

  /** Resolves once the stream has the message. Throws when the stream refuses it, or when given up. */
  async publish(
    subject: string,
    payload: Uint8Array | string,
    options: PublishOptions,
  ): Promise<PublishResult> {
    const js: Partial<JetStreamPublishOptions> = { msgID: options.msgId, timeout: ACK_TIMEOUT_MS };
    if (options.headers) js.headers = toHeaders(options.headers);
    if (options.expectLastSubjectSequence !== undefined) {
      js.expect = { lastSubjectSequence: options.expectLastSubjectSequence };
    }
    if (options.schedule) {
      const { at, target, ttl } = options.schedule;
      js.schedule = { specification: new Date(at), target, ttl };
    }
    const until = options.giveUpAfterMs === undefined ? Infinity : Date.now() + options.giveUpAfterMs;
    for (let delayMs = RETRY_MIN_MS; ; delayMs = Math.min(delayMs * 2, RETRY_MAX_MS)) {
      try {
        const ack = await this.#js.publish(subject, payload, js);
        return { kind: "written", seq: ack.seq, duplicate: ack.duplicate };
      } catch (error) {
        if (error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.includes(error.code))
          return { kind: "conflict" };
        if (
          isRefusal(error) ||
          // Larger than the server takes, or a header that cannot be: it will be so next time.
          error instanceof InvalidArgumentError ||
          error instanceof ClosedConnectionError ||
          options.signal?.aborted ||
          Date.now() + delayMs > until
        )
          throw error;
        await sleep(delayMs, options.signal);
      }
    }
  }
}

export { JetStreamApiError, JetStreamError };

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
