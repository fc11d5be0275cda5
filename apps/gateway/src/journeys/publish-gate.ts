/** The gate of simulation for publications over HTTP: on a thread of its own, bounded as `POST /v1/journeys/simulate`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Gate } from "#registry";
import { SimulationTooLong, streamGate, TooManyEvents } from "#simulation";
import type { NatsLink } from "../nats-link.js";
import { ProblemError } from "../problem.js";
import type { SimulationLimits } from "./simulate.controller.js";

/** `undefined` when the definitions have no gate. */
export function publishGate(link: NatsLink, limits: SimulationLimits): Gate | undefined {
  if (!existsSync(join(limits.definitionsDir, "gates", "default.yaml"))) return undefined;
  return async (candidate, live) => {
    try {
      return await streamGate(link.parts.nc, limits)(candidate, live);
    } catch (error) {
      if (!(error instanceof TooManyEvents || error instanceof SimulationTooLong)) throw error;
      throw new ProblemError(
        "too-large",
        `The gate could not judge this version within the gateway's limits: ${error.message}. Publish it with segue publish on the command line.`,
      );
    }
  };
}
