/** `npm run bench`: runs what the command line asks for, prints a table and one JSON line. Status 1 when a check fails. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertNever } from "#contracts";
import { runDecisions } from "./decisions/run.js";
import { BadOption, HELP, readOptions, type BenchOptions } from "./options.js";
import { chartSvg } from "#plot";
import { plots } from "./plot/plots.js";
import { runProfile } from "./profile/profile-run.js";
import { keep, resultsFolder, type Result } from "./results.js";
import { cleanUpWhenInterrupted } from "./run-folder.js";
import { runSoak } from "./soak.js";
import {
  decisionTables,
  latencyTable,
  processTable,
  ratioLine,
  soakTable,
  throughputTable,
} from "./table.js";
import { runTakeover } from "./takeover.js";
import { RunFailed, type ThroughputFigures } from "./throughput.js";
import { runActors, runSweep, runW1 } from "./w1.js";

const say = (text: string): void => void process.stderr.write(`${text} …\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const { mode } = options;
  switch (mode) {
    case "help":
      return console.log(HELP);
    case "plots":
      return drawPlots();
    case "profile":
      return console.log(await runProfile(options, options.profile!));
    case "w1":
      return report(await runW1(options, say), options);
    case "actors":
      return report(await runActors(options, say), options);
    case "sweep":
      return report(await runSweep(options, say), options);
    case "takeover":
      return report(await runTakeover(options, say), options);
    case "decisions":
      return report(await runDecisions(options, say), options);
    case "soak":
      return report(await runSoak(options, options.soakMs!, say), options);
    default:
      return assertNever(mode);
  }
}

function drawPlots(): void {
  for (const [name, chart] of plots()) {
    const file = join(resultsFolder(), `${name}.svg`);
    writeFileSync(file, chartSvg(chart));
    console.log(file);
  }
}

function report(result: Result, options: BenchOptions): void {
  const {
    throughput,
    floor,
    latency,
    floorLatency,
    ratios,
    byActors,
    byCustomers,
    takeover,
    soak,
    decisions,
  } = result;
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
  if (takeover)
    parts.push(`all partitions handled again ${takeover.seconds.toFixed(2)} s after the kill, nothing lost`);
  if (soak) parts.push(soakTable(soak.rows));
  if (decisions) parts.push(decisionTables(decisions));
  parts.push(
    decisions
      ? "checked: every decision answered, no customer promised more than the cap"
      : "checked: every event applied once and in order, no customer above the cap, one outcome per command",
  );
  console.log(`\n${parts.join("\n\n")}\n`);
  console.log(JSON.stringify(result));
  if (options.keep) keep(result);
}

cleanUpWhenInterrupted();
try {
  await main();
} catch (error) {
  const known = error instanceof RunFailed || error instanceof BadOption;
  console.error(known ? error.message : (error as Error).stack);
  process.exitCode = 1;
}
