import type { VersionedProfile } from "./reserve-call.js";

const MAX_PROFILES = 8_192;

/** Parsed profiles of the index by customer, least recently used first to leave. The index says when one is outdated. */
export class ProfileCache {
  /** In order of use, oldest first. */
  readonly #byCustomer = new Map<string, VersionedProfile>();

  get(customer: string): VersionedProfile | undefined {
    const found = this.#byCustomer.get(customer);
    if (found) {
      this.#byCustomer.delete(customer);
      this.#byCustomer.set(customer, found);
    }
    return found;
  }

  put(customer: string, { version, profile }: VersionedProfile): void {
    this.#byCustomer.delete(customer);
    this.#byCustomer.set(customer, { version, profile });
    if (this.#byCustomer.size <= MAX_PROFILES) return;
    const [oldest] = this.#byCustomer.keys();
    this.#byCustomer.delete(oldest!);
  }
}
