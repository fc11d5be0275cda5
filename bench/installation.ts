/** What is measured: the five services as separate processes on a real nats-server and Redis with data of their own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import { standingClockText } from "#clock";
import { streamsOf, subjects } from "#contracts";
import { freePort, startChild, startNatsServer, startRedisServer, type Child } from "#embedded";
import { connectNats, provision } from "#messaging";
import { customerIdOf } from "./workload.js";
import { initialContext } from "./customers.js";
import { jetstreamManager } from "@nats-io/jetstream";
import { publishAll } from "./publish-all.js";
import { endsWithUs, removeRunFolder, runFolder } from "./run-folder.js";

export const SERVICES = ["gateway", "decision", "policy", "channels", "context-actor"] as const;
export type ServiceName = (typeof SERVICES)[number];
export type Durability = "default" | "fsync";

export interface InstallationOptions {
  readonly durability: Durability;
  /** context-actor instances. */
  readonly actors: number;
  /** Those besides the actors; without it all. */
  readonly services?: readonly ServiceName[];
  /** Node flags and program arguments of a service, e.g. to profile it. */
  readonly node?: Readonly<
    Partial<Record<ServiceName, { readonly flags: readonly string[]; readonly args: readonly string[] }>>
  >;
  /** Environment of every service. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly child: Child;
}

const READY_WITHIN_MS = 60_000;

/** Providers of W1: answer at once, refuse 5 %, and customers do nothing. */
const PROVIDER = {
  latency: ["0ms", "0ms"],
  reject: 0.05,
  receipt: "none",
  lost: 0,
  late: 0,
  undelivered: 0,
  opened: 0,
  clicked: 0,
  converted: 0,
  declined: 0,
};

export class Installation {
  /** Servers and services by name; two actors are `context-actor` and `context-actor-2`. */
  readonly processes: RunningProcess[] = [];
  readonly versions = { nats: "", redis: "" };
  readonly dir = runFolder();
  /** What the sandbox's providers received. */
  readonly ledgerFile = join(this.dir, "providers.ndjson");
  nc!: NatsConnection;
  #natsUrl = "";
  #redisUrl = "";
  /** Event time counts. */
  readonly #clock = standingClockText();
  readonly #healthUrls = new Map<string, string>();

  private constructor(readonly options: InstallationOptions) {}

  /** Resolves when all services are ready. */
  static async start(options: InstallationOptions): Promise<Installation> {
    const installation = new Installation(options);
    try {
      await installation.#startServers();
      await installation.#startServices();
    } catch (error) {
      await installation.stop();
      throw error;
    }
    return installation;
  }

  async #startServers(): Promise<void> {
    const { durability } = this.options;
    const add = (name: string) => (child: Child) => this.#add(name, child);
    const nats = await startNatsServer({
      dataDir: join(this.dir, "nats"),
      durability,
      onSpawn: add("nats-server"),
    });
    const redis = await startRedisServer({
      root: process.cwd(),
      dataDir: join(this.dir, "redis"),
      durability,
      onSpawn: add("redis-server"),
    });
    this.versions.nats = nats.binary.version;
    this.versions.redis = redis.binary.version;
    this.#natsUrl = nats.url;
    this.#redisUrl = redis.url;
    this.nc = await connectNats({ url: nats.url, name: "bench", waitOnFirstConnect: false });
    await provision(this.nc);
  }

  async #startServices(): Promise<void> {
    const profile = join(this.dir, "sandbox.json");
    writeFileSync(profile, JSON.stringify({ push: PROVIDER, sms: PROVIDER, email: PROVIDER }));
    for (const name of this.options.services ?? SERVICES) {
      if (name !== "context-actor") await this.#launch(name, name);
    }
    for (let i = 1; i <= this.options.actors; i++) await this.launchActor(i);
    await Promise.all(this.processes.map((p) => this.untilReady(p.name)));
  }

  /** Starts the i-th context-actor, from 1. */
  launchActor(i: number): Promise<void> {
    const name = i === 1 ? "context-actor" : `context-actor-${i}`;
    return this.#launch("context-actor", name, { INSTANCE_ID: name });
  }

  async #launch(
    service: ServiceName,
    name: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const port = await freePort();
    const main = join(process.cwd(), "dist", "apps", service, "src", "main.js");
    const { flags = [], args = [] } = this.options.node?.[service] ?? {};
    const child = startChild(process.execPath, [...flags, main, ...args], {
      cwd: process.cwd(),
      env: {
        PATH: process.env["PATH"] ?? "",
        NODE_ENV: "production",
        NATS_URL: this.#natsUrl,
        REDIS_URL: this.#redisUrl,
        LOG_LEVEL: "warn",
        SEGUE_CLOCK: this.#clock,
        SEGUE_DEFINITIONS_DIR: join(process.cwd(), "bench", "w1"),
        SANDBOX_PROFILE: join(this.dir, "sandbox.json"),
        SANDBOX_LEDGER: this.ledgerFile,
        ...(service === "gateway" ? { PORT: String(port) } : { HEALTH_PORT: String(port) }),
        ...this.options.env,
        ...env,
      },
    });
    this.#add(name, child);
    this.#healthUrls.set(name, `http://127.0.0.1:${port}/health/ready`);
  }

  #add(name: string, child: Child): void {
    endsWithUs(child);
    this.processes.push({ name, pid: child.pid, child });
  }

  /** Resolves when a service says that it is ready; throws with its output when it ends instead. */
  async untilReady(name: string): Promise<void> {
    const url = this.#healthUrls.get(name);
    const { child } = this.process(name);
    if (!url) return;
    const until = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const ok = await fetch(url).then(
        (r) => r.ok,
        () => false,
      );
      if (ok) return;
      if (child.process.exitCode !== null || Date.now() > until)
        throw new Error(`${name} does not become ready:\n${child.tail()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  process(name: string): RunningProcess {
    const found = this.processes.findLast((p) => p.name === name);
    if (!found) throw new Error(`there is no process ${name}`);
    return found;
  }

  /** A further connection, for what must not share one. */
  connect(name: string): Promise<NatsConnection> {
    return connectNats({ url: this.#natsUrl, name, waitOnFirstConnect: false });
  }

  /** Writes the contexts of `customers` customers with this prefix. */
  async bringInCustomers(prefix: string, customers: number): Promise<void> {
    await publishAll(this.nc, customers, (i) => {
      const id = customerIdOf(prefix, i + 1);
      return { subject: subjects.ctx(id), payload: JSON.stringify(initialContext(id)) };
    });
  }

  /** Last sequence of each stream: where what comes next begins. */
  async positions(): Promise<ReadonlyMap<string, number>> {
    const jsm = await jetstreamManager(this.nc);
    const names = (["EVT", "CTX", "CMD", "AUDIT"] as const).flatMap((kind) => streamsOf(kind));
    const infos = await Promise.all(names.map((name) => jsm.streams.info(name)));
    return new Map(infos.map((info, i) => [names[i]!, info.state.last_seq]));
  }

  /** Stops everything; the data are removed. */
  async stop(): Promise<void> {
    const servers = this.processes.filter((p) => p.name.endsWith("-server"));
    const services = this.processes.filter((p) => !servers.includes(p));
    await Promise.all(services.map((p) => p.child.stop()));
    await this.nc?.close().catch(() => undefined);
    await Promise.all(servers.map((p) => p.child.stop()));
    removeRunFolder(this.dir);
  }
}
