/** Finds and runs a real redis-server: from PATH, else unpacked from Debian's package by `scripts/setup.mjs`. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { startChild, type Child } from "./child.js";
import { accepting, programOnPath, type Binary } from "./nats-server.js";
import { freePort } from "./ports.js";

/** Where `scripts/setup.mjs` unpacks Debian's package when redis-server is not on PATH. */
export const REDIS_TOOL_DIR = ".segue/tools/redis";

function versionOf(binary: string, env?: Record<string, string>): string | undefined {
  try {
    return /v=(\d+\.\d+\.\d+)/.exec(execFileSync(binary, ["--version"], { encoding: "utf8", env }))?.[1];
  } catch {
    return undefined;
  }
}

export interface RedisBinary extends Binary {
  readonly env: Readonly<Record<string, string>>;
}

/** A redis-server. Throws an error that says what to install. */
export function findRedisServer(root: string): RedisBinary {
  const program = programOnPath("redis-server");
  const onPath = program && versionOf(program);
  if (program && onPath) return { path: program, version: onPath, from: "PATH", env: {} };
  const dir = join(root, REDIS_TOOL_DIR);
  const path = join(dir, "usr/bin/redis-server");
  if (existsSync(path)) {
    const libraries = [
      "usr/lib/x86_64-linux-gnu",
      "usr/lib/aarch64-linux-gnu",
      "lib/x86_64-linux-gnu",
      "lib/aarch64-linux-gnu",
    ];
    const env = { LD_LIBRARY_PATH: libraries.map((l) => join(dir, l)).join(":") };
    const server = join(dir, "usr/bin/redis-server");
    const version = versionOf(server, env);
    if (version) return { path: server, version, from: "Debian's package, unpacked", env };
  }
  throw new Error(
    "redis-server is needed: install it (Debian: apt-get install redis-server) or run npm start where Debian's packages can be reached",
  );
}

export interface RedisServerOptions {
  /** The repository, below which an unpacked redis-server may lie. */
  readonly root: string;
  readonly dataDir: string;
  readonly port?: number;
  readonly durability?: "default" | "fsync";
  /** Told of the process before it is ready. */
  readonly onSpawn?: (child: Child) => void;
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly child: Child;
  readonly binary: Binary;
}

/** Starts redis-server on 127.0.0.1 with an append-only file; resolves when it accepts connections. */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const binary = findRedisServer(options.root);
  const port = await freePort(options.port ?? 0);
  mkdirSync(options.dataDir, { recursive: true });
  const appendfsync = options.durability === "fsync" ? "always" : "everysec";
  const settings = {
    bind: "127.0.0.1",
    port: String(port),
    dir: options.dataDir,
    appendonly: "yes",
    appendfsync,
    save: "",
  };
  const child = startChild(
    binary.path,
    Object.entries(settings).flatMap(([k, v]) => [`--${k}`, v]),
    { env: binary.env },
  );
  options.onSpawn?.(child);
  await accepting(port, child, "redis-server");
  return { url: `redis://127.0.0.1:${port}`, port, child, binary };
}
