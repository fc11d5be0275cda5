/** `--soak`: a steady rate for long; at the end, memory, open handles and lag must have been flat. */
import { Installation } from "./installation.js";
import { flatness, type SoakSample } from "./flatness.js";
import { Load } from "./load.js";
import type { BenchOptions } from "./options.js";
import { usageOf } from "./process-usage.js";
import type { Result } from "./results.js";
import { settingsOf } from "./settings.js";
import { checked, RunFailed, warm } from "./throughput.js";
import { W1_DEFAULTS, workload } from "./workload.js";
import type { Say } from "./w1.js";

const RATE = 500;
const SAMPLE_EVERY_MS = 10_000;
/**
 * Ninety days of event time: contacts are kept for about two weeks where no cap looks back further, so that what the first
 * third leaves behind is forgotten in the second. So few customers that each has come by the end of the first third.
 */
const SOAK_WORKLOAD = { ...W1_DEFAULTS, spanHours: 90 * 24, customers: 10_000, zipf: 0, prefix: "soak" };

/** Throws RunFailed when something is lost or grows. */
export async function runSoak(options: BenchOptions, forMs: number, say: Say): Promise<Result> {
  const ratePerSecond = options.rate ?? RATE;
  const wanted = { ...SOAK_WORKLOAD, n: Math.ceil((ratePerSecond * forMs) / 1_000) };
  const system = await Installation.start({ durability: options.durability, actors: options.actors });
  const load = await Load.open(system.nc);
  const samples: SoakSample[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    say(`soak: ${ratePerSecond} events/s for ${forMs / 60_000} min`);
    await system.bringInCustomers(wanted.prefix, wanted.customers);
    await warm(system, load);
    const events = workload(wanted);
    const after = await system.positions();
    const start = performance.now();
    timer = setInterval(() => {
      const processes = system.processes.map(({ name, pid }) => {
        const { residentMb, handles } = usageOf(pid);
        return { name, residentMb, handles };
      });
      samples.push({ atMs: performance.now() - start, lag: load.progress.inFlight, processes });
    }, SAMPLE_EVERY_MS);
    await load.publishOpen(events, ratePerSecond);
    clearInterval(timer);
    await load.done();
    say("soak: checking");
    const judged = flatness(samples);
    await checked(system, wanted.prefix, after, events);
    if (judged.findings.length > 0) throw new RunFailed(judged.findings);
    return {
      kind: "soak",
      settings: settingsOf(options, system.versions),
      soak: { ratePerSecond, minutes: forMs / 60_000, events: wanted.n, rows: judged.rows },
    };
  } finally {
    clearInterval(timer);
    await load.close();
    await system.stop();
  }
}
