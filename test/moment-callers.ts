/* oxlint-disable unicorn/require-post-message-target-origin -- a worker thread is no window */
import { Worker } from "node:worker_threads";
import type { CallerOrder, CallerReport } from "./moment-callers.worker.js";

export interface Called {
  readonly tookMs: number;
  /** How long the gateway was ready to run meanwhile, but had no processor, ms. */
  readonly waitedMs: number;
  readonly status: number;
  readonly text: string;
}

/** Callers of moments, as they see it. */
export class MomentCallers {
  readonly #worker = new Worker(new URL("./moment-callers.worker.js", import.meta.url));
  readonly #calls = new Map<number, { resolve: (called: Called) => void; reject: (error: Error) => void }>();
  #stall: ((ms: number) => void) | undefined;
  #n = 0;

  constructor() {
    this.#worker.on("message", (report: CallerReport) => this.#take(report));
  }

  post(url: string, body: string, pid: number): Promise<Called> {
    return new Promise((resolve, reject) => {
      const order: CallerOrder = { n: ++this.#n, url, body, pid };
      this.#calls.set(order.n, { resolve, reject });
      this.#worker.postMessage(order);
    });
  }

  /** The longest that the machine kept the callers' thread from running since this was last asked, ms. */
  stallMs(): Promise<number> {
    return new Promise((resolve) => {
      this.#stall = resolve;
      this.#worker.postMessage("stall");
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(report: CallerReport): void {
    if ("stallMs" in report) {
      this.#stall?.(report.stallMs);
      return;
    }
    const call = this.#calls.get(report.n);
    this.#calls.delete(report.n);
    if ("error" in report) call?.reject(new Error(report.error));
    else call?.resolve(report);
  }
}
