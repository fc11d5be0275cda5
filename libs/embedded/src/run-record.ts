/**
 * Which processes a launcher has started, kept in one file, so that the next start can end what a launcher that was killed
 * has left behind. A process is ended only when its id AND its command line are the recorded ones: ids are used again.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { execFileSync } from "node:child_process";

export interface RecordedProcess {
  readonly name: string;
  readonly pid: number;
  /** Command line as the system shows it. */
  readonly command: string;
}

interface Run {
  readonly launcher: RecordedProcess;
  readonly processes: readonly RecordedProcess[];
  /** Where its nats-server listens, once it does. */
  readonly natsUrl?: string;
  /** The clock of its services, as their SEGUE_CLOCK says it, once they are started. */
  readonly clock?: string;
}

/** Command line of a running process; `undefined` when there is none, or when it has ended and waits to be collected. */
export function commandLineOf(pid: number): string | undefined {
  try {
    if (existsSync("/proc/self/cmdline")) {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() || undefined;
    }
    return execFileSync("ps", ["-p", String(pid), "-o", "args="], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

function isRunning(p: RecordedProcess): boolean {
  return commandLineOf(p.pid) === p.command;
}

export class RunRecord {
  readonly #path: string;
  readonly #launcher: RecordedProcess;
  #processes: readonly RecordedProcess[] = [];
  #natsUrl: string | undefined;
  #clock: string | undefined;
  #written = false;

  constructor(path: string) {
    this.#path = path;
    this.#launcher = { name: "launcher", pid: process.pid, command: commandLineOf(process.pid) ?? "" };
  }

  /** Records a process of this launcher, or its command line anew (redis-server changes its own once it runs). */
  add(name: string, pid: number): void {
    const command = commandLineOf(pid);
    if (command === undefined) return;
    this.#processes = [...this.#processes.filter((p) => p.pid !== pid), { name, pid, command }];
    this.#write();
  }

  /** Records where the nats-server of this run listens: commands find it there. */
  listensAt(natsUrl: string): void {
    this.#natsUrl = natsUrl;
    this.#write();
  }

  /** Records which clock the services of this run go by: commands that ask about "now" mean the time that it shows. */
  goesBy(clock: string): void {
    this.#clock = clock;
    this.#write();
  }

  remove(pid: number): void {
    this.#processes = this.#processes.filter((p) => p.pid !== pid);
    this.#write();
  }

  /** Everything has been stopped. A launcher that has recorded nothing leaves the file alone: it is another's. */
  clear(): void {
    this.#processes = [];
    if (!this.#written) return;
    rmSync(this.#path, { force: true });
  }

  #write(): void {
    this.#written = true;
    mkdirSync(dirname(this.#path), { recursive: true });
    const run: Run = {
      launcher: this.#launcher,
      processes: this.#processes,
      ...(this.#natsUrl === undefined ? {} : { natsUrl: this.#natsUrl }),
      ...(this.#clock === undefined ? {} : { clock: this.#clock }),
    };
    writeFileSync(`${this.#path}.next`, `${JSON.stringify(run, null, 1)}\n`);
    renameSync(`${this.#path}.next`, this.#path);
  }
}

/** Where the nats-server of a launcher that is alive listens; `undefined` when none is, or it is not up yet. */
export function runningNatsUrl(path: string): string | undefined {
  const run = readRun(path);
  return run && isRunning(run.launcher) && typeof run.natsUrl === "string" ? run.natsUrl : undefined;
}

/** The clock that the services of a launcher that is alive go by; `undefined` when none is, or they are not up yet. */
export function runningClock(path: string): string | undefined {
  const run = readRun(path);
  return run && isRunning(run.launcher) && typeof run.clock === "string" ? run.clock : undefined;
}

/** Another launcher runs on the same data. */
export class AlreadyRunning extends Error {
  override readonly name = "AlreadyRunning";
  constructor(readonly pid: number) {
    super(`Segue already runs here, as process ${pid}: stop it first (Ctrl-C there, or "kill ${pid}")`);
  }
}

const TERM_GRACE_MS = 5_000;
const GONE_WITHIN_MS = 2_000;

/**
 * Ends what an earlier launcher, itself gone, left running: SIGTERM, then SIGKILL. Answers what was ended.
 * Throws AlreadyRunning when that launcher is alive. A file that cannot be read is as if there were none.
 */
export async function endLeftovers(path: string): Promise<readonly RecordedProcess[]> {
  const run = readRun(path);
  if (!run) return [];
  if (run.launcher.pid !== process.pid && isRunning(run.launcher)) throw new AlreadyRunning(run.launcher.pid);
  const left = run.processes.filter(isRunning);
  for (const p of left) signal(p, "SIGTERM");
  await gone(left, TERM_GRACE_MS);
  for (const p of left) signal(p, "SIGKILL");
  await gone(left, GONE_WITHIN_MS);
  rmSync(path, { force: true });
  return left;
}

function signal(p: RecordedProcess, name: NodeJS.Signals): void {
  if (!isRunning(p)) return;
  try {
    process.kill(p.pid, name);
  } catch {
    // It has ended in between, or belongs to someone else by now.
  }
}

async function gone(processes: readonly RecordedProcess[], withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  while (processes.some(isRunning) && Date.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 25));
}

function readRun(path: string): Run | undefined {
  try {
    const run = JSON.parse(readFileSync(path, "utf8")) as Partial<Run>;
    const all = [run.launcher, ...(run.processes ?? [])];
    const sound = all.every(
      (p) =>
        p !== undefined &&
        Number.isInteger(p.pid) &&
        p.pid > 1 &&
        typeof p.command === "string" &&
        p.command !== "",
    );
    return sound && Array.isArray(run.processes) ? (run as Run) : undefined;
  } catch {
    return undefined;
  }
}
