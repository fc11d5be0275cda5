import type { StoredEvents } from "./observe.js";
import { untilSettled, type Settled } from "./settle.js";
import { Tally } from "./tally.js";

/** A count that found so many events, of which so many are applied, and so many journeys entered. */
function counted(inStream: number, applied: number, entered = 0): Settled {
  const tally = new Tally();
  tally.journeys.entered = entered;
  const none = { duplicates: 0, deadLetters: 0, customers: 0, orderedCommands: [] };
  const events: StoredEvents = { inStream, applied, ...none };
  return { events, tally };
}

describe("waiting until everything is handled", () => {
  async function looking(counts: readonly Settled[]): Promise<{ settled: Settled; looks: number }> {
    let looks = 0;
    const look = () => Promise.resolve(counts[Math.min(looks++, counts.length - 1)]!);
    return { settled: await untilSettled(look, new AbortController().signal), looks };
  }

  it("ends at a balance that a second count confirms", async () => {
    expect(await looking([counted(9, 8), counted(9, 9)])).toMatchObject({
      settled: { events: { applied: 9 } },
      looks: 3,
    });
  });

  it("does not take a count during which work came in for the last word", async () => {
    // The journeys were read before the last event was applied, the events after it.
    const { settled, looks } = await looking([counted(9, 9, 3), counted(9, 9, 4)]);
    expect(settled.tally.journeys.entered).toBe(4);
    expect(looks).toBe(3);
  });
});
