/** The gate that publishing asks: simulates the version, and names the limits that it breaks. */
import type { JourneyDefinition } from "#contracts";
import type { RecordedEvents } from "./events.js";
import { judgeByGate } from "./gate.js";
import type { GateDefinition } from "./gate.v1.js";
import type { ResponseModelDefinition } from "./response-model.js";
import { compareVersions, newestVersions, type Installation } from "./simulate.js";

export interface PublishGateParts {
  readonly gate: GateDefinition;
  /** What is live now. */
  readonly installation: () => Installation | Promise<Installation>;
  /** The events to judge by, e.g. yesterday's. */
  readonly recorded: () => RecordedEvents | Promise<RecordedEvents>;
  readonly responses?: ResponseModelDefinition | undefined;
}

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
    const result = compareVersions({
      installation,
      candidate,
      recorded: await parts.recorded(),
      responses: parts.responses,
    });
    return judgeByGate(parts.gate, result).flatMap((v) =>
      v.verdict === "broken" ? [`${v.limit}: ${v.detail}. ${v.reason}`] : [],
    );
  };
}
