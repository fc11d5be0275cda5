/** CPU time and memory of processes, from /proc (Linux). */
import { readFileSync, readdirSync } from "node:fs";

export interface Usage {
  /** User and system time since the process began, ms; the kernel counts in steps of 10 ms. */
  readonly cpuMs: number;
  readonly residentMb: number;
  readonly peakResidentMb: number;
  /** Open file descriptors. */
  readonly handles: number;
}

/** Clock ticks per second that /proc counts in: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Throws when there is no such process. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in brackets, which may hold blanks: the rest begins after the last bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mb = (name: string): number => {
    const kb = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
    return Number(kb ?? 0) / 1_024;
  };
  return {
    cpuMs: (ticks * 1_000) / TICKS_PER_SECOND,
    residentMb: mb("VmRSS"),
    peakResidentMb: mb("VmHWM"),
    handles: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** Share of a process in a measurement. */
export interface ProcessCost {
  readonly name: string;
  readonly cpuMs: number;
  readonly peakResidentMb: number;
}

/** Takes what each process has used up to now; calling the answer tells what each has used since. */
export function measureCosts(
  processes: readonly { readonly name: string; readonly pid: number }[],
): () => readonly ProcessCost[] {
  const before = processes.map((p) => usageOf(p.pid).cpuMs);
  return () =>
    processes.map(({ name, pid }, i) => {
      const { cpuMs, peakResidentMb } = usageOf(pid);
      return { name, cpuMs: cpuMs - before[i]!, peakResidentMb };
    });
}
