/** Where an evaluation finds its data when the command names no file. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BadFile } from "./csv-file.js";

/** From dist/eval/. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Folders of a data set: the repository's own, then one of shared data beside the repository. */
const FOLDERS = ["data", "../shared/data"];

/** The first file of the data set whose name begins so. Throws BadFile with what to do. */
export function dataFile(set: string, beginning: string): string {
  for (const folder of FOLDERS) {
    const path = join(ROOT, folder, set);
    if (!existsSync(path)) continue;
    const name = readdirSync(path)
      .sort()
      .find((n) => n.startsWith(beginning) && /\.csv(\.gz)?$/.test(n));
    if (name !== undefined) return join(path, name);
  }
  throw new BadFile(
    `No file is named, and none (${beginning}*.csv, .csv.gz) lies in data/${set}/. Name one: npm run eval -- ${set} <file>. docs/decisioning.md says where the data comes from.`,
  );
}
