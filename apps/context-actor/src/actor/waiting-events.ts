import type { CustomerEvent } from "#contracts";
import type { Clock } from "#clock";
import { isTimer, type WaitingEvent } from "#domain";
import type { ParsedEvent } from "#messaging";

/** When each event of a run is applied: asked once, so that what is foreseen for an event is what happens. */
export class TurnTimes {
  readonly #times = new Map<number, number>();

  constructor(private readonly clock: Clock) {}

  of(event: CustomerEvent): number {
    let time = this.#times.get(event.seq);
    if (time === undefined) {
      const due = !isTimer(event) || this.clock.isDue(event.time);
      time = due ? this.clock.at(event.time) : this.clock.now();
      this.#times.set(event.seq, time);
    }
    return time;
  }

  forget(): void {
    this.#times.clear();
  }
}

/** The events behind the i-th, up to one that cannot be read. */
export function waitingAfter(parsed: readonly ParsedEvent[], i: number, times: TurnTimes): WaitingEvent[] {
  const waiting: WaitingEvent[] = [];
  for (const input of parsed.slice(i + 1)) {
    if (input.kind !== "event") break;
    waiting.push({ event: input.event, now: times.of(input.event) });
  }
  return waiting;
}
