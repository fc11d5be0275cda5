/**
 * How a Segue process lives: start, ready, SIGTERM → not ready → stop (which finishes what is under way) → exit,
 * within 10 seconds. Health over HTTP on its own port: `/health/live` (the event loop turns), `/health/ready`.
 */
import { createServer, type Server } from "node:http";
import { armFaultPoint } from "./fault-point.js";

export { faultPoint, faultPointSoon } from "./fault-point.js";

export interface Service {
  /** True while it can do its work: connected, partitions owned, … */
  ready(): boolean;
  /** Stops pulling, finishes what is under way, gives up what it owns, drains. Called once. */
  stop(): Promise<void>;
}

export interface ServiceLog {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RunOptions {
  readonly name: string;
  /** Port of the health endpoint on `healthHost`; without it, none. */
  readonly healthPort?: number | undefined;
  readonly healthHost?: string | undefined;
  readonly log: ServiceLog;
  /** For tests alone: a point in the code at which the process kills itself (`fault-point.ts`). */
  readonly killAt?: string | undefined;
  readonly start: () => Promise<Service>;
}

const STOP_WITHIN_MS = 10_000;

/** Runs a service until SIGTERM or SIGINT. A start that fails ends the process with status 1 and the error's message. */
export async function runService(options: RunOptions): Promise<void> {
  const { name, log } = options;
  let service: Service | undefined;
  let stopping = false;
  const health = await startHealth(options, () => service !== undefined && !stopping && service.ready());
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, `${name} stops`);
    const force = setTimeout(() => {
      log.error({}, `${name} did not stop within ${STOP_WITHIN_MS} ms`);
      process.exit(1);
    }, STOP_WITHIN_MS - 500);
    try {
      await service?.stop();
    } catch (error) {
      log.error({ error: (error as Error).message }, `${name} stopped with an error`);
      process.exitCode = 1;
    }
    health?.close();
    clearTimeout(force);
    process.exit();
  };
  process.once("SIGTERM", () => void stop("SIGTERM"));
  process.once("SIGINT", () => void stop("SIGINT"));
  try {
    if (options.killAt) log.warn({ at: options.killAt }, `${name} will kill itself: SEGUE_KILL_AT is set`);
    armFaultPoint(options.killAt);
    service = await options.start();
  } catch (error) {
    log.error({ stack: (error as Error).stack }, `${name} cannot start: ${(error as Error).message}`);
    process.exit(1);
  }
  log.info({}, `${name} ready`);
}

async function startHealth(options: RunOptions, ready: () => boolean): Promise<Server | undefined> {
  if (options.healthPort === undefined) return undefined;
  const server = createServer((request, response) => {
    const up = request.url === "/health/live" || (request.url === "/health/ready" && ready());
    const known = request.url?.startsWith("/health/") ?? false;
    response.writeHead(up ? 200 : known ? 503 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ service: options.name, status: up ? "up" : "down" }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.healthPort, options.healthHost ?? "127.0.0.1", resolve);
  });
  return server;
}
