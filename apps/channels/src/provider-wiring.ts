/** Which provider serves which channel: the real one where it is configured, else the sandbox. */
import type { NatsConnection } from "@nats-io/nats-core";
import { Redis } from "ioredis";
import { durationMs, type Channel } from "#contracts";
import type { Clock } from "#clock";
import type { Publisher } from "#messaging";
import type { Logger } from "#telemetry";
import { CardTries } from "./card-retries/card-tries.store.js";
import { LimitedRetryProvider } from "./card-retries/limited-retry.provider.js";
import type { ChannelsConfig } from "./config.js";
import { InAppProvider } from "./inapp/in-app.provider.js";
import type { ProviderEntry } from "./pool/channels-file.js";
import { CircuitBreaker } from "./pool/circuit-breaker.js";
import { ProviderPool } from "./pool/provider-pool.js";
import { OwnRateLimit, SharedRateLimit, type RateLimit } from "./pool/rate-limit.js";
import { ProviderRegistry } from "./provider-registry.js";
import type { ChannelProvider } from "./provider.port.js";
import { offerCase } from "./sandbox/sandbox-agent-desk.js";
import { executed } from "./sandbox/sandbox-execution.js";
import { fileLedger, noLedger } from "./sandbox/sandbox-ledger.js";
import type { SandboxChannel } from "./sandbox/sandbox-profile.js";
import { SandboxProvider, type SandboxOptions } from "./sandbox/sandbox.provider.js";
import { Replies } from "./smpp/reply.publisher.js";
import { SentMessages } from "./smpp/sent-messages.store.js";
import { SmppSmsProvider } from "./smpp/smpp-sms.provider.js";
import { EmbeddedAddressBook } from "./smtp/address-book.port.js";
import { SmtpEmailProvider } from "./smtp/smtp-email.provider.js";

/** So long a text waits for a provider that is away, where another one could take it. */
const PATIENCE_MS = 2_000;

export function wireProviders(
  config: ChannelsConfig,
  nc: NatsConnection,
  publisher: Publisher,
  clock: Clock,
  log: Logger,
): ProviderRegistry {
  const addresses = new EmbeddedAddressBook(config.MAIL_CUSTOMER_DOMAIN);
  const redis = config.REDIS_URL === undefined ? undefined : sharedPace(config.REDIS_URL, log);
  const ledger = config.SANDBOX_LEDGER === undefined ? noLedger : fileLedger(config.SANDBOX_LEDGER);
  const seed = config.SANDBOX_SEED;
  const sandbox = (channel: SandboxChannel, extra: Pick<SandboxOptions, "carryOut"> = {}): ChannelProvider =>
    new SandboxProvider({
      seed,
      profile: config.profiles[channel],
      fault: config.SANDBOX_FAULTS[channel],
      clock,
      ledger,
      ...extra,
    });
  const wire = (channel: Channel): ChannelProvider => {
    switch (channel) {
      case "inapp":
        return new InAppProvider({ nc, clock });
      case "email":
        return config.SMTP_URL === undefined
          ? sandbox(channel)
          : new SmtpEmailProvider({
              url: config.SMTP_URL,
              from: config.MAIL_FROM,
              addresses,
            });
      case "agent":
        return sandbox(channel, { carryOut: offerCase(nc, seed, config.AGENTS) });
      case "execute":
        return new LimitedRetryProvider(
          sandbox(channel, { carryOut: executed(seed) }),
          new CardTries(nc, publisher),
        );
      case "push":
      case "sms":
      case "atm":
      case "ivr":
        return sandbox(channel);
    }
  };
  const adapter = (channel: Channel, entry: ProviderEntry, alone: boolean): ChannelProvider => {
    switch (entry.protocol) {
      case "sandbox":
        return sandbox(channel as SandboxChannel);
      case "smtp":
        return new SmtpEmailProvider({ ...entry, addresses });
      case "smpp": {
        const sent = new SentMessages(nc, publisher, entry.id);
        const replies = new Replies(sent, publisher, log);
        const onMessage = replies.received.bind(replies, channel);
        const patienceMs = alone ? undefined : PATIENCE_MS;
        return new SmppSmsProvider({ ...entry, phones: addresses, sent, onMessage, patienceMs, log });
      }
    }
  };
  const pool = (channel: Channel, entries: readonly ProviderEntry[]): ChannelProvider =>
    new ProviderPool(
      entries.map((entry) => ({
        id: entry.id,
        weight: entry.weight,
        provider: adapter(channel, entry, entries.length === 1),
        breaker: breakerOf(entry),
        rate: rateOf(entry, redis),
      })),
    );
  const serve = (channel: Channel): ChannelProvider => {
    const entries = config.providers[channel];
    return entries ? pool(channel, entries) : wire(channel);
  };
  return new ProviderRegistry(new Map(config.CHANNELS.map((channel) => [channel, serve(channel)])), () =>
    redis?.disconnect(),
  );
}

function breakerOf({ breaker }: ProviderEntry): CircuitBreaker {
  return new CircuitBreaker({
    failures: breaker.failures,
    openForMs: durationMs(breaker.openFor),
    openForAtMostMs: durationMs(breaker.openForAtMost),
  });
}

function rateOf({ id, rate }: ProviderEntry, redis: Redis | undefined): RateLimit | undefined {
  if (!rate) return undefined;
  return redis ? new SharedRateLimit(redis, id, rate) : new OwnRateLimit(rate);
}

/** A send does not wait for Redis: without it each process keeps the pace for itself. */
function sharedPace(url: string, log: Logger): Redis {
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 200 });
  redis.on("error", (error) => log.warn({ error: error.message }, "Redis: each process keeps its own pace"));
  return redis;
}
