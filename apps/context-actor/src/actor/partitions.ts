/**
 * Takes and gives up partitions as instances come and go: a partition is taken when rendezvous hashing gives it
 * to this instance and no other live instance says that it still holds it; it is given up after what is under
 * way has finished.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import { ALL_PARTITIONS } from "#contracts";
import { PartitionReader, type Membership } from "#messaging";
import type { CustomerActor } from "./customer-actor.js";

export interface PartitionsOptions {
  readonly nc: NatsConnection;
  readonly actor: CustomerActor;
  readonly maxInFlight: number;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

const CHECK_EVERY_MS = 250;

export class Partitions {
  readonly #readers = new Map<number, PartitionReader>();
  readonly #leaving = new Set<number>();
  /** Being taken: announced, not read yet. */
  #taking: readonly number[] = [];
  #membership: Membership | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #reconciling: Promise<void> = Promise.resolve();
  #again = false;
  #running = false;

  constructor(private readonly options: PartitionsOptions) {}

  get held(): readonly number[] {
    return [...this.#readers.keys()];
  }

  async start(membership: Membership): Promise<void> {
    this.#membership = membership;
    await membership.join();
    this.#timer = setInterval(() => this.reconcile(), CHECK_EVERY_MS);
    this.reconcile();
  }

  /** Brings what is held in line with what should be. Runs one at a time. */
  reconcile(): void {
    if (this.#closed) return;
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    this.#reconciling = (async () => {
      while (this.#again && !this.#closed) {
        this.#again = false;
        await this.#reconcileOnce().catch((error: unknown) => {
          this.options.log.warn(
            { error: (error as Error).message },
            "could not bring the partitions in line; trying again",
          );
        });
      }
    })().finally(() => (this.#running = false));
  }

  /** Stops reading everything, lets what is under way finish, and gives the partitions up. */
  async stop(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#reconciling;
    await Promise.all(this.held.map((p) => this.#release(p)));
    await this.#membership?.leave();
  }

  async #reconcileOnce(): Promise<void> {
    const membership = this.#membership!;
    const before = this.held.join();
    for (const p of this.held) {
      const reader = this.#readers.get(p)!;
      if (reader.lost || !membership.isMine(p)) void this.#release(p);
    }
    const free = ALL_PARTITIONS.filter(
      (p) =>
        !this.#readers.has(p) &&
        !this.#leaving.has(p) &&
        membership.isMine(p) &&
        membership.heldByOther(p) === undefined,
    );
    if (free.length > 0) {
      // Said before it is done, so that no other instance takes it meanwhile.
      this.#taking = free;
      try {
        await membership.hold([...this.held, ...free]);
        for (const p of free) this.#take(p);
      } finally {
        this.#taking = [];
      }
    }
    const now = this.held.join();
    if (now !== before)
      this.options.log.info(
        { partitions: this.held.length, members: membership.members().length },
        "partitions held",
      );
  }

  #take(partition: number): void {
    const { nc, actor, maxInFlight, log } = this.options;
    const reader = new PartitionReader({
      nc,
      partition,
      maxInFlight,
      log,
      handle: (message, floor) => actor.handle(message, floor),
      stillMine: () =>
        this.#membership!.isMine(partition) && this.#membership!.heldByOther(partition) === undefined,
      fenced: () => this.#membership!.isFenced(),
    });
    this.#readers.set(partition, reader);
    reader.start();
  }

  async #release(partition: number): Promise<void> {
    const reader = this.#readers.get(partition);
    if (!reader || this.#leaving.has(partition)) return;
    this.#leaving.add(partition);
    try {
      await reader.stop();
    } finally {
      this.options.actor.dropPartition(partition);
      this.#readers.delete(partition);
      this.#leaving.delete(partition);
    }
    if (!this.#closed) {
      await this.#membership!.hold([...this.held, ...this.#taking]).catch(() => undefined);
      this.reconcile();
    }
  }
}
