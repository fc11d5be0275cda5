/** `npm run eval`: learns from real data in order of time, and says how good the decisions would have been. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertNever } from "#contracts";
import { chartSvg } from "#plot";
import { evaluateBankMarketing } from "./bank-marketing/run.js";
import { BadFile } from "./csv-file.js";
import { dataFile } from "./data-file.js";
import type { Evaluation } from "./evaluation.js";
import { evaluateHillstrom } from "./hillstrom/run.js";
import { BadOption, HELP, readOptions, type EvalOptions } from "./options.js";

const say = (text: string): void => void process.stderr.write(`${text} …\n`);

function main(): void {
  const options = readOptions(process.argv.slice(2));
  if (options.what === "help") return console.log(HELP);
  const { text, plots, json } = evaluated(options);
  console.log(`\n${text}`);
  const folder = options.plots ?? join(".segue", "eval", options.what);
  mkdirSync(folder, { recursive: true });
  const files = [...plots].map(([name, chart]) => {
    const file = join(folder, `${name}.svg`);
    writeFileSync(file, chartSvg(chart));
    return file;
  });
  console.log(`\nplots: ${files.join(", ")}`);
  if (options.json) console.log(JSON.stringify(json));
}

function evaluated(options: Exclude<EvalOptions, { what: "help" }>): Evaluation {
  const { what } = options;
  switch (what) {
    case "bank-marketing":
      return evaluateBankMarketing(
        options.file ?? dataFile(what, what, "bank-additional-full"),
        options.scoreFrom,
        say,
      );
    case "hillstrom":
      return evaluateHillstrom(options.file ?? dataFile(what, "hillstrom-email-rct", "hillstrom"), say);
    default:
      return assertNever(what);
  }
}

try {
  main();
} catch (error) {
  if (!(error instanceof BadOption || error instanceof BadFile)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
