/**
 * The shipped journeys, each moment end to end on real servers and services: the sequence of commands and their outcomes,
 * waits over months included, and what must come when something is in the way. The clock stands; the events carry the time,
 * and every wait falls due at its own.
 */
import { standingClockText } from "#clock";
import { differences, play, type Played } from "../apps/cli/src/scenario/play.js";
import { readScenarios } from "../apps/cli/src/scenario/scenario-file.js";
import { System } from "./system.js";

const shipped = readScenarios("scenarios");

describe("the shipped scenarios", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({ clock: standingClockText() });
  }, 60_000);
  afterAll(() => system.stop());

  function wrong(played: readonly Played[]): string[] {
    return played.flatMap((p) => differences(p).map((d) => `${p.name}: ${d}`));
  }

  it.each([...shipped.keys()])(
    "%s goes as it says",
    async (id) => {
      const played = await play(shipped.get(id)!, {
        nc: system.servers.nc,
        gatewayUrl: system.gateway,
        run: "a",
      });
      expect(wrong(played)).toEqual([]);
    },
    40_000,
  );
});
