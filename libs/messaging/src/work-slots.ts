/** A bounded number of slots, handed out in the order of asking. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #onFree: () => void;

  /** `onFree` is told of a slot that nobody waits for. */
  constructor(
    readonly size: number,
    onFree: () => void,
  ) {
    this.#free = size;
    this.#onFree = onFree;
  }

  get free(): number {
    return this.#free;
  }

  /** True when it has given a slot; no waiting. */
  takeNow(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  async take(): Promise<void> {
    if (!this.takeNow()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    // A waiting taker gets the slot itself: it never counts as free in between.
    if (next) return next();
    this.#free += 1;
    this.#onFree();
  }
}
