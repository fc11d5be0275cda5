/**
 * One holder at a time: a key of the bucket `leases` with a TTL, taken when it is free and renewed every second. As with
 * partitions it is an optimisation that keeps two instances from doing the same work; what is written is kept right by
 * compare-and-set.
 */
import { JetStreamApiError, jetstream, type JetStreamClient } from "@nats-io/jetstream";
import { Kvm, type KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { LEASE_TTL_MS } from "./provision.js";
import { sleep } from "./publisher.js";

const BUCKET = "leases";
const RENEW_MS = 1_000;
const PUBLISH_TIMEOUT_MS = 1_500;

export class Lease {
  readonly #js: JetStreamClient;
  readonly #stop = new AbortController();
  #kv: KV | undefined;
  #loop: Promise<void> = Promise.resolve();
  /** Revision of the key as this holder wrote it; 0 while somebody else holds it. */
  #revision = 0;
  #renewedAt = -Infinity;

  constructor(
    private readonly nc: NatsConnection,
    /** A name below `leases`, such as `learner`. */
    private readonly key: string,
    private readonly holder: string,
    private readonly monotonic: () => number = () => performance.now(),
  ) {
    this.#js = jetstream(nc, { timeout: PUBLISH_TIMEOUT_MS });
  }

  /** Tries to get it from now on, and to keep it. */
  start(): void {
    this.#loop = (async () => {
      while (!this.#stop.signal.aborted) {
        await this.#take().catch(() => undefined);
        await sleep(RENEW_MS, this.#stop.signal);
      }
    })();
  }

  /** True while it is this holder's for certain. */
  get held(): boolean {
    return this.#revision > 0 && this.monotonic() - this.#renewedAt < LEASE_TTL_MS;
  }

  /** Gives it up: the next one has it at once. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    if (this.held) await this.#kv?.delete(this.key).catch(() => undefined);
    this.#revision = 0;
  }

  async #take(): Promise<void> {
    this.#kv ??= await new Kvm(this.nc).open(BUCKET);
    const startedAt = this.monotonic();
    if (!this.held) {
      const entry = await this.#kv.get(this.key);
      this.#revision = 0;
      if (entry?.operation === "PUT") return;
      await this.#write(entry?.revision ?? 0, startedAt);
    } else await this.#write(this.#revision, startedAt);
  }

  async #write(expected: number, startedAt: number): Promise<void> {
    try {
      // Not `kv.put`: it cannot carry a TTL.
      const { seq } = await this.#js.publish(`$KV.${BUCKET}.${this.key}`, this.holder, {
        ttl: `${LEASE_TTL_MS / 1_000}s`,
        expect: { lastSubjectSequence: expected },
      });
      this.#revision = seq;
      this.#renewedAt = startedAt;
    } catch (error) {
      // Somebody was faster. Any other failure leaves it to run out.
      if (error instanceof JetStreamApiError) this.#revision = 0;
      throw error;
    }
  }
}
