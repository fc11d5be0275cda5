/** `segue validate`: checks definitions as a compiler does. What it refuses, the services refuse as well. */
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { FOLDERS, validateDefinitions, type FolderValidation, type Problem } from "#definitions";
import type { Command } from "../command.js";
import { findingsText, findingsTotal } from "./findings.js";
import { publishedJourneys } from "./published-journeys.js";
import { select, SelectionError, type Selection } from "./selection.js";

const HELP = `segue validate [files or folder] [options]

  Checks journeys, catalogues, policies and event vocabularies: their schema, names that lead nowhere, steps and exits
  that are never reached, waits without a limit, steps that do not say what happens when they fail, circles, goals that
  cannot be reached, unknown events and fields of theirs, unknown actions and channels, purposes and consents, and
  journeys that get in each other's way. Without a path: the definitions in this folder. A single file is checked with
  the definitions beside it.

  --definitions <dir>   the folder that holds journeys/, catalogue/, policies/ (default: looked for above the file)
  --nats <url>          also hold it against the journeys that are published there
  --json                {"ok", "files", "problems", "warnings"} as one JSON document
  --help                this text

  Exit status: 0 no errors (there may be warnings), 1 errors, 2 not understood.
`;

export const validateCommand: Command = {
  summary: "check journeys and what belongs to them: errors and warnings with file, line and suggestion",
  help: HELP,
  run,
};

async function run(args: readonly string[]): Promise<number> {
  let selection: Selection;
  let options: { readonly json?: boolean; readonly nats?: string };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        definitions: { type: "string" },
        nats: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    options = values;
    selection = select(positionals, values.definitions);
  } catch (error) {
    const help = error instanceof SelectionError ? "" : `\n\n${HELP}`;
    process.stderr.write(`segue validate: ${(error as Error).message}${help}\n`);
    return 2;
  }
  let published;
  try {
    published = options.nats === undefined ? undefined : await publishedJourneys(options.nats);
  } catch (error) {
    process.stderr.write(`segue validate: ${options.nats}: ${(error as Error).message}\n`);
    return 1;
  }
  const { dir, extra } = selection;
  const found = selected(
    validateDefinitions(dir, { extra, ...(published ? { published } : {}) }),
    selection.only,
  );
  const ok = found.problems.length === 0;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ok, ...found })}\n`);
    return ok ? 0 : 1;
  }
  const text = findingsText(found, {
    terminal: process.stdout.isTTY === true,
    nameOf: (file) => relative(process.cwd(), resolve(dir, file)) || ".",
    textOf: (file) => textAt(join(dir, file)),
  });
  const total = findingsTotal(found, found.files.length);
  process.stdout.write(`${text}${text === "" || process.stdout.isTTY !== true ? "" : "\n"}${total}\n`);
  return ok ? 0 : 1;
}

/** The findings of the selected files, and what keeps them from being checked: a catalogue or policies with errors. */
function selected(all: FolderValidation, only: ReadonlySet<string> | undefined): FolderValidation {
  if (!only) return all;
  const needed = [FOLDERS.Catalogue, FOLDERS.PolicyPack];
  const concerns = (p: Problem): boolean =>
    only.has(p.file) || needed.some((folder) => p.file === folder || p.file.startsWith(`${folder}/`));
  return {
    problems: all.problems.filter(concerns),
    warnings: all.warnings.filter((p) => only.has(p.file)),
    files: all.files.filter((f) => only.has(f)),
  };
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
