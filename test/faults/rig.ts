/** The whole system as processes that a row of the fault matrix may kill, pause, cut off and replace. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { nanos, type NatsConnection } from "@nats-io/nats-core";
import { CHANNELS, channelConsumers } from "#contracts";
import { freePorts } from "#embedded";
import { connectNats, provision } from "#messaging";
import { eventually, type ServiceName } from "#testing";
import { CommitFollower } from "./commit-follower.js";
import { GateTap } from "./gate-tap.js";
import { natsNode, redisServer, type ServerProcess } from "./server-process.js";
import { ServiceProcess } from "./service-process.js";

export interface RigOptions {
  /** Instances of context-actor (`actor-0`, …) and of channels (`channels-0`, …); default 2 and 1. */
  readonly actors?: number;
  readonly channels?: number;
  /** Default: all. */
  readonly services?: readonly ServiceName[];
  /** Environment of single services by id or name, or of all (`*`). */
  readonly env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Journeys, catalogue and policies; default `test/faults/definitions`. */
  readonly definitionsDir?: string;
  /** Overrides of the sandbox profile, per channel; default `SANDBOX`. */
  readonly sandbox?: object;
  readonly clock?: string;
  /** Nodes of nats-server: 1 (R1, the default) or 3 (R3). */
  readonly nodes?: 1 | 3;
  /** Lines within `jetstream { … }` of nats-server. */
  readonly jetstream?: readonly string[];
  /** Where nats-server keeps its data; default a folder of the rig. */
  readonly natsDir?: string;
  /** The NATS URL that one service is given, e.g. that of a proxy; by service id. */
  readonly natsUrlOf?: (id: string, url: string) => string | Promise<string>;
  /** Folder with the compiled code that a service starts from; default this repository. */
  readonly rootOf?: (id: string) => string;
  /** Told when a service has ended by itself and is started again. */
  readonly onCrash?: (text: string) => void;
}

/** Quick providers with everything that real ones do: refusals, receipts that come, that come late, that never come. */
export const SANDBOX = {
  push: {
    latency: ["1ms", "20ms"],
    reject: 0.15,
    opened: 0.1,
    clicked: 0,
    converted: 0,
    declined: 0,
    thinks: ["50ms", "500ms"],
  },
  sms: {
    latency: ["5ms", "40ms"],
    reject: 0.05,
    receipt: ["20ms", "300ms"],
    lost: 0.05,
    late: 0.05,
    undelivered: 0.05,
    clicked: 0,
    converted: 0,
    declined: 0,
    thinks: ["50ms", "500ms"],
  },
  email: {
    latency: ["5ms", "40ms"],
    reject: 0.02,
    receipt: ["20ms", "300ms"],
    lost: 0.02,
    late: 0.02,
    undelivered: 0.02,
    opened: 0,
    clicked: 0,
    converted: 0,
    declined: 0,
    thinks: ["50ms", "500ms"],
  },
  execute: { latency: ["5ms", "60ms"], reject: 0.2 },
};

/** A dead channel process's commands come back after this time, instead of 30 s. */
const ACK_WAIT_MS = 2_000;

export class Rig {
  readonly services = new Map<string, ServiceProcess>();
  readonly dir = mkdtempSync(join(tmpdir(), "segue-faults-"));
  readonly providerFile = join(this.dir, "providers.ndjson");
  readonly nats: ServerProcess[] = [];
  redis!: ServerProcess;
  /** The harness's own connection; stays through every outage. */
  nc!: NatsConnection;
  jsm!: JetStreamManager;
  commits!: CommitFollower;
  gates!: GateTap;

  private constructor(readonly options: RigOptions) {}

  static async start(options: RigOptions): Promise<Rig> {
    const rig = new Rig(options);
    try {
      await rig.#start();
      return rig;
    } catch (error) {
      await rig.stop();
      throw error;
    }
  }

  get natsUrl(): string {
    return this.nats.map((n) => n.url).join(",");
  }

  get definitionsDir(): string {
    return this.options.definitionsDir ?? join(process.cwd(), "test", "faults", "definitions");
  }

  get gateway(): ServiceProcess | undefined {
    return this.services.get("gateway");
  }

  /** A service by id: `gateway`, `decision`, `policy`, `channels-0`, `actor-0`, … */
  service(id: string): ServiceProcess {
    const service = this.services.get(id);
    if (!service) throw new Error(`there is no service ${id}: ${[...this.services.keys()].join(", ")}`);
    return service;
  }

  /** All instances of a service. */
  all(name: ServiceName): ServiceProcess[] {
    return [...this.services.values()].filter((s) => s.spec.name === name);
  }

  /** Adds an instance and starts it, without waiting until it is ready. */
  async launch(
    id: string,
    name: ServiceName,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServiceProcess> {
    const { options } = this;
    const [port = 0] = await freePorts(1);
    const sandbox = join(this.dir, "sandbox.yaml");
    const url = (await options.natsUrlOf?.(id, this.natsUrl)) ?? this.natsUrl;
    const service = new ServiceProcess(
      {
        id,
        name,
        port,
        env: {
          NATS_URL: url,
          REDIS_URL: this.redis.url,
          SEGUE_DEFINITIONS_DIR: this.definitionsDir,
          ...(options.clock ? { SEGUE_CLOCK: options.clock } : {}),
          ...(name === "gateway" ? { PORT: String(port) } : { HEALTH_PORT: String(port) }),
          ...(name === "context-actor" ? { INSTANCE_ID: id } : {}),
          ...(name === "channels" ? { SANDBOX_LEDGER: this.providerFile, SANDBOX_PROFILE: sandbox } : {}),
          ...options.env?.["*"],
          ...options.env?.[name],
          ...options.env?.[id],
          ...env,
        },
      },
      options.onCrash ?? (() => undefined),
    );
    service.root = options.rootOf?.(id) ?? service.root;
    this.services.set(id, service);
    service.start();
    return service;
  }

  /** Resolves when every service is ready; of actors, when one holds partitions. */
  async untilReady(timeoutMs = 60_000): Promise<void> {
    const actors = this.all("context-actor");
    await Promise.all(
      [...this.services.values()]
        .filter((s) => s.spec.name !== "context-actor")
        .map((s) => s.untilReady(timeoutMs)),
    );
    if (actors.length > 0) await Promise.any(actors.map((a) => a.untilReady(timeoutMs)));
  }

  async #start(): Promise<void> {
    const { options } = this;
    const nodes = options.nodes ?? 1;
    const ports = await freePorts(2 * nodes + 1);
    const routes = ports.slice(nodes, 2 * nodes);
    for (let i = 0; i < nodes; i++) {
      this.nats.push(
        natsNode({
          name: `n${i}`,
          port: ports[i]!,
          dataDir: join(options.natsDir ?? join(this.dir, "nats"), String(i)),
          ...(options.jetstream ? { jetstream: options.jetstream } : {}),
          ...(nodes > 1 ? { cluster: { port: routes[i]!, routes } } : {}),
        }),
      );
    }
    this.redis = redisServer(ports.at(-1)!, join(this.dir, "redis"));
    await Promise.all([...this.nats, this.redis].map((s) => s.start()));
    this.nc = await connectNats({ url: this.natsUrl, name: "faults" });
    if (nodes > 1) await this.#untilClustered();
    await provision(this.nc, { replicas: nodes });
    this.jsm = await jetstreamManager(this.nc, { timeout: 10_000 });
    for (const c of CHANNELS.flatMap((channel) => channelConsumers(channel)))
      await this.jsm.consumers.update(c.stream, c.name, { ack_wait: nanos(ACK_WAIT_MS) });
    this.commits = await CommitFollower.start(this.nc);
    this.gates = await GateTap.start(this.nats.map((n) => n.url));
    mkdirSync(this.dir, { recursive: true });
    writeFileSync(join(this.dir, "sandbox.yaml"), JSON.stringify(options.sandbox ?? SANDBOX));
    const names =
      options.services ?? (["gateway", "decision", "policy", "channels", "context-actor"] as const);
    for (const name of names) {
      if (name === "context-actor")
        for (let i = 0; i < (options.actors ?? 2); i++) await this.launch(`actor-${i}`, name);
      else if (name === "channels")
        for (let i = 0; i < (options.channels ?? 1); i++) await this.launch(`channels-${i}`, name);
      else await this.launch(name, name);
    }
    await this.untilReady();
  }

  /** A cluster answers JetStream requests once its meta group has a leader. */
  async #untilClustered(): Promise<void> {
    await eventually(
      "the cluster to have a leader",
      async () => {
        try {
          await (await jetstreamManager(this.nc, { timeout: 1_000 })).getAccountInfo();
          return true;
        } catch {
          return false;
        }
      },
      30_000,
    );
  }

  async stop(): Promise<void> {
    for (const s of this.services.values()) s.child.process.kill("SIGCONT");
    await Promise.all([...this.services.values()].map((s) => s.end("SIGKILL")));
    await this.nc?.close().catch(() => undefined);
    // Absent when the start has failed.
    await (this.gates as GateTap | undefined)?.stop();
    await Promise.all([...this.nats, this.redis].map((s) => s?.kill()));
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
