/** `--profile`: a throughput run with one service under V8's sampling profiler while it is measured. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Installation, type ServiceName } from "../installation.js";
import type { BenchOptions } from "../options.js";
import { table } from "../table.js";
import { measureThroughput, WARM_UP } from "../throughput.js";
import { workloadOf } from "../w1.js";
import { bySelfTime, callTree, cpuProfileV1 } from "./call-tree.js";
import { flameGraph } from "./flame-graph.js";

const TOP = 25;
const WRITTEN_WITHIN_MS = 30_000;

/** Writes the flame graph and answers what to print. */
export async function runProfile(options: BenchOptions, service: ServiceName): Promise<string> {
  const dir = join(process.cwd(), ".segue", "bench", "profiles");
  mkdirSync(dir, { recursive: true });
  const system = await Installation.start({
    durability: options.durability,
    actors: 1,
    node: {
      [service]: { flags: ["--import", join(import.meta.dirname, "preload.js")], args: [dir] },
    },
  });
  const { child, pid } = system.process(service);
  const written = join(dir, `${pid}.cpuprofile`);
  try {
    await measureThroughput(system, workloadOf(options), WARM_UP, {
      begin: () => void child.process.kill("SIGUSR2"),
      end: () => void child.process.kill("SIGUSR2"),
    });
    const until = Date.now() + WRITTEN_WITHIN_MS;
    while (!existsSync(written)) {
      if (Date.now() > until) throw new Error(`${service} has written no profile:\n${child.tail()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    // Ended, it has written all of the file.
    await system.stop();
  }
  const tree = callTree(cpuProfileV1.parse(JSON.parse(readFileSync(written, "utf8"))));
  const svg = join(dir, `${service}.svg`);
  writeFileSync(svg, flameGraph(tree, `${service} under W1, ${options.n} events`));
  const top = bySelfTime(tree).slice(0, TOP);
  return `${table(
    ["function", "own ms", "%", "where"],
    top.map((f) => [f.name, f.selfMs.toFixed(0), ((100 * f.selfMs) / tree.totalMs).toFixed(1), f.place]),
  )}\n\nflame graph: ${svg}\nprofile: ${written}`;
}
