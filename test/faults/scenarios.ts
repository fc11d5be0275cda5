/** The rows of the fault matrix, in the order of the table. */
import type { Scenario } from "./scenario.js";
import { duplicates } from "./duplicates.js";
import { redisLost } from "./redis-lost.js";
import { servicesKilled } from "./services-killed.js";
import { zombieOwner } from "./zombie-owner.js";

export const SCENARIOS: readonly Scenario[] = [servicesKilled, zombieOwner, redisLost, duplicates];
