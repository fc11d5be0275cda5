/**
 * Acknowledgements arrive in any order; the position of a replay is the last event before the first gap.
 * Events are numbered from 1 in the order of the replay.
 */
export class Acknowledged<T> {
  #upTo: number;
  #last: T | undefined;
  readonly #waiting = new Map<number, T>();

  constructor(alreadyAcknowledged = 0) {
    this.#upTo = alreadyAcknowledged;
  }

  /** Every event up to this number is acknowledged. */
  get upTo(): number {
    return this.#upTo;
  }

  /** What was handed over with that event; `undefined` before the first. */
  get last(): T | undefined {
    return this.#last;
  }

  add(number: number, value: T): void {
    this.#waiting.set(number, value);
    for (
      let next = this.#waiting.get(this.#upTo + 1);
      next !== undefined;
      next = this.#waiting.get(this.#upTo + 1)
    ) {
      this.#waiting.delete(++this.#upTo);
      this.#last = next;
    }
  }
}
