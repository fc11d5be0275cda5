/** An earlier commit of this repository, compiled beside the working tree, for rolling restarts with two builds. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const FOLDER = ".segue/builds";
const PARTS = ["apps", "libs", "package.json", "tsconfig.json", "tsconfig.base.json"];
const COMPILE_WITHIN_MS = 180_000;

export type OldBuild =
  | { readonly kind: "built"; readonly root: string; readonly name: string }
  /** There is none; `reason` says why. */
  | { readonly kind: "none"; readonly reason: string };

/** The given commit; else that of the newest release tag before this one, else the commit before this one. */
export async function oldBuild(wanted?: string): Promise<OldBuild> {
  const git = async (...args: string[]): Promise<string> => (await run("git", args)).stdout.trim();
  let name: string;
  let sha: string;
  try {
    name = wanted ?? (await git("describe", "--tags", "--abbrev=0", "HEAD^").catch(() => "HEAD^"));
    sha = await git("rev-parse", "--verify", "--quiet", `${name}^{commit}`);
  } catch {
    return {
      kind: "none",
      reason: `no earlier commit is here to build (${wanted ?? "HEAD^"}): no git, or a shallow clone`,
    };
  }
  const root = join(process.cwd(), FOLDER, sha.slice(0, 12));
  const done = join(root, "dist", ".complete");
  const built = { kind: "built", root, name: `${name} (${sha.slice(0, 9)})` } as const;
  if (existsSync(done)) return built;
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const archive = join(root, "source.tar");
  await git("archive", "--format=tar", `--output=${archive}`, sha, ...PARTS);
  await run("tar", ["-xf", archive, "-C", root]);
  rmSync(archive);
  symlinkSync(realpathSync("node_modules"), join(root, "node_modules"));
  try {
    const tsc = join("node_modules", "typescript", "bin", "tsc");
    const args = [tsc, "-p", "tsconfig.json", "--incremental", "false"];
    await run(process.execPath, args, { cwd: root, timeout: COMPILE_WITHIN_MS });
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    const said = (stdout ?? (error as Error).message).slice(0, 400);
    return { kind: "none", reason: `${name} does not compile with the packages of this tree: ${said}` };
  }
  writeFileSync(done, sha);
  return built;
}
