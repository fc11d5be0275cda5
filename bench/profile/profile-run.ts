/** `--profile`: a throughput run with one service under V8's sampling profiler. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Installation, type ServiceName } from "../installation.js";
import type { BenchOptions } from "../options.js";
import { table } from "../table.js";
import { measureThroughput } from "../throughput.js";
import { workloadOf } from "../w1.js";
import { bySelfTime, callTree, cpuProfileV1 } from "./call-tree.js";
import { flameGraph } from "./flame-graph.js";

const TOP = 25;

/** Writes the flame graph and answers what to print. */
export async function runProfile(options: BenchOptions, service: ServiceName): Promise<string> {
  const dir = join(process.cwd(), ".segue", "bench", "profiles");
  const file = `${service}.cpuprofile`;
  mkdirSync(dir, { recursive: true });
  rmSync(join(dir, file), { force: true });
  const system = await Installation.start({
    durability: options.durability,
    actors: 1,
    nodeFlags: {
      [service]: [
        "--cpu-prof",
        `--cpu-prof-dir=${dir}`,
        `--cpu-prof-name=${file}`,
        "--cpu-prof-interval=500",
      ],
    },
  });
  try {
    await measureThroughput(system, workloadOf(options));
  } finally {
    await system.stop();
  }
  // Written when the service ended.
  const profile = cpuProfileV1.parse(JSON.parse(readFileSync(join(dir, file), "utf8")));
  const tree = callTree(profile);
  const svg = join(dir, `${service}.svg`);
  writeFileSync(svg, flameGraph(tree, `${service} under W1, ${options.n} events and the warm-up`));
  const top = bySelfTime(tree).slice(0, TOP);
  return `${table(
    ["function", "own ms", "%", "where"],
    top.map((f) => [f.name, f.selfMs.toFixed(0), ((100 * f.selfMs) / tree.totalMs).toFixed(1), f.place]),
  )}\n\nflame graph: ${svg}`;
}
