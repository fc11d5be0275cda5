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
/** How long a balance is looked at again because work still comes in. */
const STILL_WITHIN_MS = 10_000;

/**
 * Counts what is stored until it adds up and two counts say the same: one count takes a while, and what happens during it
 * would stand in one half of the books and be missing in the other. Gives up, with the last count, when nothing moves for
 * 30 s, or after 10 minutes; also when stopped. Timers that fire meanwhile may bring new work for long: then a moment of
 * balance is enough.
 */
export function settle(
  nc: NatsConnection,
  signal: AbortSignal,
  onLook?: (open: readonly string[]) => void,
): Promise<Settled> {
  const look = async (): Promise<Settled> => {
    const tally = new Tally();
    // Outcomes before events: an outcome is an event, too, and one that came in between would miss its handling.
    await readAll(nc, tally);
    return { tally, events: await readStoredEvents(nc) };
  };
  return untilSettled(look, signal, onLook);
}

export async function untilSettled(
  look: () => Promise<Settled>,
  signal: AbortSignal,
  onLook: (open: readonly string[]) => void = () => undefined,
): Promise<Settled> {
  const begun = Date.now();
  let moved = begun;
  let balancedSince: number | undefined;
  let before = "";
  for (;;) {
    const settled = await look();
    const { events, tally } = settled;
    const open = imbalances(events, tally);
    const now = Date.now();
    const state = JSON.stringify([events, tally.commands, tally.ended, tally.journeys]);
    const still = state === before;
    if (!still) moved = now;
    before = state;
    if (open.length === 0) balancedSince ??= now;
    const balanced = open.length === 0 && (still || now - balancedSince! > STILL_WITHIN_MS);
    const late = now - moved > STUCK_AFTER_MS || now - begun > AT_MOST_MS;
    if (balanced || late || signal.aborted) return settled;
    onLook(open);
    await sleep(EVERY_MS, signal);
  }
}
