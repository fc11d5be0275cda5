/** A Segue service as a process that is started again at once when it dies, as a supervisor (Kubernetes) would. */
import { join } from "node:path";
import { startChild, type Child } from "#embedded";
import { eventually, pause, resume, type ServiceName } from "#testing";

export interface ServiceSpec {
  /** `actor-0`, `channels-0`, `policy`, …: unique within the rig. */
  readonly id: string;
  readonly name: ServiceName;
  /** Health port; of the gateway the port of its API. */
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

export interface Exit {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
}

export class ServiceProcess {
  /** Where the compiled code lies: another build's folder for a rolling restart. */
  root = process.cwd();
  /** Environment of the next start only, e.g. the next fault point; asked each time it starts. */
  nextEnv: () => Readonly<Record<string, string>> = () => ({});
  /** How often it ended without being told to. */
  crashes = 0;
  #child: Child | undefined;
  #wanted = false;
  #output = "";

  constructor(
    readonly spec: ServiceSpec,
    private readonly onCrash: (text: string) => void,
  ) {}

  get id(): string {
    return this.spec.id;
  }

  get url(): string {
    return `http://127.0.0.1:${this.spec.port}`;
  }

  get child(): Child {
    if (!this.#child) throw new Error(`${this.id} does not run`);
    return this.#child;
  }

  /** Starts it without waiting until it is ready. */
  start(): void {
    this.#wanted = true;
    const { name, env, id } = this.spec;
    const child = startChild(process.execPath, [join(this.root, "dist", "apps", name, "src", "main.js")], {
      cwd: this.root,
      env: { PATH: process.env["PATH"] ?? "", LOG_LEVEL: "warn", ...env, ...this.nextEnv() },
      onOutput: (text) => (this.#output = (this.#output + text).slice(-20_000)),
    });
    this.#child = child;
    void child.exited.then(({ code, signal }) => {
      if (!this.#wanted || this.#child !== child) return;
      this.crashes++;
      this.onCrash(`${id} ended (${signal ?? `status ${code}`}); started again`);
      this.start();
    });
  }

  async untilReady(timeoutMs = 40_000): Promise<void> {
    await eventually(
      `${this.id} to be ready`,
      () =>
        fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(1_000) }).then(
          (r) => r.ok,
          () => false,
        ),
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${this.child.tail()}`);
    });
  }

  /** `kill -9`; started again at once. Resolves when the old process is gone. */
  async crash(): Promise<void> {
    const { child } = this;
    child.process.kill("SIGKILL");
    await child.exited;
  }

  /** Down for good: `kill -9`, or SIGTERM. */
  async end(signal: "SIGKILL" | "SIGTERM" = "SIGTERM"): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (!child) return;
    await (signal === "SIGKILL" ? child.kill() : child.stop());
  }

  /** SIGSTOP; resolves when it stands still. */
  pause(): Promise<void> {
    return pause(this.child);
  }

  resume(): void {
    resume(this.child);
  }

  /** The last output of all its lives. */
  output(): string {
    return this.#output;
  }
}
