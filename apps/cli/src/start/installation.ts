/**
 * Everything that a start runs: nats-server, Redis, the services. It owns their processes: whatever happens, `stop` or,
 * at the very end of this process, `killAll` leaves none behind, and `.segue/run.json` tells the next start of any that it could not.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import { replayClock, replayClockText, type Clock, type ReplayClockOptions } from "#clock";
import {
  endLeftovers,
  freePort,
  freePorts,
  RunRecord,
  startNatsServer,
  startRedisServer,
  type Child,
  type NatsServer,
  type RecordedProcess,
  type RedisServer,
} from "#embedded";
import { connectNats, provision } from "#messaging";
import type { LauncherConfig } from "./config.js";
import { Services, type ServiceDefinition } from "./services.js";

const NATS_PORT = 4222;
const REDIS_PORT = 6379;
const GATEWAY_PORT = 8080;
/** The gateway last: it is ready once the others are. */
export const SERVICES = ["policy", "decision", "channels", "context-actor", "gateway"] as const;

export interface InstallationOptions {
  readonly root: string;
  readonly config: LauncherConfig;
  /** Folder below `.segue` for what is stored; default `data`. */
  readonly data?: string;
  readonly onTrouble: (message: string) => void;
  /** A part is gone for good: the run cannot go on. */
  readonly onGivenUp: (error: Error) => void;
}

export class Installation {
  readonly #options: InstallationOptions;
  readonly #record: RunRecord;
  readonly #children = new Set<Child>();
  #nats: NatsServer | undefined;
  #redis: RedisServer | undefined;
  #nc: NatsConnection | undefined;
  #services: Services | undefined;
  #stopping = false;
  #begun = false;
  #gatewayPort = 0;

  constructor(options: InstallationOptions) {
    this.#options = options;
    this.#record = new RunRecord(this.#path("run.json"));
  }

  /** Ends what a killed launcher has left running. Throws AlreadyRunning when one is alive. */
  endLeftovers(): Promise<readonly RecordedProcess[]> {
    return endLeftovers(this.#path("run.json"));
  }

  /** Where the data of the servers and the position of the replay lie. */
  get dataDir(): string {
    return this.#path(this.#options.data ?? "data");
  }

  /** Deletes the stored state; what set-up has unpacked stays. */
  deleteData(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
    rmSync(this.#path("logs"), { recursive: true, force: true });
  }

  get nc(): NatsConnection {
    if (!this.#nc) throw new Error("the servers have not been started");
    return this.#nc;
  }

  /** Whether any process has been started. */
  get begun(): boolean {
    return this.#begun;
  }

  get gatewayUrl(): string {
    return `http://127.0.0.1:${this.#gatewayPort}`;
  }

  /** Starts nats-server and Redis on their data, and makes the streams. */
  async startServers(): Promise<{ readonly nats: NatsServer; readonly redis: RedisServer }> {
    const { root } = this.#options;
    const onSpawn = (name: string) => (child: Child) => this.#spawned(name, child);
    this.#nats = await startNatsServer({
      dataDir: join(this.dataDir, "nats"),
      port: NATS_PORT,
      onSpawn: onSpawn("nats-server"),
    });
    this.#record.listensAt(this.#nats.url);
    this.#redis = await startRedisServer({
      root,
      dataDir: join(this.dataDir, "redis"),
      port: REDIS_PORT,
      onSpawn: onSpawn("redis-server"),
    });
    for (const [name, { child }] of [
      ["nats-server", this.#nats] as const,
      ["redis-server", this.#redis] as const,
    ]) {
      this.#record.add(name, child.pid);
      void child.exited.then(() => {
        if (!this.#stopping) this.#options.onGivenUp(new Error(`${name} has ended:\n${child.tail().trim()}`));
      });
    }
    this.#nc = await connectNats({ url: this.#nats.url, name: "launcher" });
    await provision(this.#nc);
    this.#gatewayPort = await freePort(GATEWAY_PORT);
    return { nats: this.#nats, redis: this.#redis };
  }

  /** Starts the services on this clock, those that run being stopped first. Resolves when all are ready. */
  async startServices(options: ReplayClockOptions): Promise<Clock> {
    await this.#services?.stop();
    if (this.#stopping) return replayClock(options);
    this.#services = new Services({
      root: this.#options.root,
      logDir: this.#path("logs"),
      onSpawn: (name, child) => this.#spawned(name, child),
      onExit: (_name, child) => this.#gone(child),
      onTrouble: this.#options.onTrouble,
      onGivenUp: this.#options.onGivenUp,
    });
    const clock = replayClockText(options);
    this.#record.goesBy(clock);
    await this.#services.start(await this.#definitions(clock));
    return replayClock(options);
  }

  async #definitions(clock: string): Promise<readonly ServiceDefinition[]> {
    const healthPorts = await freePorts(SERVICES.length);
    const { config, root } = this.#options;
    return SERVICES.map((name, i) => {
      const healthPort = name === "gateway" ? this.#gatewayPort : healthPorts[i]!;
      return {
        name,
        main: `dist/apps/${name}/src/main.js`,
        healthPort,
        env: {
          ...config.environment,
          NATS_URL: this.#nats!.url,
          REDIS_URL: this.#redis!.url,
          SEGUE_CLOCK: clock,
          SEGUE_DEFINITIONS_DIR: root,
          LOG_LEVEL: config.logLevel,
          HOST: "127.0.0.1",
          HEALTH_HOST: "127.0.0.1",
          PORT: String(this.#gatewayPort),
          ...(name === "gateway" ? {} : { HEALTH_PORT: String(healthPort) }),
        },
      };
    });
  }

  /** Stops all in order: the services, side by side, then the servers that they need. Resolves when no process is left. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#services?.stop();
    await this.#nc?.close().catch(() => undefined);
    await Promise.all([...this.#children].map((child) => child.stop()));
    this.#record.clear();
  }

  /** Ends every process at once. For the moment in which this one ends. */
  killAll(): void {
    for (const child of this.#children) child.process.kill("SIGKILL");
  }

  #spawned(name: string, child: Child): void {
    this.#begun = true;
    this.#children.add(child);
    this.#record.add(name, child.pid);
    void child.exited.then(() => this.#gone(child));
  }

  #gone(child: Child): void {
    if (this.#children.delete(child) && !this.#stopping) this.#record.remove(child.pid);
  }

  #path(name: string): string {
    return join(this.#options.root, ".segue", name);
  }
}
