/** `npm run bench`: runs what the command line asks for, prints a table and one JSON line. Status 1 when a check fails. */
import { HELP, readOptions, type BenchOptions } from "./options.js";
import { keep, type Result } from "./results.js";
import { latencyTable, processTable, ratioLine, throughputTable } from "./table.js";
import { RunFailed, type ThroughputFigures } from "./throughput.js";
import { runActors, runSweep, runW1 } from "./w1.js";

const say = (text: string): void => void process.stderr.write(`${text} …\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  switch (options.mode) {
    case "help":
      return console.log(HELP);
    default:
      return report(await run(options), options);
  }
}

function run(options: BenchOptions): Promise<Result> {
  switch (options.mode) {
    case "actors":
      return runActors(options, say);
    case "sweep":
      return runSweep(options, say);
    default:
      return runW1(options, say);
  }
}

function report(result: Result, options: BenchOptions): void {
  const { throughput, floor, latency, floorLatency, ratios, byActors, byCustomers } = result;
  const throughputs = new Map<string, ThroughputFigures>();
  if (throughput) throughputs.set("system", throughput);
  if (floor) throughputs.set("floor", floor);
  for (const { actors, throughput } of byActors ?? []) throughputs.set(`${actors} actors`, throughput);
  for (const { customers, throughput } of byCustomers ?? [])
    throughputs.set(`${customers} customers`, throughput);
  const parts = [];
  if (throughputs.size > 0) parts.push(throughputTable(throughputs));
  if (throughput) parts.push(processTable(throughput));
  else if (floor) parts.push(processTable(floor));
  const latencies = new Map([
    ...(latency ? [["system", latency] as const] : []),
    ...(floorLatency ? [["floor", floorLatency] as const] : []),
  ]);
  if (latencies.size > 0) parts.push(latencyTable(latencies));
  if (ratios) parts.push(ratioLine(ratios));
  console.log(`\n${parts.join("\n\n")}\n`);
  console.log(JSON.stringify(result));
  if (options.keep) keep(result);
}

try {
  await main();
} catch (error) {
  const known = error instanceof RunFailed;
  console.error(known ? error.message : (error as Error).stack);
  process.exitCode = 1;
}
