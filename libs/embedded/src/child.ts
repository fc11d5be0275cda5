/** A child process that we own: started in its own process group, stopped by signal and then by force. */
import { spawn, type ChildProcess } from "node:child_process";

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Resolves when the process has ended, with its code or signal. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM, then SIGKILL after the grace. Resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL now. Resolves when it is gone. */
  kill(): Promise<void>;
  /** The last lines it printed, for error messages. */
  tail(): string;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Gets every chunk of output. */
  readonly onOutput?: (text: string) => void;
}

const TAIL_CHARS = 4_000;

export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const process_ = spawn(command, [...args], {
    stdio: ["ignore", "pipe", "pipe"],
    // Its own group, so that a Ctrl-C at the terminal reaches only the launcher, which stops things in order.
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env },
  });
  let tail = "";
  const take = (chunk: Buffer): void => {
    const text = chunk.toString();
    tail = (tail + text).slice(-TAIL_CHARS);
    options.onOutput?.(text);
  };
  process_.stdout?.on("data", take);
  process_.stderr?.on("data", take);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    process_.once("error", (error) => {
      tail += `\n${error.message}`;
      resolve({ code: 127, signal: null });
    });
    process_.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const alive = (): boolean => process_.exitCode === null && process_.signalCode === null;
  const kill = async (): Promise<void> => {
    if (alive()) process_.kill("SIGKILL");
    await exited;
  };
  return {
    pid: process_.pid ?? -1,
    process: process_,
    exited,
    kill,
    async stop(graceMs = 10_000) {
      if (alive()) process_.kill("SIGTERM");
      const timer = setTimeout(() => alive() && process_.kill("SIGKILL"), graceMs);
      await exited;
      clearTimeout(timer);
    },
    tail: () => tail,
  };
}
