/** `npm run faults`: runs the fault matrix; exit status 1 when an invariant was violated or a row could not be run. */
import { parseArgs } from "node:util";
import { runScenario, type RowResult } from "./run-scenario.js";
import { SCENARIOS } from "./scenarios.js";
import type { Size } from "./scenario.js";

const HELP = `npm run faults -- [options]

  Breaks a running system on purpose, row by row, and checks what must hold all the same (docs/reliability.md).
  --only <id>[,<id>]  these rows alone
  --seed <n>          default 7; a row with the same seed injects the same faults into the same load
  --rounds <n>        each row so often, each time with the next seed (default 1; with --long 3)
  --short             smaller load and fewer faults, as in npm test
  --long              more load and more faults
  --old-build <rev>   what rolling-restart mixes with this build (default: the newest release, else the commit before)
  --list              the rows
`;

interface Options {
  readonly only: readonly string[];
  readonly seed: number;
  readonly rounds: number;
  readonly size: Size;
  readonly oldBuild?: string;
}

function optionsOf(args: readonly string[]): Options | "help" | "list" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      seed: { type: "string", default: "7" },
      rounds: { type: "string" },
      short: { type: "boolean", default: false },
      long: { type: "boolean", default: false },
      "old-build": { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  if (values.list) return "list";
  const only = (values.only ?? "").split(",").filter((id) => id !== "");
  for (const id of only) {
    if (!SCENARIOS.some((s) => s.id === id))
      throw new Error(
        `--only ${id}: there is no such row; there are ${SCENARIOS.map((s) => s.id).join(", ")}`,
      );
  }
  const number = (name: string, text: string, atLeast: number): number => {
    if (!/^\d{1,9}$/.test(text) || Number(text) < atLeast)
      throw new Error(`--${name} ${text}: use a whole number, ${atLeast} or more`);
    return Number(text);
  };
  return {
    only,
    seed: number("seed", values.seed, 0),
    rounds: number("rounds", values.rounds ?? (values.long ? "3" : "1"), 1),
    ...(values["old-build"] === undefined ? {} : { oldBuild: values["old-build"] }),
    size: values.long ? "long" : values.short ? "short" : "normal",
  };
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function table(rows: readonly RowResult[]): string[] {
  const head = ["row", "rounds", "events", "faults", "commands", "sends", "duration", "result"];
  const cells = rows.map((r) => [
    r.id,
    String(r.rounds),
    String(r.events),
    String(r.faults),
    String(r.commands),
    String(r.sends),
    `${(r.ms / 1_000).toFixed(1)} s`,
    r.verdict === "violated"
      ? `violated: ${[...new Set(r.violations.map((v) => v.invariant))].join(", ")}`
      : r.verdict + (r.reason === undefined ? "" : `: ${r.reason.split("\n", 1)[0]}`),
  ]);
  const widths = head.map((h, i) => Math.max(h.length, ...cells.map((c) => (i === 7 ? 0 : c[i]!.length))));
  return [head, ...cells].map((c) =>
    c
      .map((text, i) => (i === 0 || i === 7 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
}

async function main(): Promise<number> {
  let options;
  try {
    options = optionsOf(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(
      `npm run faults: ${(error as Error).message}\n(--list shows the rows, --help the options)\n`,
    );
    return 2;
  }
  if (options === "help" || options === "list") {
    if (options === "help") process.stdout.write(HELP);
    else for (const s of SCENARIOS) print(`${s.id.padEnd(20)} ${s.title} (${s.invariants.join(", ")})`);
    return 0;
  }
  const { only, ...row } = options;
  const rows: RowResult[] = [];
  for (const scenario of SCENARIOS) {
    if (only.length > 0 && !only.includes(scenario.id)) continue;
    rows.push(await runScenario(scenario, { ...row, log: print }));
    print("");
  }
  for (const line of table(rows)) print(line);
  return rows.some((r) => r.verdict === "violated" || r.verdict === "failed") ? 1 : 0;
}

process.exit(await main());
