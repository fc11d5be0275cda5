/**
 * The connection to Redis, and the epoch of what lies there.
 *
 * An index entry is trusted only within the epoch in which it was built: EVT's creation and the run of the
 * Redis process. A Redis that was restarted, restored or replaced by a replica may have lost its last writes
 * without a sign of it; its new run makes every entry unknown, to be rebuilt from JetStream when next needed.
 */
import { Redis } from "ioredis";
import { RECORD_LAYOUT } from "./contact-record.js";

/** Redis cannot be asked: nothing can be counted. May pass. */
export class IndexUnavailable extends Error {
  override readonly name = "IndexUnavailable";
}

/** Longer than any healthy answer; short enough to still answer the caller. */
const COMMAND_TIMEOUT_MS = 500;
const RECONNECT_MAX_MS = 500;

export interface RedisConnectionOptions {
  readonly url: string;
  /** Names the EVT streams by their creation, without a slash. */
  readonly origin: string;
  readonly onError?: (error: Error) => void;
}

export class RedisConnection {
  readonly redis: Redis;
  readonly origin: string;
  readonly #onError: RedisConnectionOptions["onError"];
  #epoch: string | undefined;
  #gathering = false;

  constructor(options: RedisConnectionOptions) {
    this.origin = options.origin;
    this.#onError = options.onError;
    this.redis = new Redis(options.url, {
      enableOfflineQueue: false,
      // A command of the last connection must not reach another run of Redis under the old epoch.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: 2_000,
      retryStrategy: (attempt) => Math.min(attempt * 50, RECONNECT_MAX_MS),
    });
    this.redis.on("error", (error) => this.#onError?.(error));
    this.redis.on("close", () => (this.#epoch = undefined));
    this.redis.on("ready", () => void this.#learnEpoch());
  }

  async #learnEpoch(): Promise<void> {
    try {
      const info = await this.redis.info();
      const run = /^run_id:(\w+)/m.exec(info)?.[1];
      // Contacts that were evicted would not be missed (I6).
      const evicts = /^maxmemory_policy:(?!noeviction)(\S+)/m.exec(info)?.[1];
      if (evicts !== undefined && !/^maxmemory:0\s/m.test(info))
        throw new Error(`Redis may evict keys (maxmemory-policy ${evicts}): set it to noeviction`);
      if (run) this.#epoch = `${this.origin}/${run}/${RECORD_LAYOUT}`;
    } catch (error) {
      this.#onError?.(error as Error);
      // Another connection follows, and asks again.
      this.redis.disconnect(true);
    }
  }

  /** `<origin>/<run of Redis>/<layout of the records>`. Throws IndexUnavailable while there is no Redis. */
  get epoch(): string {
    if (this.#epoch === undefined) throw new IndexUnavailable("Redis is not connected");
    return this.#epoch;
  }

  /** Commands of one turn of the event loop leave in one write. */
  gather(): void {
    const { stream } = this.redis;
    if (this.#gathering || !this.ready) return;
    this.#gathering = true;
    stream.cork();
    setImmediate(() => {
      this.#gathering = false;
      stream.uncork();
    });
  }

  get ready(): boolean {
    return this.#epoch !== undefined;
  }

  async close(): Promise<void> {
    if (this.ready) await this.redis.quit().catch(() => undefined);
    this.redis.disconnect();
  }
}
