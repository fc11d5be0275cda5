/** Which provider serves which channel: the real one where it is configured, else the sandbox. */
import type { NatsConnection } from "@nats-io/nats-core";
import type { Channel } from "#contracts";
import type { Clock } from "#clock";
import type { Publisher } from "#messaging";
import { CardTries } from "./card-retries/card-tries.store.js";
import { LimitedRetryProvider } from "./card-retries/limited-retry.provider.js";
import type { ChannelsConfig } from "./config.js";
import { InAppProvider } from "./inapp/in-app.provider.js";
import { ProviderRegistry } from "./provider-registry.js";
import type { ChannelProvider } from "./provider.port.js";
import { offerCase } from "./sandbox/sandbox-agent-desk.js";
import { executed } from "./sandbox/sandbox-execution.js";
import { fileLedger, noLedger } from "./sandbox/sandbox-ledger.js";
import type { SandboxChannel } from "./sandbox/sandbox-profile.js";
import { SandboxProvider, type SandboxOptions } from "./sandbox/sandbox.provider.js";
import { EmbeddedAddressBook } from "./smtp/address-book.port.js";
import { SmtpEmailProvider } from "./smtp/smtp-email.provider.js";

export function wireProviders(
  config: ChannelsConfig,
  nc: NatsConnection,
  publisher: Publisher,
  clock: Clock,
): ProviderRegistry {
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
              addresses: new EmbeddedAddressBook(config.MAIL_CUSTOMER_DOMAIN),
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
  return new ProviderRegistry(new Map(config.CHANNELS.map((channel) => [channel, wire(channel)])));
}
