/**
 * Segue's services as processes of their own. State: each is starting, up, or gone. A service that ends by itself is started
 * again, a bounded number of times; one that cannot even start ends the launch, with its last lines.
 */
import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { startChild, type Child } from "#embedded";
import { prettyLines } from "./pretty-log.js";

export interface ServiceDefinition {
  readonly name: string;
  /** Program below the root, e.g. `dist/apps/gateway/src/main.js`. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** Port on 127.0.0.1 that answers `/health/ready`. */
  readonly healthPort: number;
}

export interface ServicesOptions {
  readonly root: string;
  readonly logDir: string;
  /** Told of processes that come and go. */
  readonly onSpawn: (name: string, child: Child) => void;
  readonly onExit: (name: string, child: Child) => void;
  /** Something a person should see. */
  readonly onTrouble: (message: string) => void;
  /** A service has been restarted too often. */
  readonly onGivenUp: (error: Error) => void;
  readonly readyWithinMs?: number;
}

const RESTARTS = 3;
/** A service that ran this long may be restarted anew, up to the bound. */
const FORGIVEN_AFTER_MS = 60_000;
const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 11_000;
const LINES_SHOWN = 8;

export class Services {
  readonly #options: ServicesOptions;
  readonly #running = new Map<string, Child>();
  readonly #logs = new Map<string, WriteStream>();
  #stopping = false;

  constructor(options: ServicesOptions) {
    this.#options = options;
    mkdirSync(options.logDir, { recursive: true });
  }

  /** Starts all side by side; resolves when every one is ready. Throws with the last lines of one that is not. */
  async start(definitions: readonly ServiceDefinition[]): Promise<void> {
    await Promise.all(definitions.map((definition) => this.#startOne(definition)));
  }

  async #startOne(definition: ServiceDefinition): Promise<void> {
    const child = this.#spawn(definition);
    const ready = await untilReady(
      child,
      definition.healthPort,
      this.#options.readyWithinMs ?? READY_WITHIN_MS,
    );
    if (ready !== "ready") {
      throw new Error(
        `${definition.name} ${ready}:\n${lastLines(child)}\nAll of its log: ${this.#logPath(definition.name)}`,
      );
    }
    this.#watch(definition, child, Date.now(), 0);
  }

  #spawn(definition: ServiceDefinition): Child {
    const { name } = definition;
    let log = this.#logs.get(name);
    if (!log) {
      log = createWriteStream(this.#logPath(name), { flags: "a" });
      // A full disk must not end the launcher.
      log.on("error", () => undefined);
      this.#logs.set(name, log);
    }
    const child = startChild(process.execPath, ["--enable-source-maps", definition.main], {
      cwd: this.#options.root,
      env: definition.env,
      onOutput: prettyLines((text) => void log.write(text)),
    });
    this.#running.set(name, child);
    this.#options.onSpawn(name, child);
    void child.exited.then(() => this.#options.onExit(name, child));
    return child;
  }

  #watch(definition: ServiceDefinition, child: Child, since: number, restarts: number): void {
    const { name } = definition;
    void child.exited.then(({ code, signal }) => {
      if (this.#stopping) return;
      const how = signal ?? `status ${code}`;
      const done = Date.now() - since > FORGIVEN_AFTER_MS ? 0 : restarts;
      if (done >= RESTARTS) {
        this.#options.onGivenUp(
          new Error(`${name} ended (${how}) once more after ${RESTARTS} restarts:\n${lastLines(child)}`),
        );
        return;
      }
      const last = lastLines(child).split("\n").at(-1) ?? "";
      this.#options.onTrouble(`${name} ended (${how}) and is started again${last ? `: ${last}` : ""}`);
      setTimeout(
        () => {
          if (this.#stopping) return;
          this.#watch(definition, this.#spawn(definition), Date.now(), done + 1);
        },
        250 * 2 ** done,
      );
    });
  }

  /** Stops all side by side: SIGTERM, which lets each finish; then by force. Resolves when none is left. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#running.values()].map((child) => child.stop(STOP_WITHIN_MS)));
    for (const log of this.#logs.values()) log.end();
  }

  #logPath(name: string): string {
    return join(this.#options.logDir, `${name}.log`);
  }
}

async function untilReady(child: Child, port: number, withinMs: number): Promise<string> {
  const until = Date.now() + withinMs;
  let ended: string | undefined;
  void child.exited.then(
    ({ code, signal }) => (ended = `ended while starting (${signal ?? `status ${code}`})`),
  );
  while (Date.now() < until) {
    if (ended) return ended;
    if (await isReady(port)) return "ready";
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return `was not ready within ${Math.round(withinMs / 1_000)} s`;
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ port, host: "127.0.0.1", path: "/health/ready", timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(false));
    asked.end();
  });
}

/** The end of what a process printed; of a JSON log line, its message and stack. */
export function lastLines(child: Pick<Child, "tail">): string {
  return child.tail().trim().split("\n").slice(-LINES_SHOWN).map(readable).join("\n");
}

function readable(line: string): string {
  try {
    const entry = JSON.parse(line) as { msg?: unknown };
    return typeof entry.msg === "string" ? entry.msg : line;
  } catch {
    return line;
  }
}
