/** Where an evaluation finds its data when the command names no file. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BadFile } from "./csv-file.js";

/** From dist/eval/. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Data sets that may be passed on lie here. */
const FOLDER = "data";

/** The first file of the data set whose name begins so; `command` evaluates it. Throws BadFile with what to do. */
export function dataFile(command: string, set: string, beginning: string): string {
  const path = join(ROOT, FOLDER, set);
  const names = existsSync(path) ? readdirSync(path).sort() : [];
  const name = names.find((n) => n.startsWith(beginning) && /\.csv(\.gz)?$/.test(n));
  if (name !== undefined) return join(path, name);
  throw new BadFile(
    `No file is named, and none (${beginning}*.csv, .csv.gz) lies in data/${set}/. Name one: npm run eval -- ${command} <file>. docs/decisioning.md says where the data comes from.`,
  );
}
