/** W1's first measurement: a closed loop with at most 512 events in flight. */
import type { ProcessCost } from "./process-usage.js";
import { measureCosts } from "./process-usage.js";
import { findingsOf } from "./checks.js";
import { readHistory } from "./history.js";
import type { Installation } from "./installation.js";
import { Load } from "./load.js";
import { workload, type WorkloadOptions } from "./workload.js";

export const IN_FLIGHT = 512;
export const WARM_UP: Partial<WorkloadOptions> = { n: 4_000, customers: 1_000, prefix: "warm", seed: 7 };

export interface ThroughputResult {
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Commands per distinct event. */
  readonly commandShare: number;
  /** Context commits per distinct event. */
  readonly commitShare: number;
  /** Per distinct event, services and servers. */
  readonly cpuMsPerEvent: number;
  /** The same with the harness: publisher and follower. */
  readonly cpuMsPerEventWithHarness: number;
  /** Sum over services and servers. */
  readonly peakResidentMb: number;
  readonly processes: readonly (ProcessCost & { readonly cpuMsPerEvent: number })[];
}

/** The run does not count: something that must hold does not. */
export class RunFailed extends Error {
  override readonly name = "RunFailed";
  constructor(readonly findings: readonly string[]) {
    super(`the run does not count:\n  ${findings.join("\n  ")}`);
  }
}

export async function warmUp(installation: Installation, load: Load): Promise<void> {
  await installation.bringInCustomers(WARM_UP.prefix!, WARM_UP.customers!);
  await load.publishClosed(workload(WARM_UP), IN_FLIGHT);
  await load.done();
}

/** Throws RunFailed when a check fails. */
export async function measureThroughput(
  installation: Installation,
  options: WorkloadOptions,
): Promise<ThroughputResult> {
  const load = await Load.open(installation.nc);
  try {
    await installation.bringInCustomers(options.prefix, options.customers);
    await warmUp(installation, load);
    const events = workload(options);
    const after = await installation.positions();
    const { commits } = load.progress;
    const costs = measureCosts([...installation.processes, { name: "harness", pid: process.pid }]);
    const start = performance.now();
    await load.publishClosed(events, IN_FLIGHT);
    await load.done();
    const seconds = (performance.now() - start) / 1_000;
    const used = costs();
    const history = await readHistory({
      nc: installation.nc,
      prefix: options.prefix,
      after,
      ledgerFile: installation.ledgerFile,
    });
    const findings = findingsOf(events, history);
    if (findings.length > 0) throw new RunFailed(findings);
    const product = used.filter((p) => p.name !== "harness");
    const sum = (of: readonly ProcessCost[]): number => of.reduce((total, p) => total + p.cpuMs, 0);
    return {
      events: options.n,
      seconds,
      eventsPerSecond: options.n / seconds,
      commandShare: history.commands.length / options.n,
      commitShare: (load.progress.commits - commits) / options.n,
      cpuMsPerEvent: sum(product) / options.n,
      cpuMsPerEventWithHarness: sum(used) / options.n,
      peakResidentMb: product.reduce((total, p) => total + p.peakResidentMb, 0),
      processes: used.map((p) => ({ ...p, cpuMsPerEvent: p.cpuMs / options.n })),
    };
  } finally {
    await load.close();
  }
}
