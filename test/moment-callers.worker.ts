/* oxlint-disable unicorn/require-post-message-target-origin -- a worker thread is no window */
/**
 * Callers of moments, in a thread of their own: what the test does besides must not look like a late answer. Also says how
 * long the machine kept this thread from running, and per call how long it kept the gateway from running.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { parentPort } from "node:worker_threads";

export interface CallerOrder {
  readonly n: number;
  readonly url: string;
  readonly body: string;
  /** Process id of the gateway. */
  readonly pid: number;
}

export type CallerReport =
  | {
      readonly n: number;
      readonly tookMs: number;
      readonly waitedMs: number;
      readonly status: number;
      readonly text: string;
    }
  | { readonly n: number; readonly error: string }
  | { readonly stallMs: number };

const PROBE_MS = 5;
const agent = new Agent({ keepAlive: true });
const report = (r: CallerReport): void => parentPort?.postMessage(r);

let last = performance.now();
let worst = 0;
setInterval(() => {
  const now = performance.now();
  worst = Math.max(worst, now - last - PROBE_MS);
  last = now;
}, PROBE_MS);

/** How long the main thread of a process was ready to run but had no processor, in all, ms. Linux; elsewhere 0. */
function runDelayMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1_000_000;
  } catch {
    return 0;
  }
}

function call({ n, url, body, pid }: CallerOrder): void {
  const delayBefore = runDelayMs(pid);
  const begun = performance.now();
  const headers = {
    "content-type": "application/cloudevents+json",
    "content-length": Buffer.byteLength(body),
  };
  const out = request(url, { agent, method: "POST", headers }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (text += chunk));
    response.on("end", () => {
      const tookMs = performance.now() - begun;
      const waitedMs = runDelayMs(pid) - delayBefore;
      report({ n, tookMs, waitedMs, status: response.statusCode ?? 0, text });
    });
  });
  out.on("error", (error) => report({ n, error: error.message }));
  out.end(body);
}

parentPort?.on("message", (order: CallerOrder | "stall") => {
  if (order !== "stall") {
    call(order);
    return;
  }
  report({ stallMs: worst });
  worst = 0;
});
