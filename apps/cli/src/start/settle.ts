/** Waits until everything that was published has been handled to its end. */
import type { NatsConnection } from "@nats-io/nats-core";
import { sleep } from "#messaging";
import { readAll, readStoredEvents, type StoredEvents } from "./observe.js";
import { imbalances } from "./summary.js";
import { Tally } from "./tally.js";

export interface Settled {
  readonly events: StoredEvents;
  readonly tally: Tally;
}

const EVERY_MS = 400;
const STUCK_AFTER_MS = 30_000;
const AT_MOST_MS = 600_000;

/**
 * Counts what is stored until it adds up. Gives up, with the last count, when nothing moves for 30 s, or after 10 minutes;
 * also when stopped. Timers that fire meanwhile bring new work, so it is a moment of balance that is waited for.
 */
export async function settle(
  nc: NatsConnection,
  signal: AbortSignal,
  onLook: (open: readonly string[]) => void = () => undefined,
): Promise<Settled> {
  const begun = Date.now();
  let moved = begun;
  let before = "";
  for (;;) {
    const tally = new Tally();
    // Outcomes before events: an outcome is an event, too, and one that came in between would miss its handling.
    await readAll(nc, tally);
    const events = await readStoredEvents(nc);
    const open = imbalances(events, tally);
    const state = JSON.stringify([events, tally.commands, tally.ended]);
    if (state !== before) moved = Date.now();
    before = state;
    const late = Date.now() - moved > STUCK_AFTER_MS || Date.now() - begun > AT_MOST_MS;
    if (open.length === 0 || late || signal.aborted) return { events, tally };
    onLook(open);
    await sleep(EVERY_MS, signal);
  }
}
