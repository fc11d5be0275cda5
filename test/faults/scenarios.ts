/** The rows of the fault matrix, in the order of the table. */
import type { Scenario } from "./scenario.js";
import { zombieOwner } from "./zombie-owner.js";

export const SCENARIOS: readonly Scenario[] = [zombieOwner];
