/** W1's first measurement: a closed loop with at most 512 events in flight, from first publish to last outcome recorded. */
import type { NatsConnection } from "@nats-io/nats-core";
import { findingsOf } from "./checks.js";
import { readHistory, type History, type MessageSizes } from "./history.js";
import type { Installation, RunningProcess } from "./installation.js";
import { Load } from "./load.js";
import { measureCosts, type ProcessCost } from "./process-usage.js";
import { workload, W1_DEFAULTS, type W1Event, type WorkloadOptions } from "./workload.js";

export const IN_FLIGHT = 512;
export const HARNESS = "harness";

/** Before anything is measured: compiled code, connections, caches. Customers of its own. */
export const WARM_UP: WorkloadOptions = {
  ...W1_DEFAULTS,
  n: 4_000,
  customers: 1_000,
  prefix: "warm",
  seed: 7,
};

/** The system or the floor: what a load can be put on. */
export interface Target {
  readonly nc: NatsConnection;
  readonly processes: readonly RunningProcess[];
  connect(name: string): Promise<NatsConnection>;
}

export interface ThroughputFigures {
  /** Distinct events. */
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Per distinct event, of the services and servers. */
  readonly cpuMsPerEvent: number;
  /** The same with the harness, which publishes and follows. */
  readonly cpuMsPerEventWithHarness: number;
  /** Sum over services and servers. */
  readonly peakResidentMb: number;
  /** Writes of contexts per distinct event. */
  readonly commitsPerEvent: number;
  /** Mean bytes of a context as written. */
  readonly contextBytes: number;
  readonly processes: readonly (ProcessCost & { readonly cpuMsPerEvent: number })[];
}

export interface SystemThroughput extends ThroughputFigures {
  readonly commandsPerEvent: number;
  readonly sizes: MessageSizes;
}

/** The run does not count: something that must hold does not. */
export class RunFailed extends Error {
  override readonly name = "RunFailed";
  constructor(readonly findings: readonly string[]) {
    super(`the run does not count:\n  ${findings.join("\n  ")}`);
  }
}

/** Called right before and after what is measured. */
export interface Around {
  begin(): void;
  end(): void;
}

/** A closed loop over any target. */
export async function closedLoop(
  target: Target,
  load: Load,
  events: readonly W1Event[],
  around?: Around,
): Promise<ThroughputFigures> {
  const n = new Set(events).size;
  const { committedBytes } = load;
  const { commits } = load.progress;
  const costs = measureCosts([...target.processes, { name: HARNESS, pid: process.pid }]);
  around?.begin();
  const start = performance.now();
  await load.publishClosed(events, IN_FLIGHT);
  await load.done();
  const seconds = (performance.now() - start) / 1_000;
  const used = costs();
  around?.end();
  const product = used.filter((p) => p.name !== HARNESS);
  const cpu = (of: readonly ProcessCost[]): number => of.reduce((total, p) => total + p.cpuMs, 0) / n;
  return {
    events: n,
    seconds,
    eventsPerSecond: n / seconds,
    cpuMsPerEvent: cpu(product),
    cpuMsPerEventWithHarness: cpu(used),
    peakResidentMb: product.reduce((total, p) => total + p.peakResidentMb, 0),
    commitsPerEvent: (load.progress.commits - commits) / n,
    contextBytes: Math.round(
      (load.committedBytes - committedBytes) / Math.max(1, load.progress.commits - commits),
    ),
    processes: used.map((p) => ({ ...p, cpuMsPerEvent: p.cpuMs / n })),
  };
}

/** Brings in customers, warms up, measures, checks. Throws RunFailed when a check fails. */
export async function measureThroughput(
  system: Installation,
  options: WorkloadOptions,
  warmUp = WARM_UP,
  around?: Around,
): Promise<SystemThroughput> {
  const load = await Load.open(system.nc);
  try {
    await system.bringInCustomers(options.prefix, options.customers);
    await warm(system, load, warmUp);
    const events = workload(options);
    const after = await system.positions();
    const figures = await closedLoop(system, load, events, around);
    const history = await checked(system, options.prefix, after, events);
    return {
      ...figures,
      commandsPerEvent: history.commands.length / figures.events,
      sizes: { ...history.sizes, context: figures.contextBytes },
    };
  } finally {
    await load.close();
  }
}

export async function warm(system: Installation, load: Load, options = WARM_UP): Promise<void> {
  await system.bringInCustomers(options.prefix, options.customers);
  await load.publishClosed(workload(options), IN_FLIGHT);
  await load.done();
}

/** What the run has left behind; throws RunFailed when something in it must not be. */
export async function checked(
  system: Installation,
  prefix: string,
  after: ReadonlyMap<string, number>,
  events: readonly W1Event[],
): Promise<History> {
  const history = await readHistory({ nc: system.nc, prefix, after, ledgerFile: system.ledgerFile });
  const findings = findingsOf(events, history);
  if (findings.length > 0) throw new RunFailed(findings);
  return history;
}
