/** The rows about what surrounds the services: Redis, publishers, providers, disks and clocks. */
import { duplicates } from "./duplicates.js";
import { malformed } from "./malformed.js";
import { redisLost } from "./redis-lost.js";
import type { Scenario } from "./scenario.js";

export const OUTSIDE_FAULTS: readonly Scenario[] = [redisLost, duplicates, malformed];
