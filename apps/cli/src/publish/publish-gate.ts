/** The gate that `segue publish` asks: the simulation of the new version over recorded events. */
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadDefinitions } from "#definitions";
import type { Gate } from "#registry";
import {
  MAX_EVENTS,
  readGate,
  readLiveJourneys,
  readNdjson,
  readRecordedEvents,
  simulationGate,
  type RecordedEvents,
} from "#simulation";
import { UsageError, type Call } from "../governance/governance-command.js";

const DAY_MS = 86_400_000;

/** `undefined`: no gate is wanted, or the definitions have none. */
export function publishGate(call: Pick<Call, "nc" | "definitions" | "option" | "flag">): Gate | undefined {
  const given = call.option("gate");
  const events = call.option("events");
  if (call.flag("no-gate")) {
    if (given !== undefined || events !== undefined)
      throw new UsageError("--no-gate with --gate or --events: give one of them");
    return undefined;
  }
  const file = given ?? join(call.definitions, "gates", "default.yaml");
  if (given === undefined && !existsSync(file)) return undefined;
  return simulationGate({
    gate: readGate(file),
    installation: async () => {
      const { catalogue, policyPacks, signals } = loadDefinitions(call.definitions);
      return { journeys: await readLiveJourneys(call.nc), catalogue, policyPacks, signals };
    },
    recorded: () => (events === undefined ? lastDay(call) : fromFile(events)),
  });
}

function lastDay({ nc }: Pick<Call, "nc">): Promise<RecordedEvents> {
  const until = Date.now();
  return readRecordedEvents(nc, { since: until - DAY_MS, until, limit: MAX_EVENTS });
}

function fromFile(path: string): Promise<RecordedEvents> {
  return readNdjson(
    createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity }),
    MAX_EVENTS,
  );
}
