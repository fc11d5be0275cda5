import type { OnApplicationShutdown, OnModuleInit } from "@nestjs/common";
import type { NatsConnection } from "@nats-io/nats-core";
import { archiveDefinitions } from "#audit";
import { clockFrom } from "#clock";
import { loadJourneys, loadSignals } from "#definitions";
import { connectNats, Membership, Publisher, RpcClient } from "#messaging";
import type { Logger } from "#telemetry";
import { CallersPublisher } from "./actor/callers.publisher.js";
import { ContextStore } from "./actor/context-store.js";
import { CustomerActor } from "./actor/customer-actor.js";
import { DeadLetterPublisher } from "./actor/dead-letters.publisher.js";
import { DecisionClient } from "./actor/decision.client.js";
import { DecisionRecordsPublisher } from "./actor/decision-records.publisher.js";
import { JourneysStore } from "./actor/journeys.store.js";
import { Partitions } from "./actor/partitions.js";
import { TimerCanceller } from "./actor/timers.canceller.js";
import type { ActorConfig } from "./config.js";

/** Joins the parts of the context actor under Nest's lifecycle: up on init, down on shutdown. */
export class ContextActorService implements OnModuleInit, OnApplicationShutdown {
  #nc: NatsConnection | undefined;
  #partitions: Partitions | undefined;
  #actor: CustomerActor | undefined;
  #unfollow: () => void = () => undefined;
  #connected = false;
  readonly #ending = new AbortController();

  constructor(
    private readonly config: ActorConfig,
    private readonly log: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const { config, log } = this;
    const clock = clockFrom(config.clock);
    const files = loadJourneys(config.definitionsDir);
    const signals = loadSignals(config.definitionsDir);
    const nc = await connectNats({
      url: config.natsUrl,
      name: `context-actor ${config.instanceId}`,
      onStatus: ({ type }) => {
        if (type === "disconnect") this.#connected = false;
        if (type === "reconnect") this.#connected = true;
      },
    });
    this.#nc = nc;
    this.#connected = true;
    await archiveDefinitions(nc, signals, log);
    const store = new JourneysStore({ nc, clock, files, signals, log });
    await store.install();
    const publisher = new Publisher(nc);
    const actor = new CustomerActor({
      store: new ContextStore(nc, publisher),
      publisher,
      decider: new DecisionClient(new RpcClient(nc), config.decisionBudgetMs, log, this.#ending.signal),
      records: new DecisionRecordsPublisher(publisher),
      deadLetters: new DeadLetterPublisher(publisher),
      timers: new TimerCanceller(nc),
      callers: new CallersPublisher(nc),
      journeys: await store.read(),
      reloadJourneys: () => store.read(),
      clock,
      cacheBytes: config.cacheBytes,
      log,
    });
    this.#actor = actor;
    this.#unfollow = await store.follow((journeys) => actor.use(journeys));
    this.#partitions = new Partitions({ nc, actor, maxInFlight: config.maxInFlight, log });
    await this.#partitions.start(new Membership(nc, config.instanceId, () => this.#partitions?.reconcile()));
  }

  /** Connected, and holding partitions. */
  ready(): boolean {
    return this.#connected && (this.#partitions?.held.length ?? 0) > 0;
  }

  async onApplicationShutdown(): Promise<void> {
    // What is retried against a server that is away must not hold the exit: it stays unacknowledged.
    const giveUp = setTimeout(() => {
      this.#ending.abort();
      this.#actor?.abort();
    }, GIVE_UP_AFTER_MS);
    this.#unfollow();
    await this.#partitions?.stop();
    clearTimeout(giveUp);
    this.log.info({ ...this.#actor?.counts, ...this.#actor?.cache }, "context-actor counts");
    await this.#nc?.drain();
  }
}

const GIVE_UP_AFTER_MS = 6_000;
