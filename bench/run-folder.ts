/** What a run has started and written, so that nothing of it stays behind when the run is interrupted. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Child } from "#embedded";

const folders = new Set<string>();
const children = new Set<Child>();

/** A folder for the data of one run, below the repository's own. */
export function runFolder(): string {
  const parent = join(process.cwd(), ".segue", "bench");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "run-"));
  folders.add(folder);
  return folder;
}

export function removeRunFolder(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** The child ends with this process at the latest: it has a process group of its own, so a Ctrl-C does not reach it. */
export function endsWithUs(child: Child): void {
  children.add(child);
  void child.exited.then(() => children.delete(child));
}

/** Makes an interrupted run (Ctrl-C, SIGTERM) leave nothing behind. */
export function cleanUpWhenInterrupted(): void {
  process.once("exit", () => {
    for (const child of children) child.process.kill("SIGKILL");
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    process.once(signal, () => process.exit(status));
}
