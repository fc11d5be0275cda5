/** The rows about what surrounds the services: Redis, publishers, providers, disks and clocks. */
import { clockChanges } from "./clock-changes.js";
import { duplicates } from "./duplicates.js";
import { fullDisk, fullStreams } from "./full-streams.js";
import { malformed } from "./malformed.js";
import { poison } from "./poison.js";
import { providers } from "./providers.js";
import { redisLost } from "./redis-lost.js";
import type { Scenario } from "./scenario.js";

export const OUTSIDE_FAULTS: readonly Scenario[] = [
  redisLost,
  duplicates,
  malformed,
  poison,
  providers,
  fullStreams,
  fullDisk,
  clockChanges,
];
