/** Results as they are kept and shown: one JSON line per run, in a file per kind. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DecisionLoadFigures } from "./decisions/decision-load.js";
import type { PropensityFigures } from "./decisions/propensities.js";
import type { VerdictFigures } from "./decisions/verdicts.js";
import type { ScoringFigures } from "./decisions/scoring.js";
import type { LatencySummary } from "./histogram.js";
import type { FlatnessRow } from "./flatness.js";
import type { LatencyStep } from "./latency.js";
import type { RunSettings } from "./settings.js";
import type { SystemThroughput, ThroughputFigures } from "./throughput.js";

export const RESULT_KINDS = ["w1", "actors", "customers", "takeover", "soak", "decisions"] as const;
export type ResultKind = (typeof RESULT_KINDS)[number];

export interface Ratios {
  /** System to floor. */
  readonly throughput: number;
  readonly cpu: number;
  /** With the harness on both sides. */
  readonly cpuWithHarness: number;
}

export interface Result {
  readonly kind: ResultKind;
  readonly settings: RunSettings;
  readonly throughput?: SystemThroughput;
  readonly latency?: readonly LatencyStep[];
  readonly floor?: ThroughputFigures;
  readonly floorLatency?: readonly LatencyStep[];
  readonly ratios?: Ratios;
  /** Kind `actors`: by number of instances. */
  readonly byActors?: readonly { readonly actors: number; readonly throughput: SystemThroughput }[];
  /** Kind `customers`: by number of customers. */
  readonly byCustomers?: readonly { readonly customers: number; readonly throughput: SystemThroughput }[];
  readonly decisions?: DecisionFigures;
  readonly takeover?: { readonly seconds: number; readonly ratePerSecond: number; readonly events: number };
  readonly soak?: {
    readonly ratePerSecond: number;
    readonly minutes: number;
    readonly events: number;
    readonly rows: readonly FlatnessRow[];
  };
}

/** Kind `decisions`. */
export interface DecisionFigures {
  readonly scoring: readonly ScoringFigures[];
  /** Not in results from before there were models. */
  readonly propensities?: PropensityFigures;
  readonly load: DecisionLoadFigures;
  /** The same questions only sent to and fro. */
  readonly bounce: LatencySummary;
  readonly p99ToBounce: number;
  /** Not in older results. */
  readonly verdicts?: VerdictFigures;
}

export function resultsFolder(): string {
  return join(process.cwd(), "bench", "results");
}

const fileOf = (kind: ResultKind): string => join(resultsFolder(), `${kind}.ndjson`);

export function keep(result: Result): void {
  mkdirSync(resultsFolder(), { recursive: true });
  appendFileSync(fileOf(result.kind), `${JSON.stringify(result)}\n`);
}

/** Oldest first. */
export function kept(kind: ResultKind): readonly Result[] {
  if (!existsSync(fileOf(kind))) return [];
  return readFileSync(fileOf(kind), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Result);
}

export function ratiosOf(system: ThroughputFigures, floor: ThroughputFigures): Ratios {
  return {
    throughput: system.eventsPerSecond / floor.eventsPerSecond,
    cpu: system.cpuMsPerEvent / floor.cpuMsPerEvent,
    cpuWithHarness: system.cpuMsPerEventWithHarness / floor.cpuMsPerEventWithHarness,
  };
}
