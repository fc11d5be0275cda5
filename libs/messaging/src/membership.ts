/**
 * Who is alive and which partitions each holds: one key per instance in the `leases` bucket, with a TTL,
 * renewed every second, listing the partitions that the instance holds. A lease is an optimisation that keeps
 * two instances from working on one partition; correctness is the compare-and-set on the context (I4).
 */
import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import { Kvm, type KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { LEASE_TTL_MS } from "./provision.js";
import { ownersOf } from "./rendezvous.js";
import { sleep } from "./publisher.js";

const BUCKET = "leases";
const PREFIX = "actor.";
const RENEW_MS = 1_000;
const PUBLISH_TIMEOUT_MS = 1_500;

interface Member {
  readonly partitions: ReadonlySet<number>;
  /** Monotonic, ms. */
  readonly heardAt: number;
}

export class Membership {
  readonly #js: JetStreamClient;
  readonly #others = new Map<string, Member>();
  readonly #stop = new AbortController();
  #kv: KV | undefined;
  #held: readonly number[] = [];
  #renewedAt = 0;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(
    nc: NatsConnection,
    readonly id: string,
    readonly onChange: () => void,
    private readonly monotonic: () => number = () => performance.now(),
  ) {
    this.#js = jetstream(nc, { timeout: PUBLISH_TIMEOUT_MS });
    this.kvm = new Kvm(nc);
  }

  private readonly kvm: Kvm;
  /** Worked out again when the members change. */
  #owners: { readonly of: string; readonly byPartition: readonly string[] } = { of: "", byPartition: [] };

  /** Joins: the others see this instance; from now on it is renewed. */
  async join(): Promise<void> {
    this.#kv = await this.kvm.open(BUCKET);
    await this.#renew();
    const watch = await this.#kv.watch({ key: `${PREFIX}>` });
    const watching = (async () => {
      for await (const entry of watch) {
        const id = entry.key.slice(PREFIX.length);
        if (id === this.id) continue;
        if (entry.operation !== "PUT") this.#others.delete(id);
        // By our own clock, not the entry's time: clocks of machines differ. The server drops a dead one's key.
        else this.#others.set(id, { partitions: new Set(entry.json<number[]>()), heardAt: this.monotonic() });
        this.onChange();
      }
    })();
    const renewing = (async () => {
      while (!this.#stop.signal.aborted) {
        await sleep(RENEW_MS, this.#stop.signal);
        if (this.#stop.signal.aborted) break;
        // A renewal that fails is noticed by `isFenced`.
        await this.#renew().catch(() => undefined);
        this.onChange();
      }
      watch.stop();
    })();
    this.#loops = Promise.all([watching, renewing]);
  }

  /** Live instances, this one included unless it has not been able to renew. */
  members(): string[] {
    const now = this.monotonic();
    for (const [id, m] of this.#others) if (now - m.heardAt > LEASE_TTL_MS) this.#others.delete(id);
    return [...this.#others.keys(), this.id].sort();
  }

  /** Whether this instance should own the partition now. */
  isMine(partition: number): boolean {
    if (this.isFenced()) return false;
    const members = this.members();
    if (this.#owners.of !== members.join())
      this.#owners = { of: members.join(), byPartition: ownersOf(members) };
    return this.#owners.byPartition[partition] === this.id;
  }

  /** Another live instance that says it holds the partition. */
  heldByOther(partition: number): string | undefined {
    const now = this.monotonic();
    for (const [id, m] of this.#others) {
      if (m.partitions.has(partition) && now - m.heardAt <= LEASE_TTL_MS) return id;
    }
    return undefined;
  }

  /** True when the own lease ran out because it could not be renewed: others may have taken over. */
  isFenced(): boolean {
    return this.monotonic() - this.#renewedAt > LEASE_TTL_MS;
  }

  /** Publishes the set of partitions held. */
  async hold(partitions: readonly number[]): Promise<void> {
    this.#held = partitions;
    await this.#renew();
  }

  /** Leaves: the lease is deleted at once. */
  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#kv?.delete(`${PREFIX}${this.id}`).catch(() => undefined);
    await this.#loops.catch(() => undefined);
  }

  async #renew(): Promise<void> {
    const startedAt = this.monotonic();
    // Not `kv.put`/`kv.update`: they cannot carry a TTL.
    await this.#js.publish(`$KV.${BUCKET}.${PREFIX}${this.id}`, JSON.stringify(this.#held), {
      ttl: `${LEASE_TTL_MS / 1_000}s`,
    });
    this.#renewedAt = startedAt;
  }
}
