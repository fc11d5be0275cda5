/** `segue new`: a journey to begin with, in which every part says what it is for. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PURPOSES, type Purpose } from "#contracts";
import { readActions } from "#definitions";
import type { Command } from "../command.js";
import { isPurpose, starter, starterAction } from "./starter.js";

const HELP = `segue new <journey id> [options]

  Writes drafts/<journey id>.yaml: a small journey that is valid, with a comment at every part, to be changed into what
  you want. It says an action of the catalogue that fits its purpose. Nothing is overwritten. It stands in drafts/
  because an installation takes what stands in journeys/ for released.

  --purpose <purpose>   ${PURPOSES.join(", ")} (default marketing)
  --event <type>        the event that starts it (default account.credited)
  --definitions <dir>   the folder that holds catalogue/, and is to hold drafts/ (default: this one)
  --json                {"journey", "file"} as one JSON document
  --help                this text

  Exit status: 0 written, 1 the file exists or no action fits, 2 not understood.
`;

const DRAFTS = "drafts";

export const newCommand: Command = {
  summary: "write a commented journey to begin with",
  help: HELP,
  run: (args) => Promise.resolve(run(args)),
};

function run(args: readonly string[]): number {
  let id: string;
  let purpose: Purpose;
  let values;
  try {
    const parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        purpose: { type: "string", default: "marketing" },
        event: { type: "string", default: "account.credited" },
        definitions: { type: "string", default: "." },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    values = parsed.values;
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    if (parsed.positionals.length !== 1) throw new Error("say how the journey is to be called");
    id = parsed.positionals[0]!;
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id) || id.length > 48)
      throw new Error(
        `${JSON.stringify(id)} is no journey id: lower-case words joined by hyphens, at most 48 characters`,
      );
    if (!isPurpose(values.purpose))
      throw new Error(`${JSON.stringify(values.purpose)} is no purpose: use one of ${PURPOSES.join(", ")}`);
    purpose = values.purpose;
  } catch (error) {
    process.stderr.write(`segue new: ${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  const dir = values.definitions;
  const file = join(dir, DRAFTS, `${id}.yaml`);
  const action = starterAction(readActions(dir), purpose);
  if (existsSync(file)) return refuse(`${file} exists already; nothing was written`);
  if (!action)
    return refuse(
      `no action of the catalogue (${join(dir, "catalogue")}) contacts a customer for the purpose ${purpose}; declare one first`,
    );
  mkdirSync(join(dir, DRAFTS), { recursive: true });
  const schema = existsSync(join(dir, "docs/contracts/journey.v1.json"))
    ? "../docs/contracts/journey.v1.json"
    : undefined;
  writeFileSync(file, starter({ id, purpose, event: values.event, action: action.id, schema }), {
    flag: "wx",
  });
  if (values.json) process.stdout.write(`${JSON.stringify({ journey: id, file })}\n`);
  else
    process.stdout.write(
      `${file} is written. Change it, then:\n\n  npm run segue -- validate ${file}\n  npm run segue -- diagram ${file}\n`,
    );
  return 0;
}

function refuse(why: string): number {
  process.stderr.write(`segue new: ${why}\n`);
  return 1;
}
