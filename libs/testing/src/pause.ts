import { readFileSync } from "node:fs";
import type { Child } from "#embedded";
import { eventually } from "./servers.js";

/** Stops a process with SIGSTOP; resolves when it stands still, which the signal alone does not say. Linux. */
export async function pause(child: Pick<Child, "pid" | "process">): Promise<void> {
  child.process.kill("SIGSTOP");
  await eventually(`process ${child.pid} to stand still`, () =>
    /^State:\s+T/m.test(readFileSync(`/proc/${child.pid}/status`, "utf8")),
  );
}

/** Lets a paused process go on. */
export function resume(child: Pick<Child, "process">): void {
  child.process.kill("SIGCONT");
}
