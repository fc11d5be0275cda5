/** Real service processes for whole-system tests, on the servers of the test. */
import { join } from "node:path";
import { freePort, startChild, type Child } from "#embedded";
import { eventually } from "./servers.js";

export const SERVICES = ["gateway", "context-actor", "decision", "policy", "channels"] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface RunningService {
  readonly name: ServiceName;
  readonly child: Child;
  /** Base URL of its health endpoint; for the gateway also of its API. */
  readonly url: string;
}

export interface ServiceOptions {
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a service without waiting until it is ready. */
export async function launchService(name: ServiceName, options: ServiceOptions): Promise<RunningService> {
  const port = await freePort();
  const root = process.cwd();
  const child = startChild(process.execPath, [join(root, "dist", "apps", name, "src", "main.js")], {
    cwd: root,
    env: {
      PATH: process.env["PATH"] ?? "",
      NATS_URL: options.natsUrl,
      REDIS_URL: options.redisUrl,
      LOG_LEVEL: "warn",
      ...(name === "gateway" ? { PORT: String(port) } : { HEALTH_PORT: String(port) }),
      ...options.env,
    },
  });
  return { name, child, url: `http://127.0.0.1:${port}` };
}

/** Waits until the service says that it is ready; throws with its output when it ends instead. */
export async function untilReady(service: RunningService, timeoutMs = 20_000): Promise<RunningService> {
  let ended = false;
  void service.child.exited.then(() => (ended = true));
  await eventually(
    `${service.name} to be ready`,
    async () => {
      if (ended) throw new Error(`${service.name} ended while starting:\n${service.child.tail()}`);
      return fetch(`${service.url}/health/ready`).then(
        (r) => r.ok,
        () => false,
      );
    },
    timeoutMs,
  );
  return service;
}

export async function startService(name: ServiceName, options: ServiceOptions): Promise<RunningService> {
  return untilReady(await launchService(name, options));
}
