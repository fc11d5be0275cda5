/** Runs one row as often as asked and says what came out. */
import type { Violation } from "./checks.js";
import { Run, type RunTotals, type Scenario, type Size } from "./scenario.js";

export type Verdict = "held" | "violated" | "failed" | "skipped";

export interface RowResult extends RunTotals {
  readonly id: string;
  readonly title: string;
  readonly rounds: number;
  readonly ms: number;
  readonly verdict: Verdict;
  /** Why it was skipped or could not be run. */
  readonly reason?: string;
  readonly violations: readonly Violation[];
}

export interface RowOptions {
  readonly seed: number;
  readonly size: Size;
  readonly rounds: number;
  readonly oldBuild?: string;
  readonly log: (line: string) => void;
}

/** Each round has its own seed (`seed`, `seed + 1`, …) and its own servers; it ends with the first violation. */
export async function runScenario(scenario: Scenario, options: RowOptions): Promise<RowResult> {
  const { log, size } = options;
  const totals = { events: 0, faults: 0, commands: 0, sends: 0 };
  const begun = Date.now();
  const result = (rounds: number, verdict: Verdict, more: Partial<RowResult> = {}): RowResult => ({
    ...totals,
    id: scenario.id,
    title: scenario.title,
    rounds,
    verdict,
    ms: Date.now() - begun,
    violations: [],
    ...more,
  });
  for (let round = 0; round < options.rounds; round++) {
    const seed = options.seed + round;
    log(`${scenario.id}: ${scenario.title} (seed ${seed})`);
    const run = new Run({
      scenario: scenario.id,
      seed,
      size,
      log,
      ...(options.oldBuild === undefined ? {} : { oldBuild: options.oldBuild }),
    });
    let error: Error | undefined;
    try {
      await scenario.run(run);
    } catch (cause) {
      error = cause as Error;
    } finally {
      await run.close();
    }
    for (const key of ["events", "faults", "commands", "sends"] as const) totals[key] += run.totals[key];
    if (run.violations.length > 0) {
      const { violations } = run;
      for (const line of describeViolations(scenario.id, seed, size, violations)) log(line);
      return result(round + 1, "violated", { violations });
    }
    if (error) {
      const reason = error.message;
      log(`FAILED ${scenario.id}: ${error.stack ?? reason}`);
      log(`  run it again: ${command(scenario.id, seed, size)}`);
      return result(round + 1, "failed", { reason });
    }
    if (run.skipped !== undefined) return result(round, "skipped", { reason: run.skipped });
  }
  return result(options.rounds, "held");
}

const SHOWN = 20;

/** What an engineer needs to act: invariant, customer, what was expected, what each ledger says, how to see it again. */
export function describeViolations(
  id: string,
  seed: number,
  size: Size,
  violations: readonly Violation[],
): string[] {
  const lines: string[] = [];
  for (const v of violations.slice(0, SHOWN)) {
    lines.push(
      `VIOLATED ${v.invariant} in ${id}${v.customerId === undefined ? "" : `, customer ${v.customerId}`}`,
    );
    lines.push(`  expected  ${v.expected}`, ...v.found.map((f) => `  found     ${f}`));
  }
  if (violations.length > SHOWN) lines.push(`  and ${violations.length - SHOWN} more`);
  lines.push(`  seed ${seed}; run it again: ${command(id, seed, size)}`);
  return lines;
}

function command(id: string, seed: number, size: Size): string {
  const flag = size === "normal" ? "" : ` --${size}`;
  return `npm run faults -- --only ${id} --seed ${seed}${flag}`;
}
