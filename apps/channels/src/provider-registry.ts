import type { Channel } from "#contracts";
import type { ChannelProvider } from "./provider.port.js";

/** The provider of each channel that this process serves. */
export class ProviderRegistry {
  readonly #providers: ReadonlyMap<Channel, ChannelProvider>;

  readonly #onClosed: () => void;

  constructor(providers: ReadonlyMap<Channel, ChannelProvider>, onClosed: () => void = () => undefined) {
    this.#providers = providers;
    this.#onClosed = onClosed;
  }

  of(channel: Channel): ChannelProvider {
    const provider = this.#providers.get(channel);
    if (!provider) throw new Error(`no provider serves channel ${channel}: name it in CHANNELS`);
    return provider;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#providers.values()].map((p) => p.close()));
    this.#onClosed();
  }
}
