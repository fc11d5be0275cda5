/** The short tables on the terminal. */
import { textTable } from "#plot";
import type { FlatnessRow } from "./flatness.js";
import type { LatencyStep } from "./latency.js";
import type { DecisionFigures, Ratios } from "./results.js";
import type { SystemThroughput, ThroughputFigures } from "./throughput.js";

type Row = readonly (string | number)[];

/** A table as figures are printed; numbers as they are. */
export function table(head: readonly string[], rows: readonly Row[]): string {
  const texts = rows.map((row) => row.map(String));
  return textTable(head, texts, "ruled");
}

export function throughputTable(named: ReadonlyMap<string, ThroughputFigures>): string {
  return table(
    [
      "throughput",
      "events/s",
      "CPU-ms/event",
      "with harness",
      "commits/event",
      "commands/event",
      "peak RSS MB",
    ],
    [...named].map(([name, t]) => [
      name,
      t.eventsPerSecond.toFixed(0),
      t.cpuMsPerEvent.toFixed(3),
      t.cpuMsPerEventWithHarness.toFixed(3),
      t.commitsPerEvent.toFixed(2),
      "commandsPerEvent" in t ? (t as SystemThroughput).commandsPerEvent.toFixed(2) : "1.00",
      t.peakResidentMb.toFixed(0),
    ]),
  );
}

export function processTable(t: ThroughputFigures): string {
  return table(
    ["process", "CPU-ms/event", "peak RSS MB"],
    t.processes.map((p) => [p.name, p.cpuMsPerEvent.toFixed(3), p.peakResidentMb.toFixed(0)]),
  );
}

export function latencyTable(named: ReadonlyMap<string, readonly LatencyStep[]>): string {
  return table(
    ["event to command", "rate/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "commands"],
    [...named].flatMap(([name, steps]) =>
      steps.map((s) => [
        name,
        s.ratePerSecond,
        s.p50Ms.toFixed(2),
        s.p95Ms.toFixed(2),
        s.p99Ms.toFixed(2),
        s.maxMs.toFixed(1),
        s.count,
      ]),
    ),
  );
}

export function decisionTables({
  scoring,
  propensities: p,
  load,
  bounce,
  p99ToBounce,
  verdicts: v,
}: DecisionFigures): string {
  const core = table(
    ["scoring, candidates", "scored", "p50 µs", "p99 µs", "CPU µs", "CPU µs, CEL library alone", "ratio"],
    scoring.map((s) => [
      s.candidates,
      s.scored,
      s.p50Micros.toFixed(0),
      s.p99Micros.toFixed(0),
      s.cpuMicros.toFixed(0),
      s.library.cpuMicros.toFixed(0),
      s.ratio.toFixed(1),
    ]),
  );
  const models =
    p &&
    table(
      [
        "propensities, candidates",
        "features",
        "p50 µs",
        "p99 µs",
        "CPU µs",
        "CPU µs per lesson",
        "bytes per arm",
      ],
      [
        [
          p.candidates,
          p.features,
          p.p50Micros.toFixed(0),
          p.p99Micros.toFixed(0),
          p.cpuMicros.toFixed(0),
          p.lessonMicros.toFixed(0),
          p.armBytes,
        ],
      ],
    );
  const both = table(
    ["decision and policy", "p50 ms", "p95 ms", "p99 ms", "max ms", "decisions", "acted"],
    [
      [
        `${load.ratePerSecond}/s for ${load.seconds} s`,
        load.p50Ms.toFixed(2),
        load.p95Ms.toFixed(2),
        load.p99Ms.toFixed(2),
        load.maxMs.toFixed(1),
        load.count,
        load.acted,
      ],
      [
        "only sent to and fro",
        bounce.p50Ms.toFixed(2),
        bounce.p95Ms.toFixed(2),
        bounce.p99Ms.toFixed(2),
        bounce.maxMs.toFixed(1),
        bounce.count,
        "",
      ],
      ...(v === undefined
        ? []
        : [
            [
              `policy alone, ${v.candidates} × ${v.channels}, one by one`,
              v.p50Ms.toFixed(2),
              v.p95Ms.toFixed(2),
              v.p99Ms.toFixed(2),
              v.maxMs.toFixed(1),
              v.count,
              "",
            ],
          ]),
    ],
  );
  const cost = load.processes.map((p) => `${p.name} ${p.cpuMsPerDecision.toFixed(2)}`).join(", ");
  const costs = `CPU-ms per decision: ${cost}\nratio of p99 to the bounce: ${p99ToBounce.toFixed(1)}`;
  return [core, ...(models === undefined ? [] : [models]), both, costs].join("\n\n");
}

export function soakTable(rows: readonly FlatnessRow[]): string {
  return table(
    ["soak, medians", "second third", "last third"],
    rows.map((r) => [r.what, r.before.toFixed(0), r.after.toFixed(0)]),
  );
}

export function ratioLine(r: Ratios): string {
  return (
    `ratio to the floor: throughput ${r.throughput.toFixed(2)}, CPU per event ${r.cpu.toFixed(2)}` +
    ` (${r.cpuWithHarness.toFixed(2)} with the harness on both sides)`
  );
}
