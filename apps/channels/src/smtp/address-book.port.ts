/** Where a customer's addresses come from. Addresses never enter a subject, a log or a span. */
export interface AddressBook {
  /** The email address, or `undefined` when there is none. */
  emailOf(customerId: string): Promise<string | undefined>;
}

/** For the embedded run: every customer has a mailbox at one domain. */
export class EmbeddedAddressBook implements AddressBook {
  readonly #domain: string;

  constructor(domain: string) {
    this.#domain = domain;
  }

  emailOf(customerId: string): Promise<string | undefined> {
    return Promise.resolve(`${customerId}@${this.#domain}`);
  }
}
