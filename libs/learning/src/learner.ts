/**
 * Learns from settled orders, each once. One instance does it at a time (a lease); that each order counts once is kept by the
 * compare-and-set of the arms, each of which says up to which order it has learned. An instance that takes over reads what is
 * stored and goes on; what the one before it had learned but not noted is passed over by the arms.
 */
import { setImmediate } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { ModelDefinition, Prior } from "#contracts";
import {
  emptyArm,
  taughtBy,
  type Arm,
  type DriftFinding,
  type Expressions,
  type LearnedOrder,
} from "#domain";
import { Lease, Publisher, sleep } from "#messaging";
import { faultPoint } from "#service";
import { ModelConflict, ModelStore } from "./model-store.js";
import { positionAtStart, SettledOrders, type SettledBatch } from "./settled-orders.js";

/** How often it is looked whether more is settled. */
const LOOK_MS = 1_000;
const AFTER_FAILURE_MS = 2_000;

export interface LearnerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LearnerOptions {
  readonly models: readonly ModelDefinition[];
  /** Of an action with a model, as the catalogue has it now. */
  readonly priorOf: (action: string) => Prior | undefined;
  readonly expressions: Expressions;
  readonly log: LearnerLog;
  /** Names this instance in the lease. */
  readonly holder: string;
  readonly lookMs?: number;
}

export class Learner {
  readonly #lease: Lease;
  readonly #stop = new AbortController();
  readonly #publisher: Publisher;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly nc: NatsConnection,
    private readonly options: LearnerOptions,
  ) {
    this.#lease = new Lease(nc, "learner", options.holder);
    this.#publisher = new Publisher(nc);
  }

  start(): void {
    const learning = this.options.models.filter((m) => m.source === undefined);
    if (learning.length === 0) return;
    this.#lease.start();
    this.#loops = Promise.all(learning.map((m) => this.#run(m)));
  }

  /** Finishes the batch under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loops;
    await this.#lease.stop();
  }

  async #run(definition: ModelDefinition): Promise<void> {
    const { log, lookMs = LOOK_MS } = this.options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (this.#lease.held)
        try {
          await this.#learn(definition);
        } catch (error) {
          const { message } = error as Error;
          if (error instanceof ModelConflict)
            log.info({ model: definition.id }, `${message}: it is read again`);
          else
            log.error({ model: definition.id, error: message }, "learning stands still; it is tried again");
          await sleep(AFTER_FAILURE_MS, signal);
        }
      await sleep(lookMs, signal);
    }
  }

  /** Learns while the lease is held. Throws what stops it; then everything is read anew. */
  async #learn(definition: ModelDefinition): Promise<void> {
    const { expressions, lookMs = LOOK_MS } = this.options;
    const { signal } = this.#stop;
    const { direct } = await jetstreamManager(this.nc, { checkAPI: false });
    const store = await ModelStore.read(this.nc, definition, this.#publisher);
    const from = store.position ?? positionAtStart(definition.id);
    const orders = new SettledOrders(direct, definition, expressions, from);
    while (this.#lease.held && !signal.aborted) {
      const batch = await orders.next();
      if (batch) await this.#take(definition, store, batch);
      else await sleep(lookMs, signal);
    }
  }

  async #take(
    definition: ModelDefinition,
    store: ModelStore,
    { orders, position }: SettledBatch,
  ): Promise<void> {
    const arms = new Map<string, Arm>();
    const drifts: { readonly arm: Arm; readonly finding: DriftFinding }[] = [];
    for (const message of byMessage(orders)) {
      const taught = taughtBy(message, (action, channel) => {
        const prior = this.options.priorOf(action);
        // An action that has left the catalogue begins nothing any more.
        return (
          arms.get(`${action}/${channel}`) ??
          store.arm(action, channel) ??
          (prior && emptyArm(definition, action, channel, prior))
        );
      });
      for (const { after: arm, drift } of taught) {
        arms.set(`${arm.action}/${arm.channel}`, arm);
        for (const finding of drift) drifts.push({ arm, finding });
      }
      // A lesson takes up to a millisecond, and decisions are made in the same process.
      await setImmediate();
    }
    for (const arm of arms.values()) {
      faultPoint("decision.learner.arm");
      await store.putArm(arm);
    }
    for (const { arm, finding } of drifts) this.#report(arm, finding);
    faultPoint("decision.learner.position");
    await store.putPosition(position);
  }

  #report({ model, action, channel }: Arm, { feature, value, direction, outcomes }: DriftFinding): void {
    this.options.log.warn(
      { event: "model.drift", model, action, channel, feature, value, direction, outcomes },
      `drift: ${value === undefined ? feature : `${feature} = ${value}`} now ${direction === "up" ? "raises" : "lowers"} the response to ${action} on ${channel} against what was learned, which the base rate does not explain`,
    );
  }
}

/** Orders of one message are learned together, because an arm knows its place by the message. */
function byMessage(orders: readonly LearnedOrder[]): readonly (readonly LearnedOrder[])[] {
  const messages: LearnedOrder[][] = [];
  for (const order of orders) {
    const last = messages.at(-1);
    if (last?.[0]?.seq === order.seq) last.push(order);
    else messages.push([order]);
  }
  return messages;
}
