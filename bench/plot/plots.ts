/** The plots of `npm run bench -- --plots`, each from the newest kept result that has what it shows. */
import { kept, type Result } from "../results.js";
import type { ThroughputFigures } from "../throughput.js";
import type { Chart } from "#plot";

/** Charts by file name, for what there are results of. */
export function plots(read = kept): ReadonlyMap<string, Chart> {
  const w1 = read("w1");
  const found = new Map<string, Chart>();
  const add = (name: string, chart: Chart | undefined): void => {
    if (chart) found.set(name, chart);
  };
  add("throughput", throughputChart(w1));
  add("latency", latencyChart(w1));
  add("cpu", costChart(w1, "cpu"));
  add("memory", costChart(w1, "memory"));
  add("customers", customersChart(read("customers").at(-1)));
  add("actors", actorsChart(read("actors").at(-1)));
  return found;
}

function subtitleOf({ settings }: Result): string {
  const { machine, versions, revision, at } = settings;
  return `W1 on ${machine.cores} cores, node ${versions["node"]}, nats ${versions["nats"]}, ${revision}, ${at.slice(0, 10)}`;
}

function newest(results: readonly Result[], has: (r: Result) => boolean): Result | undefined {
  return results.findLast(has);
}

const durabilityOf = (r: Result): unknown => r.settings.options["durability"];
const isFull = (durability: string) => (r: Result) =>
  durabilityOf(r) === durability && r.throughput !== undefined && r.floor !== undefined;

function throughputChart(results: readonly Result[]): Chart | undefined {
  const runs = ["default", "fsync"].flatMap((d) => newest(results, isFull(d)) ?? []);
  if (runs.length === 0) return undefined;
  return {
    title: "Throughput, at most 512 events in flight",
    subtitle: subtitleOf(runs.at(-1)!),
    x: "durability",
    y: "distinct events per second",
    categories: runs.map((r) => String(durabilityOf(r))),
    series: [
      { name: "Segue", values: runs.map((r) => r.throughput?.eventsPerSecond) },
      { name: "floor", values: runs.map((r) => r.floor?.eventsPerSecond) },
    ],
    kind: "grouped",
  };
}

function latencyChart(results: readonly Result[]): Chart | undefined {
  const run = newest(results, (r) => durabilityOf(r) === "default" && (r.latency?.length ?? 0) > 0);
  if (!run?.latency) return undefined;
  const floor = run.floorLatency ?? [];
  const steps = [
    ...run.latency.map((s) => ({ name: `${s.ratePerSecond}/s`, ...s })),
    ...floor.map((s) => ({ name: `floor ${s.ratePerSecond}/s`, ...s })),
  ];
  return {
    title: "Event to command, open loop",
    subtitle: subtitleOf(run),
    x: "events per second",
    y: "milliseconds (logarithmic)",
    categories: steps.map((s) => s.name),
    series: [
      { name: "p50", values: steps.map((s) => s.p50Ms) },
      { name: "p95", values: steps.map((s) => s.p95Ms) },
      { name: "p99", values: steps.map((s) => s.p99Ms) },
      { name: "max", values: steps.map((s) => s.maxMs) },
    ],
    kind: "grouped",
    logY: true,
  };
}

function costChart(results: readonly Result[], of: "cpu" | "memory"): Chart | undefined {
  const run = newest(results, isFull("default"));
  if (!run?.throughput || !run.floor) return undefined;
  const columns = [run.throughput, run.floor];
  const names = [...new Set(columns.flatMap((c) => c.processes.map((p) => p.name)))].filter(
    (name) => of === "cpu" || name !== "harness",
  );
  const value = (column: ThroughputFigures, name: string): number | undefined => {
    const process = column.processes.find((p) => p.name === name);
    // Milliseconds per event are seconds per 1,000 events.
    return of === "cpu" ? process?.cpuMsPerEvent : process?.peakResidentMb;
  };
  return {
    title: of === "cpu" ? "CPU per 1,000 events" : "Peak resident memory",
    subtitle: subtitleOf(run),
    x: "by process",
    y: of === "cpu" ? "CPU seconds, user and system, per 1,000 events" : "MB",
    categories: ["Segue", "floor"],
    series: names.map((name) => ({ name, values: columns.map((c) => value(c, name)) })),
    kind: "stacked",
  };
}

function customersChart(run: Result | undefined): Chart | undefined {
  if (!run?.byCustomers) return undefined;
  const rows = run.byCustomers;
  return {
    title: "Cost against the number of customers",
    subtitle: subtitleOf(run),
    x: "customers",
    y: "CPU seconds per 1,000 events",
    categories: rows.map((r) => r.customers.toLocaleString("en-US")),
    series: [
      { name: "all processes", values: rows.map((r) => r.throughput.cpuMsPerEvent) },
      {
        name: "context-actor",
        values: rows.map(
          (r) => r.throughput.processes.find((p) => p.name === "context-actor")?.cpuMsPerEvent,
        ),
      },
      {
        name: "nats-server",
        values: rows.map((r) => r.throughput.processes.find((p) => p.name === "nats-server")?.cpuMsPerEvent),
      },
    ],
    kind: "line",
  };
}

function actorsChart(run: Result | undefined): Chart | undefined {
  if (!run?.byActors) return undefined;
  return {
    title: "One and two context actors on one machine",
    subtitle: subtitleOf(run),
    x: "context-actor instances",
    y: "distinct events per second",
    categories: run.byActors.map((r) => String(r.actors)),
    series: [{ name: "Segue", values: run.byActors.map((r) => r.throughput.eventsPerSecond) }],
    kind: "grouped",
  };
}
