/** Which part of the replay a start tells: from where the last one stopped, for so many days, and not across a gap in the data. */
import type { CloudEvent } from "#contracts";

export interface Part {
  /** All events up to the end of this part, those of earlier parts included. */
  readonly events: readonly CloudEvent[];
  /** Number of events of this part. */
  readonly size: number;
  /** When the first and the last event of this part happen, epoch ms. */
  readonly startTime: number;
  readonly endTime: number;
  /** Events after this part. */
  readonly remaining: number;
}

export interface PartOptions {
  readonly days: number;
  /** End, epoch ms; stands above `days`. */
  readonly to?: number | undefined;
}

const DAY_MS = 86_400_000;
/** Nothing happens for this long: the data has a hole, and nobody wants to watch it. */
const GAP_MS = 30 * DAY_MS;

/** The next part behind the first `done` events; `undefined` when all is told (or `to` lies before the next event). */
export function nextPart(all: readonly CloudEvent[], done: number, options: PartOptions): Part | undefined {
  const first = all[done];
  if (!first) return undefined;
  const startTime = timeOf(first);
  const end = options.to ?? startTime + options.days * DAY_MS;
  let n = done;
  let endTime = startTime;
  for (let event = all[n]; event !== undefined && timeOf(event) < end; event = all[++n]) {
    if (timeOf(event) - endTime > GAP_MS) break;
    endTime = timeOf(event);
  }
  if (n === done) return undefined;
  return { events: all.slice(0, n), size: n - done, startTime, endTime, remaining: all.length - n };
}

function timeOf(event: CloudEvent): number {
  return event.time === undefined ? 0 : Date.parse(event.time);
}
