/** Reads what stands in the streams about one customer, newest knowledge first. */
import { jetstreamManager, type JetStreamManager, type StoredMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { lastStored, storedMessages } from "#messaging";

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
    return lastStored(jsm.direct, stream, subject);
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
    const from = { start_time: new Date(Math.max(since, 0)) };
    for await (const m of storedMessages(jsm.direct, stream, subject, from)) {
      const found = pick(m);
      if (found !== undefined) return found;
      if (m.seq >= last.seq) return undefined;
    }
    return undefined;
  }

  #manager(): Promise<JetStreamManager> {
    // `checkAPI: false`: it must be had, too, while the server is away.
    this.#jsm ??= jetstreamManager(this.#nc, { checkAPI: false });
    return this.#jsm;
  }
}
