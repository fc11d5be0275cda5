/** The rows of the fault matrix, in the order of the table. */
import { cluster } from "./cluster.js";
import { OUTSIDE_FAULTS } from "./outside-faults.js";
import { natsAway } from "./nats-away.js";
import { rollingRestart } from "./rolling-restart.js";
import type { Scenario } from "./scenario.js";
import { servicesKilled } from "./services-killed.js";
import { zombieOwner } from "./zombie-owner.js";

export const SCENARIOS: readonly Scenario[] = [
  servicesKilled,
  natsAway,
  zombieOwner,
  cluster,
  ...OUTSIDE_FAULTS,
  rollingRestart,
];
