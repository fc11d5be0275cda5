/** The gate that publishing asks: simulates the version, and names the limits that it breaks. */
import type { JourneyDefinition } from "#contracts";
import type { NatsConnection } from "@nats-io/nats-core";
import { loadDefinitions } from "#definitions";
import type { RecordedEvents } from "./events.js";
import { judgeByGate } from "./gate.js";
import type { GateDefinition } from "./gate.v1.js";
import type { ResponseModelDefinition } from "./response-model.js";
import { readGate } from "./read-files.js";
import { compareInWorker } from "./simulate-in-worker.js";
import { newestVersions, type Installation } from "./simulate.js";
import { readLiveJourneys, readRecordedEvents } from "./stream-source.js";

export interface PublishGateParts {
  readonly gate: GateDefinition;
  /** What is live now. */
  readonly installation: () => Installation | Promise<Installation>;
  /** The events to judge by, e.g. yesterday's. */
  readonly recorded: () => RecordedEvents | Promise<RecordedEvents>;
  readonly responses?: ResponseModelDefinition | undefined;
  /** Milliseconds of the wall after which it is given up (SimulationTooLong); without it never. */
  readonly withinMs?: number | undefined;
}

const DAY_MS = 86_400_000;

/**
 * One line for each broken limit, with what was measured and why there is the limit; none when the version may be published.
 * `live` is the version to compare with, where it is not the newest of the installation. Throws what reading throws.
 */
export function simulationGate(
  parts: PublishGateParts,
): (candidate: JourneyDefinition, live?: JourneyDefinition) => Promise<readonly string[]> {
  return async (candidate, live) => {
    const { journeys, ...shared } = await parts.installation();
    const others = newestVersions(journeys).filter((j) => live === undefined || j.id !== live.id);
    const installation = { ...shared, journeys: live === undefined ? others : [...others, live] };
    const recorded = await parts.recorded();
    const { responses, withinMs } = parts;
    const result = await compareInWorker({ installation, candidate, recorded, responses }, withinMs);
    return judgeByGate(parts.gate, result).flatMap((v) =>
      v.verdict === "broken" ? [`${v.limit}: ${v.detail}. ${v.reason}`] : [],
    );
  };
}

export interface StreamGateOptions extends Pick<PublishGateParts, "withinMs"> {
  /** Holds `catalogue/`, `policies/` and `gates/default.yaml`. */
  readonly definitionsDir: string;
  /** By the time of storing, epoch ms; by default the 24 hours until now. */
  readonly since?: number;
  readonly until?: number;
  readonly maxEvents?: number | undefined;
}

/** The gate of a running installation: the limits that ship with it, what it has published, and what it has recorded. */
export function streamGate(
  nc: NatsConnection,
  options: StreamGateOptions,
): ReturnType<typeof simulationGate> {
  const { definitionsDir, maxEvents, withinMs } = options;
  return (candidate, live) => {
    const until = options.until ?? Date.now();
    const since = options.since ?? until - DAY_MS;
    const gate = simulationGate({
      gate: readGate(`${definitionsDir}/gates/default.yaml`),
      installation: async () => ({
        ...loadDefinitions(definitionsDir),
        journeys: await readLiveJourneys(nc),
      }),
      recorded: () =>
        readRecordedEvents(nc, { since, until, ...(maxEvents === undefined ? {} : { limit: maxEvents }) }),
      withinMs,
    });
    return gate(candidate, live);
  };
}
