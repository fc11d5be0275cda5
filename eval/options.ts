/** The command line of `npm run eval`. */
import { parseArgs } from "node:util";

export const HELP = `npm run eval -- bank-marketing [file]   phone contacts of a bank, predict-then-learn (UCI "Bank Marketing", either file)
npm run eval -- hillstrom [file]        value of a learned policy on a randomised e-mail test
Files are CSV with a header, packed by gzip or not. docs/decisioning.md says what the figures mean.

--score-from N    bank-marketing: score from row N on (rows before are only learnt); 1001 without it
--plots FOLDER    where the plots go (.segue/eval/<what> without it)
--json            the figures as one JSON line as well`;

export type EvalOptions =
  | { readonly what: "help" }
  | {
      readonly what: "bank-marketing" | "hillstrom";
      readonly file?: string;
      readonly scoreFrom?: number;
      readonly plots?: string;
      readonly json: boolean;
    };

/** What was written on the command line cannot be; the message says what can. */
export class BadOption extends Error {
  override readonly name = "BadOption";
}

/** Throws BadOption. */
export function readOptions(args: readonly string[]): EvalOptions {
  try {
    return parse(args);
  } catch (cause) {
    throw new BadOption(`${(cause as Error).message}\n\n${HELP}`, { cause });
  }
}

function parse(args: readonly string[]): EvalOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      json: { type: "boolean" },
      plots: { type: "string" },
      "score-from": { type: "string" },
    },
  });
  const [what, file, ...rest] = positionals;
  if (values.help || what === undefined) return { what: "help" };
  if (what !== "bank-marketing" && what !== "hillstrom") throw new Error(`There is no evaluation "${what}".`);
  if (rest.length > 0) throw new Error(`One file at a time ("${rest.join(" ")}" is too much).`);
  const scoreFrom = values["score-from"];
  if (scoreFrom !== undefined && !/^[1-9]\d*$/.test(scoreFrom))
    throw new Error(`--score-from is "${scoreFrom}": it must be the number of a row, 1 or more.`);
  return {
    what,
    ...(file !== undefined && { file }),
    ...(scoreFrom !== undefined && { scoreFrom: Number(scoreFrom) }),
    ...(values.plots !== undefined && { plots: values.plots }),
    json: values.json ?? false,
  };
}
