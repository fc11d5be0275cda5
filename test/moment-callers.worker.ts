/**
 * Callers of moments, in a thread of their own: what the test does besides must not look like a late answer. Also says how
 * long the machine kept this thread waiting.
 */
import { Agent, request } from "node:http";
import { parentPort } from "node:worker_threads";

export interface CallerOrder {
  readonly n: number;
  readonly url: string;
  readonly body: string;
}

export type CallerReport =
  | { readonly n: number; readonly tookMs: number; readonly status: number; readonly text: string }
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

function call({ n, url, body }: CallerOrder): void {
  const begun = performance.now();
  const headers = {
    "content-type": "application/cloudevents+json",
    "content-length": Buffer.byteLength(body),
  };
  const out = request(url, { agent, method: "POST", headers }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (text += chunk));
    response.on("end", () =>
      report({ n, tookMs: performance.now() - begun, status: response.statusCode ?? 0, text }),
    );
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
