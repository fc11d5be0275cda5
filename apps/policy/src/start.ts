/** Wires the policy service together, starts it, and stops it in the reverse order. */
import "reflect-metadata";
import { createHash } from "node:crypto";
import type { LoggerService } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { MicroserviceOptions } from "@nestjs/microservices";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { streamsOf, type Controls } from "#contracts";
import { clockFrom } from "#clock";
import { loadPolicyPacks } from "#definitions";
import { Publisher, RpcServer, connectNats, sleep } from "#messaging";
import { POLICY_PACKS, publishedFiles } from "#registry";
import type { Service } from "#service";
import type { Logger } from "#telemetry";
import type { PolicyConfig } from "./config.js";
import { ControlTail } from "./control-tail.consumer.js";
import { Evaluator } from "./evaluator.js";
import { Gatekeeper } from "./gatekeeper.js";
import { IndexRebuild } from "./index-rebuild.js";
import { LimitedEvaluator } from "./limited-evaluator.js";
import { LimitLogs } from "./limit-log.store.js";
import { NewCustomers } from "./new-customers.js";
import { PolicyIndex } from "./policy-index.store.js";
import type { Judges } from "./policy.controller.js";
import { PolicyModule } from "./policy.module.js";
import { ProfileCache } from "./profile-cache.js";
import { ProfileTail } from "./profile-tail.consumer.js";
import { RecentProfileEvents } from "./recent-profile-events.js";
import { RedisConnection } from "./redis-connection.js";

const QUEUE = "policy";
const CATCH_UP_POLL_MS = 25;
/** How long the start waits for Redis before it answers without. */
const REDIS_PATIENCE_MS = 2_000;

export async function startPolicy(
  config: Pick<PolicyConfig, "natsUrl" | "redisUrl" | "definitionsDir"> &
    Partial<Pick<PolicyConfig, "clock">>,
  log: Logger,
): Promise<Service> {
  const clock = clockFrom(config.clock);
  const files = loadPolicyPacks(config.definitionsDir);
  const nc = await connectNats({ url: config.natsUrl, name: "policy" });
  const connection = new RedisConnection({
    url: config.redisUrl,
    origin: await originOf(nc),
    onError: (error) => log.warn({ error: error.message }, "Redis"),
  });
  const index = new PolicyIndex(connection);
  const recent = new RecentProfileEvents();
  const { direct, streams } = await jetstreamManager(nc);
  const limits = new LimitLogs({ direct, publisher: new Publisher(nc) });
  const tail = new ProfileTail({ nc, index, recent, limits, clock, log });
  const control = new ControlTail({ nc, log });
  control.start();
  await tail.start();
  const profiles = new ProfileCache();
  const positions = (): ReadonlyMap<string, number> => tail.positions();
  const rebuild = new IndexRebuild({ index, direct, positions, profiles, clock });
  const newCustomers = new NewCustomers({
    recent,
    lastSequences: async () =>
      new Map(
        await Promise.all(
          streamsOf("EVT").map(async (s) => [s, (await streams.info(s)).state.last_seq] as const),
        ),
      ),
  });
  const controls = (): Controls => control.now;
  const fresh = (): boolean => tail.fresh && control.fresh;
  // Built anew with every publication; what is being judged meanwhile is judged to its end by the packs it began with.
  const judges = await publishedFiles({ nc, clock, of: POLICY_PACKS, files, log }, (packs): Judges => {
    const evaluator = new Evaluator({ packs, index, rebuild, newCustomers, profiles, controls, log });
    const gatekeeper = new Gatekeeper({ packs, index, rebuild, profiles, caps: evaluator, controls, fresh });
    return { evaluator: new LimitedEvaluator({ evaluator, limits, index, log }), gatekeeper };
  });

  const app = await NestFactory.createMicroservice<MicroserviceOptions>(PolicyModule.with(judges), {
    logger: nestLogger(log),
    strategy: new RpcServer({ nc, queue: QUEUE }),
  });
  // Entries from before the start may lack events. Without Redis there are none, and everything is denied.
  const patience = performance.now() + REDIS_PATIENCE_MS;
  while (!tail.caughtUp && (connection.ready || performance.now() < patience)) await sleep(CATCH_UP_POLL_MS);
  while (!control.caughtUp) await sleep(CATCH_UP_POLL_MS);
  // Without Redis it is opened by the first customer who has to be read.
  if (connection.ready)
    await index.generation(positions()).then(
      (id) => newCustomers.learn(id),
      () => undefined,
    );
  await app.listen();
  return {
    ready: () => !nc.isClosed() && connection.ready && tail.caughtUp && control.caughtUp,
    async stop() {
      await app.close();
      judges.stop();
      await Promise.all([tail.stop(), control.stop()]);
      await connection.close();
      await nc.drain();
    },
  };
}

/** Tells this installation's EVT from any other: an index built over another one is worth nothing here. */
async function originOf(nc: NatsConnection): Promise<string> {
  const jsm = await jetstreamManager(nc);
  const created = await Promise.all(streamsOf("EVT").map(async (s) => (await jsm.streams.info(s)).created));
  return createHash("sha1").update(created.join()).digest("hex").slice(0, 12);
}

function nestLogger(log: Logger): LoggerService {
  const line = (message: unknown): string =>
    typeof message === "string" ? message : JSON.stringify(message);
  return {
    log: (message: unknown) => log.debug(line(message)),
    warn: (message: unknown) => log.warn(line(message)),
    error: (message: unknown) => log.error(message instanceof Error ? message.message : line(message)),
  };
}
