/** Puts the channel service together: connection, ports, Nest microservice. */
import type { LoggerService } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { MicroserviceOptions } from "@nestjs/microservices";
import { clockFrom } from "#clock";
import { channelConsumers } from "#contracts";
import { connectNats, JetStreamWorkStrategy, Publisher, RpcClient } from "#messaging";
import type { Service } from "#service";
import type { Logger } from "#telemetry";
import { ChannelsModule } from "./channels.module.js";
import { CommandDelivery } from "./command-delivery.js";
import type { ChannelsConfig } from "./config.js";
import { CustomerLog } from "./customer-log.js";
import { Fallback } from "./fallback.publisher.js";
import { OutcomeLog } from "./outcome-log.js";
import { PolicyGate } from "./policy-gate.client.js";
import { wireProviders } from "./provider-wiring.js";

const RESPONSES_GRACE_MS = 1_000;

export async function startChannels(config: ChannelsConfig, log: Logger): Promise<Service> {
  const clock = clockFrom(config.SEGUE_CLOCK);
  const nc = await connectNats({
    url: config.NATS_URL,
    name: "channels",
    onStatus: ({ type }) => log.debug({ type }, "connection"),
  });
  const publisher = new Publisher(nc);
  const customers = new CustomerLog(nc);
  const providers = wireProviders(config, nc, publisher, clock, log);
  const delivery = new CommandDelivery({
    clock,
    log,
    providers,
    outcomes: new OutcomeLog(customers, publisher),
    fallback: new Fallback(customers, publisher),
    gate: new PolicyGate(new RpcClient(nc), {
      timeoutMs: config.GATE_TIMEOUT_MS,
      insistMs: config.GATE_INSIST_MS,
    }),
  });
  const served = new Set(config.CHANNELS.flatMap((c) => channelConsumers(c)).map((c) => c.name));
  const strategy = new JetStreamWorkStrategy({
    nc,
    publisher,
    log,
    concurrency: config.CHANNEL_CONCURRENCY,
    graceMs: config.STOP_GRACE_MS,
    only: (consumer) => served.has(consumer),
  });
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(ChannelsModule.with(delivery), {
    strategy,
    logger: nestLogger(log),
  });
  await app.listen();
  const by = Object.fromEntries(config.CHANNELS.map((c) => [c, providers.of(c).name]));
  log.info({ providers: by }, "channels served");
  return {
    ready: () => !nc.isClosed() && strategy.ready,
    async stop() {
      await app.close();
      await providers.close();
      await delivery.settled(RESPONSES_GRACE_MS);
      await nc.drain();
    },
  };
}

function nestLogger(log: Logger): LoggerService {
  return {
    log: (message: unknown) => log.debug({}, String(message)),
    warn: (message: unknown) => log.warn({}, String(message)),
    error: (message: unknown) => log.error({}, String(message)),
  };
}
