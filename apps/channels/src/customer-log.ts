/** Reads what stands in the streams about one customer, newest knowledge first. */
import {
  JetStreamApiError,
  jetstreamManager,
  type JetStreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";

const NO_MESSAGE = 10_037;
const BATCH = 256;
/** Clocks of the servers that stamp messages may differ by this much. */
const SKEW_MS = 60_000;

export class CustomerLog {
  readonly #nc: NatsConnection;
  #jsm: Promise<JetStreamManager> | undefined;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  /** The last message on the subject (wildcards allowed). */
  async last(stream: string, subject: string): Promise<StoredMsg | undefined> {
    const jsm = await this.#manager();
    try {
      return (await jsm.direct.getMessage(stream, { last_by_subj: subject })) ?? undefined;
    } catch (error) {
      if (isNoMessage(error)) return undefined;
      throw error;
    }
  }

  /**
   * The first message on the subject, stored since `sinceMs` (wall-clock epoch ms) and up to `last`, that `pick`
   * makes something of. In the usual case, nothing stored since then, it reads nothing.
   */
  async find<T>(
    stream: string,
    subject: string,
    sinceMs: number,
    last: StoredMsg | undefined,
    pick: (m: StoredMsg) => T | undefined,
  ): Promise<T | undefined> {
    const since = sinceMs - SKEW_MS;
    if (!last || last.time.getTime() < since) return undefined;
    const got = pick(last);
    if (got !== undefined) return got;
    const jsm = await this.#manager();
    let from: { start_time: Date } | { seq: number } = { start_time: new Date(Math.max(since, 0)) };
    for (;;) {
      let seen: StoredMsg | undefined;
      try {
        for await (const m of await jsm.direct.getBatch(stream, {
          ...from,
          batch: BATCH,
          next_by_subj: subject,
        })) {
          seen = m;
          const found = pick(m);
          if (found !== undefined) return found;
        }
      } catch (error) {
        if (!isNoMessage(error)) throw error;
      }
      if (!seen || seen.seq >= last.seq) return undefined;
      from = { seq: seen.seq + 1 };
    }
  }

  #manager(): Promise<JetStreamManager> {
    // `checkAPI: false`: it must be had, too, while the server is away.
    this.#jsm ??= jetstreamManager(this.#nc, { checkAPI: false });
    return this.#jsm;
  }
}

function isNoMessage(error: unknown): boolean {
  return error instanceof JetStreamApiError
    ? error.code === NO_MESSAGE || error.code === 404
    : /message not found|no message/i.test((error as Error).message);
}
