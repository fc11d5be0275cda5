import type { Asked, Features, OwnAnswer } from "#domain";
import type { OwnModel } from "./own-model.port.js";

/** After so many failures in a row it is not asked for a while: decisions must not wait for what does not come. */
const FAILURES = 5;
const PAUSE_MS = 10_000;

/** An answer that is none. */
export class UnusableAnswer extends Error {
  override readonly name = "UnusableAnswer";
}

/** A model of the bank's own within its deadline. Never rejects: without an answer there is a reason, and the prior counts. */
export class GuardedModel {
  #failures = 0;
  #pausedUntil = -Infinity;

  constructor(
    private readonly model: OwnModel,
    private readonly deadlineMs: number,
    /** Told once of each pause. */
    private readonly onPause: (cause: Error) => void,
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  async ask(features: Features, asked: readonly Asked[]): Promise<OwnAnswer> {
    if (this.monotonic() < this.#pausedUntil) return { kind: "none", reason: "not_asked" };
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), this.deadlineMs);
    });
    try {
      const answer = await Promise.race([this.model.ask(features, asked, abort.signal), late]);
      if (answer === "late") {
        this.#failed(new Error(`no answer within ${this.deadlineMs} ms`));
        return { kind: "none", reason: "too_late" };
      }
      this.#failures = 0;
      return { kind: "answered", ...answer };
    } catch (error) {
      this.#failed(error as Error);
      return { kind: "none", reason: error instanceof UnusableAnswer ? "model_broken" : "unavailable" };
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  #failed(cause: Error): void {
    if (++this.#failures < FAILURES) return;
    // The next call after the pause decides whether there is another.
    this.#failures = FAILURES - 1;
    this.#pausedUntil = this.monotonic() + PAUSE_MS;
    this.onPause(cause);
  }
}
