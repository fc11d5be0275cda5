/** A message centre (`smpp-centre.ts`) as a process of its own, for tests. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { CentreOrder, CentreReport } from "./smpp-centre.js";

export type { CentreOrder } from "./smpp-centre.js";

export type Submitted = Extract<CentreReport, { kind: "submitted" }>;

/** The process. Kill it in `afterAll`. */
export class Centre {
  readonly reports: CentreReport[] = [];
  #child!: ChildProcess;
  port = 0;

  async start(port = 0): Promise<void> {
    const file = fileURLToPath(new URL("./smpp-centre.js", import.meta.url));
    this.#child = fork(file, [String(port)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", (report: CentreReport) => this.reports.push(report));
    const [first] = (await once(this.#child, "message")) as [CentreReport];
    if (first.kind === "listening") this.port = first.port;
  }

  tell(order: CentreOrder): void {
    this.#child.send(order);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  submitted(to: string): Submitted[] {
    return this.reports.filter((r): r is Submitted => r.kind === "submitted" && r.to === to);
  }

  count(kind: CentreReport["kind"]): number {
    return this.reports.filter((r) => r.kind === kind).length;
  }
}
