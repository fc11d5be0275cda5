/** The gate of simulation for publications over HTTP: on a thread of its own, bounded as `POST /v1/journeys/simulate`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadDefinitions } from "#definitions";
import type { Gate } from "#registry";
import {
  compareInWorker,
  judgeByGate,
  newestVersions,
  readGate,
  readLiveJourneys,
  readRecordedEvents,
  SimulationTooLong,
  TooManyEvents,
} from "#simulation";
import type { NatsLink } from "../nats-link.js";
import { ProblemError } from "../problem.js";
import type { SimulationLimits } from "./simulate.controller.js";

const DAY_MS = 86_400_000;

/** `undefined` when the definitions have no gate. */
export function publishGate(
  link: NatsLink,
  { definitionsDir, maxEvents, withinMs }: SimulationLimits,
): Gate | undefined {
  const file = join(definitionsDir, "gates", "default.yaml");
  if (!existsSync(file)) return undefined;
  const gate = readGate(file);
  return async (candidate, live) => {
    const { nc } = link.parts;
    const until = Date.now();
    const { catalogue, policyPacks, signals } = loadDefinitions(definitionsDir);
    const others = newestVersions(await readLiveJourneys(nc)).filter((j) => j.id !== live?.id);
    const journeys = live ? [...others, live] : others;
    try {
      const recorded = await readRecordedEvents(nc, { since: until - DAY_MS, until, limit: maxEvents });
      const result = await compareInWorker(
        { installation: { journeys, catalogue, policyPacks, signals }, candidate, recorded },
        withinMs,
      );
      return judgeByGate(gate, result).flatMap((v) =>
        v.verdict === "broken" ? [`${v.limit}: ${v.detail}. ${v.reason}`] : [],
      );
    } catch (error) {
      if (!(error instanceof TooManyEvents || error instanceof SimulationTooLong)) throw error;
      throw new ProblemError(
        "too-large",
        `The gate could not judge this version within the gateway's limits: ${error.message}. Publish it with segue publish on the command line.`,
      );
    }
  };
}
