/** The runs of `npm run bench`: floor, throughput and latency; one actor against two; the sweep over customers. */
import { Floor, USUAL_SIZES } from "./floor/floor.js";
import type { MessageSizes } from "./history.js";
import { Installation } from "./installation.js";
import { latencyWorkload, openLoop, type LatencyStep } from "./latency.js";
import { Load } from "./load.js";
import type { BenchOptions } from "./options.js";
import { ratiosOf, type Result } from "./results.js";
import { settingsOf } from "./settings.js";
import {
  checked,
  closedLoop,
  IN_FLIGHT,
  measureThroughput,
  warm,
  WARM_UP,
  type SystemThroughput,
  type ThroughputFigures,
} from "./throughput.js";
import { W1_DEFAULTS, workload, type WorkloadOptions } from "./workload.js";

const RATES = [200, 500, 1_000];
const FLOOR_RATES = [200];

export type Say = (text: string) => void;

export function workloadOf(options: BenchOptions): WorkloadOptions {
  return { ...W1_DEFAULTS, n: options.n, customers: options.customers, zipf: options.zipf };
}

export async function runW1(options: BenchOptions, say: Say): Promise<Result> {
  const wants = (part: "throughput" | "latency"): boolean =>
    options.only === undefined || options.only === part;
  const found: {
    throughput?: SystemThroughput;
    latency?: readonly LatencyStep[];
    floor?: ThroughputFigures;
    floorLatency?: readonly LatencyStep[];
  } = {};
  let versions: Record<string, string> = {};
  if (options.only !== "floor") {
    say("starting servers and services");
    const system = await Installation.start({ durability: options.durability, actors: options.actors });
    try {
      versions = { ...system.versions };
      if (wants("throughput")) {
        say(
          `throughput: ${options.n} events of ${options.customers} customers, at most ${IN_FLIGHT} in flight`,
        );
        found.throughput = await measureThroughput(system, workloadOf(options));
      }
      if (wants("latency")) found.latency = await measureLatency(system, options, say);
    } finally {
      await system.stop();
    }
  }
  const { floor, floorLatency, natsVersion } = await runFloor(options, found.throughput?.sizes, say);
  return {
    kind: "w1",
    settings: settingsOf(options, { ...versions, nats: natsVersion }),
    ...found,
    ...(floor ? { floor } : {}),
    ...(floorLatency ? { floorLatency } : {}),
    ...(found.throughput && floor ? { ratios: ratiosOf(found.throughput, floor) } : {}),
  };
}

async function measureLatency(
  system: Installation,
  options: BenchOptions,
  say: Say,
): Promise<readonly LatencyStep[]> {
  const load = await Load.open(system.nc);
  try {
    const rates = options.rate === undefined ? RATES : [options.rate];
    const { seconds } = options;
    for (const rate of rates) {
      const { prefix, customers } = latencyWorkload(rate, seconds);
      await system.bringInCustomers(prefix, customers);
    }
    if (options.only === "latency") await warm(system, load);
    const steps: LatencyStep[] = [];
    for (const rate of rates) {
      say(`latency: ${rate} events/s for ${seconds} s`);
      const after = await system.positions();
      const { step, events } = await openLoop(system, load, rate, seconds);
      await checked(system, latencyWorkload(rate, seconds).prefix, after, events);
      steps.push(step);
    }
    return steps;
  } finally {
    await load.close();
  }
}

async function runFloor(
  options: BenchOptions,
  sizes: MessageSizes = USUAL_SIZES,
  say: Say,
): Promise<{ floor?: ThroughputFigures; floorLatency?: readonly LatencyStep[]; natsVersion: string }> {
  const floor = await Floor.start(sizes, options.durability);
  const load = await Load.open(floor.nc);
  try {
    say("floor: the same messages without logic");
    await load.publishClosed(workload(WARM_UP), IN_FLIGHT);
    await load.done();
    const found: { floor?: ThroughputFigures; floorLatency?: readonly LatencyStep[] } = {};
    if (options.only !== "latency")
      found.floor = await closedLoop(floor, load, workload(workloadOf(options)));
    if (options.only !== "throughput") {
      const steps: LatencyStep[] = [];
      for (const rate of options.rate === undefined ? FLOOR_RATES : [options.rate]) {
        say(`floor: latency at ${rate} events/s for ${options.seconds} s`);
        steps.push((await openLoop(floor, load, rate, options.seconds)).step);
      }
      found.floorLatency = steps;
    }
    return { ...found, natsVersion: floor.natsVersion };
  } finally {
    await load.close();
    await floor.stop();
  }
}

/** One actor, then as many as wanted, each on a fresh installation. */
export async function runActors(options: BenchOptions, say: Say): Promise<Result> {
  const byActors: { actors: number; throughput: SystemThroughput }[] = [];
  let versions = {};
  for (const actors of [1, options.actors]) {
    say(`throughput with ${actors} context actor${actors === 1 ? "" : "s"}`);
    const system = await Installation.start({ durability: options.durability, actors });
    try {
      versions = { ...system.versions };
      byActors.push({ actors, throughput: await measureThroughput(system, workloadOf(options)) });
    } finally {
      await system.stop();
    }
  }
  return { kind: "actors", settings: settingsOf(options, versions), byActors };
}

const SWEEP = [1_000, 10_000, 100_000, 1_000_000];
/** So few events per customer and day that the cap decides nothing: every run has the same share of commands. */
const SWEEP_WORKLOAD = { zipf: 0, spanHours: 240 };

/** All customers alike often, each number on a fresh installation that knows all of them. */
export async function runSweep(options: BenchOptions, say: Say): Promise<Result> {
  const byCustomers: { customers: number; throughput: SystemThroughput }[] = [];
  let versions = {};
  for (const customers of SWEEP) {
    say(`throughput with ${customers} customers`);
    const system = await Installation.start({ durability: options.durability, actors: options.actors });
    try {
      versions = { ...system.versions };
      const workload = { ...workloadOf(options), ...SWEEP_WORKLOAD, customers };
      byCustomers.push({ customers, throughput: await measureThroughput(system, workload) });
    } finally {
      await system.stop();
    }
  }
  return { kind: "customers", settings: settingsOf(options, versions), byCustomers };
}
