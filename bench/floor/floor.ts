/**
 * The floor: what the same messages cost on this machine when they are only published, stored, delivered and
 * acknowledged. Same shape (a publisher, a context process, a channel process, nats-server), same sizes, same streams,
 * same load; every event leads to a command. Absolute figures mean little on a shared machine: the ratio to this does.
 */
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { CONSUMERS } from "#contracts";
import { startChild, startNatsServer, type Child } from "#embedded";
import { connectNats, provision } from "#messaging";
import type { MessageSizes } from "../history.js";
import type { Durability, RunningProcess } from "../installation.js";
import { endsWithUs, removeRunFolder, runFolder } from "../run-folder.js";

/** Sizes as measured in a run of the system with 20,000 events; used where no run comes before. */
export const USUAL_SIZES: MessageSizes = { context: 1_550, command: 1_250, outcome: 480 };

export class Floor {
  readonly processes: RunningProcess[] = [];
  nc!: NatsConnection;
  natsVersion = "";
  readonly #dir = runFolder();
  #url = "";

  static async start(sizes: MessageSizes, durability: Durability): Promise<Floor> {
    const floor = new Floor();
    try {
      await floor.#start(sizes, durability);
      return floor;
    } catch (error) {
      await floor.stop();
      throw error;
    }
  }

  async #start(sizes: MessageSizes, durability: Durability): Promise<void> {
    const add = (name: string, child: Child): void => {
      endsWithUs(child);
      this.processes.push({ name, pid: child.pid, child });
    };
    const nats = await startNatsServer({
      dataDir: join(this.#dir, "nats"),
      durability,
      onSpawn: (child) => add("nats-server", child),
    });
    this.natsVersion = nats.binary.version;
    this.#url = nats.url;
    this.nc = await connectNats({ url: nats.url, name: "bench", waitOnFirstConnect: false });
    await provision(this.nc);
    const jsm = await jetstreamManager(this.nc);
    // Nobody reads these here, and the server would still look at each for every message.
    for (const c of CONSUMERS) await jsm.consumers.delete(c.stream, c.name);
    for (const role of ["context", "channel"]) {
      let ready!: () => void;
      const isReady = new Promise<void>((resolve) => (ready = resolve));
      const child = startChild(
        process.execPath,
        [join(import.meta.dirname, "part.js"), role, nats.url, JSON.stringify(sizes)],
        {
          env: { PATH: process.env["PATH"] ?? "" },
          onOutput: (text) => text.includes("ready") && ready(),
        },
      );
      add(`floor-${role}`, child);
      await Promise.race([
        isReady,
        child.exited.then(() => Promise.reject(new Error(`the floor's ${role} ended:\n${child.tail()}`))),
      ]);
    }
  }

  /** A further connection. */
  connect(name: string): Promise<NatsConnection> {
    return connectNats({ url: this.#url, name, waitOnFirstConnect: false });
  }

  async stop(): Promise<void> {
    const servers = this.processes.filter((p) => p.name.endsWith("-server"));
    await Promise.all(this.processes.filter((p) => !servers.includes(p)).map((p) => p.child.stop()));
    await this.nc?.close().catch(() => undefined);
    await Promise.all(servers.map((p) => p.child.stop()));
    removeRunFolder(this.#dir);
  }
}
