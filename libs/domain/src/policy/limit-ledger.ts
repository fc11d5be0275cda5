/**
 * What was taken of an action's quota and budget: the fold of its log (`LimitEntry`), and the question whether there is
 * room. What is taken counts from the time at which it stands in the log: never before what was taken earlier, so that no
 * rolling window ever holds more than the limit, in whatever order the requests come.
 */
import type { LimitEntry, Limits } from "#contracts";

export type LimitReached = "quota_reached" | "budget_spent";

/** What a write that is being prepared would take besides. */
export interface Prepared {
  readonly count: number;
  /** Sum of costs, in millionths. */
  readonly micros: number;
}

interface Taken {
  readonly at: number;
  readonly micros: number;
  givenBack: boolean;
}

/** What counts in a rolling period: everything in the log from `head` on. */
interface Window {
  head: number;
  count: number;
  micros: number;
}

const NOTHING: Prepared = { count: 0, micros: 0 };

/** Sums of decimal fractions are exact in millionths. */
export function micros(cost: number): number {
  return Math.round(cost * 1_000_000);
}

export class LimitLedger {
  readonly #log: Taken[] = [];
  readonly #held = new Map<string, number>();
  /** By period in ms (`Infinity`: for ever), made when first asked for. */
  readonly #windows = new Map<number, Window>();
  #lastAt = -Infinity;

  /** Takes the next entry of the log in. An id that is held takes nothing again; one that is not held gives nothing back. */
  apply({ taken, givenBack }: LimitEntry): void {
    for (const { id, at, cost } of taken) {
      if (this.#held.has(id)) continue;
      this.#lastAt = Math.max(this.#lastAt, at);
      const one: Taken = { at: this.#lastAt, micros: micros(cost), givenBack: false };
      this.#held.set(id, this.#log.length);
      this.#log.push(one);
      for (const window of this.#windows.values()) count(window, one, 1);
    }
    for (const id of givenBack) {
      const index = this.#held.get(id);
      if (index === undefined) continue;
      const one = this.#log[index]!;
      one.givenBack = true;
      this.#held.delete(id);
      for (const window of this.#windows.values()) if (index >= window.head) count(window, one, -1);
    }
  }

  /** Whether this decision has taken its part, and not given it back. */
  holds(id: string): boolean {
    return this.#held.has(id);
  }

  /** What leaves no room for one more at a time, besides what is `prepared`. */
  reached({ quota, budget, cost }: Limits, at: number, prepared = NOTHING): LimitReached | undefined {
    if (quota && this.#window(quota.periodMs, at).count + prepared.count >= quota.count)
      return "quota_reached";
    if (
      budget &&
      this.#window(budget.periodMs, at).micros + prepared.micros + micros(cost) > micros(budget.amount)
    )
      return "budget_spent";
    return undefined;
  }

  /** What is taken in a period (without one: ever), as of a time; `cost` in the unit of the budget. */
  used(periodMs: number | undefined, at: number): { readonly count: number; readonly cost: number } {
    const window = this.#window(periodMs, at);
    return { count: window.count, cost: window.micros / 1_000_000 };
  }

  #window(periodMs = Infinity, at: number): Window {
    let window = this.#windows.get(periodMs);
    if (!window) {
      window = { head: 0, count: 0, micros: 0 };
      for (const one of this.#log) if (!one.givenBack) count(window, one, 1);
      this.#windows.set(periodMs, window);
    }
    const until = Math.max(at, this.#lastAt) - periodMs;
    for (let one = this.#log[window.head]; one && one.at <= until; one = this.#log[window.head]) {
      if (!one.givenBack) count(window, one, -1);
      window.head++;
    }
    return window;
  }
}

function count(window: Window, one: Taken, sign: 1 | -1): void {
  window.count += sign;
  window.micros += sign * one.micros;
}
