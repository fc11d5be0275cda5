/** What was run, on what: printed and kept with every result. */
import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import type { BenchOptions } from "./options.js";

export interface RunSettings {
  readonly at: string;
  readonly revision: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number };
  readonly versions: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
}

export function settingsOf(options: BenchOptions, versions: Readonly<Record<string, string>>): RunSettings {
  const cores = cpus();
  return {
    at: new Date().toISOString(),
    revision: revision(),
    machine: {
      cpu: cores[0]?.model ?? "unknown",
      cores: cores.length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
    },
    versions: { node: process.version, ...versions },
    options: { ...options },
  };
}

/** Of the working copy; `+` when it differs from what is committed. */
function revision(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", ":!bench/results") !== "";
    return git("rev-parse", "--short", "HEAD") + (changed ? "+" : "");
  } catch {
    return "unknown";
  }
}
