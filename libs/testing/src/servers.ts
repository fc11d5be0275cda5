/** Real servers for tests: local processes with their own data under a temporary folder, or containers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import { startNatsServer, startRedisServer, type Child } from "#embedded";
import { connectNats, provision } from "#messaging";
import { serversKind } from "./config.js";
import { startContainers } from "./containers.js";

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** The process, for suites that pause or kill it. Throws where the servers are containers. */
  readonly child: Child;
}

export interface TestServers {
  readonly nats: TestServer;
  readonly redis: TestServer;
  /** Ready to use; streams are provisioned. */
  readonly nc: NatsConnection;
  /** A folder of this test, removed at the end. */
  readonly dir: string;
  stop(): Promise<void>;
}

/** nats-server with JetStream (streams provisioned) and redis-server, on free ports. Stop it in `afterAll`. */
export async function startServers(): Promise<TestServers> {
  const dir = mkdtempSync(join(tmpdir(), "segue-test-"));
  const started = await (serversKind() === "containers" ? containers() : processes(dir));
  const { nats, redis } = started;
  const nc = await connectNats({ url: nats.url, name: "test" });
  await provision(nc);
  return {
    nats,
    redis,
    nc,
    dir,
    async stop() {
      await nc.close();
      await started.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Started {
  readonly nats: TestServer;
  readonly redis: TestServer;
  stop(): Promise<void>;
}

async function processes(dir: string): Promise<Started> {
  const nats = await startNatsServer({ dataDir: join(dir, "nats") });
  try {
    const redis = await startRedisServer({ root: process.cwd(), dataDir: join(dir, "redis") });
    return {
      nats,
      redis,
      stop: async () => {
        await Promise.all([nats.child.stop(), redis.child.stop()]);
      },
    };
  } catch (error) {
    await nats.child.kill();
    throw error;
  }
}

async function containers(): Promise<Started> {
  const started = await startContainers();
  const server = (url: string): TestServer => ({
    url,
    port: Number(new URL(url).port),
    get child(): Child {
      throw new Error("this suite pauses or kills a server: run it without SEGUE_TEST_SERVERS=containers");
    },
  });
  return { nats: server(started.natsUrl), redis: server(started.redisUrl), stop: () => started.stop() };
}

/** Waits until `condition` answers something, looking every 10 ms; the error names what it waited for. */
export async function eventually<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 10_000,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const got = await condition();
    if (got !== undefined && got !== false) return got;
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
