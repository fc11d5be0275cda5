/**
 * Leaves a provider alone that keeps failing: closed → (failures in a row) → open for a while → one trial → closed, or open again
 * for twice as long. Only what is the provider's fault counts; a wrong number is not.
 */
export interface BreakerOptions {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** How long it stays open at first, ms; doubles with each trial that fails. */
  readonly openForMs: number;
  /** The longest time that it stays open, ms. */
  readonly openForAtMostMs: number;
}

export type BreakerState = "closed" | "open" | "trial";

export class CircuitBreaker {
  readonly #options: BreakerOptions;
  readonly #now: () => number;
  #failures = 0;
  #openForMs: number;
  #openUntil: number | undefined;
  #trying = false;

  /** `now`: monotonic, ms. */
  constructor(options: BreakerOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
    this.#openForMs = options.openForMs;
  }

  /** `trial`: one call may find out whether it works again; until that is reported, the breaker reads `open`. */
  get state(): BreakerState {
    if (this.#openUntil === undefined) return "closed";
    return this.#trying || this.#now() < this.#openUntil ? "open" : "trial";
  }

  /** Whether a call may go out now. Whoever is let through reports how it ended. */
  admit(): boolean {
    const { state } = this;
    if (state === "trial") this.#trying = true;
    return state !== "open";
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#openForMs = this.#options.openForMs;
    this.#trying = false;
  }

  failed(): void {
    this.#failures += 1;
    if (this.#openUntil === undefined && this.#failures < this.#options.failures) return;
    if (this.#trying) this.#openForMs = Math.min(this.#openForMs * 2, this.#options.openForAtMostMs);
    this.#openUntil = this.#now() + this.#openForMs;
    this.#trying = false;
  }

  /** The call ended without telling anything of the provider. */
  toldNothing(): void {
    this.#trying = false;
  }
}
