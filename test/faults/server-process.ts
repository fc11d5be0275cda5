/** nats-server and Redis as processes that can be killed, paused and started again on the same port and data. */
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { findNatsServer, findRedisServer, startChild, type Child } from "#embedded";
import { eventually, pause, resume } from "#testing";

const PORT_FREE_WITHIN_MS = 15_000;

export class ServerProcess {
  #child: Child | undefined;

  constructor(
    readonly name: string,
    readonly port: number,
    readonly url: string,
    private readonly command: {
      path: string;
      args: readonly string[];
      env?: Readonly<Record<string, string>>;
    },
  ) {}

  get child(): Child {
    if (!this.#child) throw new Error(`${this.name} does not run`);
    return this.#child;
  }

  /** Starts it on its port and data; resolves when it accepts connections. */
  async start(): Promise<void> {
    const until = Date.now() + PORT_FREE_WITHIN_MS;
    for (;;) {
      try {
        return await this.#startOnce();
      } catch (error) {
        // While it was away, a connection may have been given its port as the local one.
        if (!/address already in use/i.test((error as Error).message) || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  async #startOnce(): Promise<void> {
    const { path, args, env } = this.command;
    const child = startChild(path, args, env ? { env } : {});
    this.#child = child;
    let ended = false;
    void child.exited.then(() => (ended = true));
    await eventually(
      `${this.name} to accept connections on ${this.port}`,
      () => {
        if (ended) throw new Error(`${this.name} ended while starting:\n${child.tail()}`);
        return accepts(this.port);
      },
      30_000,
    );
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  /** SIGTERM; resolves when it is gone. */
  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  /** SIGSTOP; resolves when it stands still. */
  pause(): Promise<void> {
    return pause(this.child);
  }

  resume(): void {
    resume(this.child);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

export interface NatsNode {
  readonly name: string;
  readonly port: number;
  readonly dataDir: string;
  /** Lines added to `jetstream { … }`, e.g. `max_file_store: 8MB`. */
  readonly jetstream?: readonly string[];
  /** Of a cluster: this node's route port and those of all. */
  readonly cluster?: { readonly port: number; readonly routes: readonly number[] };
}

export function natsNode(node: NatsNode): ServerProcess {
  mkdirSync(node.dataDir, { recursive: true });
  const config = join(node.dataDir, "nats-server.conf");
  const { cluster } = node;
  writeFileSync(
    config,
    [
      `host: "127.0.0.1"`,
      `port: ${node.port}`,
      `server_name: ${node.name}`,
      `max_payload: 1MB`,
      `jetstream {`,
      `  store_dir: ${JSON.stringify(join(node.dataDir, "jetstream"))}`,
      ...(node.jetstream ?? []).map((line) => `  ${line}`),
      `}`,
      ...(cluster
        ? [
            `cluster {`,
            `  name: faults`,
            `  host: "127.0.0.1"`,
            `  port: ${cluster.port}`,
            `  routes: [${cluster.routes.map((p) => `"nats://127.0.0.1:${p}"`).join(", ")}]`,
            `  no_advertise: true`,
            `}`,
          ]
        : []),
      "",
    ].join("\n"),
  );
  return new ServerProcess(node.name, node.port, `nats://127.0.0.1:${node.port}`, {
    path: findNatsServer().path,
    args: ["-c", config],
  });
}

export function redisServer(port: number, dataDir: string): ServerProcess {
  mkdirSync(dataDir, { recursive: true });
  const { path, env } = findRedisServer(process.cwd());
  const settings = {
    bind: "127.0.0.1",
    port: String(port),
    dir: dataDir,
    appendonly: "yes",
    appendfsync: "everysec",
    save: "",
  };
  return new ServerProcess("redis-server", port, `redis://127.0.0.1:${port}`, {
    path,
    args: Object.entries(settings).flatMap(([k, v]) => [`--${k}`, v]),
    env,
  });
}
