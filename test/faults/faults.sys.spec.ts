/** A short run of every row of the fault matrix (`npm run faults` runs them in full, `--long` for longer). */
import { runScenario } from "./run-scenario.js";
import { SCENARIOS } from "./scenarios.js";

const SEED = 7;

describe("what breaks a running system leaves its invariants whole", () => {
  it.each(SCENARIOS.map((s) => [`${s.title} (${s.invariants.join(", ")})`, s] as const))(
    "%s",
    async (_title, scenario) => {
      const lines: string[] = [];
      const row = await runScenario(scenario, {
        seed: SEED,
        size: "short",
        rounds: 1,
        log: (line) => lines.push(line),
      });
      if (row.verdict !== "held" && row.verdict !== "skipped")
        throw new Error(`${row.verdict}:\n${lines.join("\n")}`);
      expect(row.violations).toEqual([]);
      console.log(lines.join("\n"));
    },
    180_000,
  );
});
