import { fnv1a32 } from "#contracts";

/** Where a customer's addresses come from. Addresses never enter a subject, a log or a span. */
export interface AddressBook {
  /** The email address, or `undefined` when there is none. */
  emailOf(customerId: string): Promise<string | undefined>;
  /** The mobile number in international form, digits alone, or `undefined` when there is none. */
  phoneOf(customerId: string): Promise<string | undefined>;
}

/** For the embedded run: every customer has a mailbox at one domain, and a number of a country code that nobody has (999). */
export class EmbeddedAddressBook implements AddressBook {
  readonly #domain: string;

  constructor(domain: string) {
    this.#domain = domain;
  }

  emailOf(customerId: string): Promise<string | undefined> {
    return Promise.resolve(`${customerId}@${this.#domain}`);
  }

  phoneOf(customerId: string): Promise<string | undefined> {
    const digits = `${fnv1a32(customerId)}`.padStart(10, "0");
    return Promise.resolve(`999${digits}`);
  }
}
