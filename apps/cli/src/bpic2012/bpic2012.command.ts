/** `segue bpic2012`: real loan applications through the loan follow-up, beside what happened to them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadDefinitions } from "#definitions";
import { collectEvents, newestVersions, runAll, type CustomerRun } from "#simulation";
import type { Command } from "../command.js";
import { followUpPlots, followUpText } from "./follow-up-report.js";
import { DAY_MS, followUpOf, type FollowUp } from "./follow-up.js";
import { readLoanCases } from "./loan-cases.js";
import { customerOfCase, loanEvents } from "./loan-events.js";

const JOURNEY = "loan-follow-up";
/** After the last event, so that what waits can fall due. */
const AFTER_MS = 40 * DAY_MS;

const HELP = `segue bpic2012 <file> [--definitions <dir>] [--journey <id>] [--plots <dir>] [--json]

  Runs loan applications of the BPI Challenge 2012 (a CSV, plain or .gz, with the columns that docs/lending-bpic2012.md
  names; the data is not part of this repository) through the loan follow-up journey, and reports what it would have
  done, and when, against what happened. Sends nothing.
  --definitions <dir>  default .
  --journey <id>       default ${JOURNEY}
  --plots <dir>        writes the plots there, as SVG
  --json               one JSON document on standard output
`;

export const bpic2012Command: Command = {
  summary: "real loan applications (BPI Challenge 2012) through the loan follow-up, against what happened",
  help: HELP,
  run,
};

/** Answers the exit status: 0 done, 1 the file or the definitions cannot be used, 2 wrong arguments. */
async function run(args: readonly string[]): Promise<number> {
  let file: string;
  let options: { definitions: string; journey: string; plots: string | undefined; json: boolean };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        definitions: { type: "string", default: "." },
        journey: { type: "string", default: JOURNEY },
        plots: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    if (positionals.length !== 1) throw new Error("give the path of one file");
    file = positionals[0]!;
    options = { ...values, plots: values.plots };
  } catch (error) {
    process.stderr.write(`segue bpic2012: ${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  try {
    const followUp = await replayLoans(file, options);
    if (options.plots !== undefined) {
      mkdirSync(options.plots, { recursive: true });
      for (const [name, svg] of Object.entries(followUpPlots(followUp)))
        writeFileSync(join(options.plots, name), svg);
    }
    process.stdout.write(
      options.json ? `${JSON.stringify(followUp, undefined, 2)}\n` : followUpText(followUp, options.journey),
    );
    return 0;
  } catch (error) {
    process.stderr.write(`segue bpic2012: ${(error as Error).message}\n`);
    return 1;
  }
}

/** Throws NotLoanCases, DefinitionError, and what reading a file throws. */
export async function replayLoans(
  file: string,
  { definitions: dir, journey }: { readonly definitions: string; readonly journey: string },
): Promise<FollowUp> {
  const cases = await readLoanCases(file);
  const { journeys, ...shared } = loadDefinitions(dir);
  const followUp = newestVersions(journeys).filter((j) => j.id === journey);
  if (followUp.length === 0)
    throw new Error(`there is no journey ${journey} below ${dir}: ${journeys.map((j) => j.id).join(", ")}`);
  const recorded = collectEvents(cases.flatMap(loanEvents));
  const byCustomer = new Map(cases.map((c) => [customerOfCase(c.id), c.id]));
  const runs = new Map<string, CustomerRun>();
  const installation = { ...shared, journeys: followUp };
  for (const run of runAll(installation, recorded, recorded.to + AFTER_MS))
    runs.set(byCustomer.get(run.customerId)!, run);
  return followUpOf(cases, runs);
}
