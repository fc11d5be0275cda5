/** Compiles with tsc into dist/, unless nothing has changed since the last time. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError, run, step } from "./terminal.mjs";

const FOLDERS = ["apps", "libs", "test", "bench", "eval"];
const SETTINGS = ["tsconfig.json", "tsconfig.base.json", "package-lock.json"];
const STAMP = "dist/.segue-compiled";

/** Throws SetupError with the compiler's findings. */
export async function compile(root, node) {
  const sources = FOLDERS.flatMap((folder) => filesBelow(root, folder, ".ts"));
  const state = stateOf(root, [...sources, ...SETTINGS]);
  const stamp = join(root, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === state) return;
  removeOrphans(root, new Set(sources));
  const tsc = await step("compiling", () =>
    run(node, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], { cwd: root }),
  );
  if (tsc.status !== 0) throw new SetupError(`${tsc.tail}\n\nThe code does not compile (above).`);
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(stamp, state);
}

function filesBelow(root, folder, extension) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length))
    .sort();
}

function stateOf(root, files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/** What was compiled from a file that is gone would still be imported, or run as a test. */
function removeOrphans(root, sources) {
  for (const file of FOLDERS.flatMap((folder) => filesBelow(root, join("dist", folder), ".js"))) {
    if (sources.has(file.slice("dist/".length).replace(/\.js$/, ".ts"))) continue;
    for (const made of [file, `${file}.map`]) rmSync(join(root, made), { force: true });
    rmSync(join(root, "dist/.tsbuildinfo"), { force: true });
  }
}
