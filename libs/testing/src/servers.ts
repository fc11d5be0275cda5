/** Real servers for tests: local processes with their own data under a temporary folder, or containers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import { startNatsServer, startRedisServer, type NatsServer, type RedisServer } from "#embedded";
import { connectNats, provision } from "#messaging";

export interface TestServers {
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  /** Ready to use; streams are provisioned. */
  readonly nc: NatsConnection;
  readonly dir: string;
  stop(): Promise<void>;
}

/** nats-server with JetStream (streams provisioned) and redis-server, on free ports. Stop it in `afterAll`. */
export async function startServers(): Promise<TestServers> {
  const dir = mkdtempSync(join(tmpdir(), "segue-test-"));
  const nats = await startNatsServer({ dataDir: join(dir, "nats") });
  const redis = await startRedisServer({ root: process.cwd(), dataDir: join(dir, "redis") });
  const nc = await connectNats({ url: nats.url, name: "test" });
  await provision(nc);
  return {
    nats,
    redis,
    nc,
    dir,
    async stop() {
      await nc.close();
      await Promise.all([nats.child.stop(), redis.child.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Waits until `condition` answers something, looking every 10 ms; the error names what it waited for. */
export async function eventually<T>(what: string, condition: () => T | undefined | false | Promise<T | undefined | false>, timeoutMs = 10_000): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const got = await condition();
    if (got !== undefined && got !== false) return got;
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
