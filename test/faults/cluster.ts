/**
 * Three nats-servers with three replicas of everything. The leader of a stream is killed; an actor's connection is cut
 * off (nothing passes, nobody is told), so that the old owner lives on while a new one takes over, and is let through again.
 */
import { eventually, TcpProxy } from "#testing";
import type { Rig } from "./rig.js";
import type { Run, Scenario } from "./scenario.js";

const SIZES = {
  short: { leaders: 1, isolations: 1, between: 80, eventsPerSecond: 60 },
  normal: { leaders: 3, isolations: 2, between: 200, eventsPerSecond: 90 },
  long: { leaders: 9, isolations: 6, between: 500, eventsPerSecond: 90 },
};

/** Longer than a lease (4 s). */
const ISOLATED_MS = [5_000, 7_000] as const;
const ISOLATED = "actor-0";
const STREAMS_KILLED = ["EVT", "CTX", "CMD"] as const;

export const cluster: Scenario = {
  id: "cluster",
  title: "three-node cluster, R3: stream leader killed; an owner cut off while a new one takes over",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const size = run.pick(SIZES);
    let proxy: TcpProxy | undefined;
    try {
      const rig = await run.start({
        actors: 2,
        nodes: 3,
        natsUrlOf: async (id, url) => {
          if (id !== ISOLATED) return url;
          proxy = await TcpProxy.start(Number(new URL(url.split(",")[0]!).port));
          return proxy.url;
        },
      });
      run.log("three nodes and the services are ready");
      const load = run.load(rig, { eventsPerSecond: size.eventsPerSecond });
      await load.more(size.between);
      const faults = [
        ...Array.from({ length: size.leaders }, (_, i) => () => killLeader(run, rig, STREAMS_KILLED[i % 3]!)),
        ...Array.from({ length: size.isolations }, () => () => isolate(run, proxy!)),
      ];
      for (const fault of run.random.shuffled(faults)) {
        await fault();
        await load.more(size.between);
      }
      await run.settle(rig, load);
    } finally {
      proxy?.close();
    }
  },
};

async function killLeader(run: Run, rig: Rig, stream: string): Promise<void> {
  // After the last kill the group may still be electing one.
  const leader = await eventually(
    `${stream} to have a leader`,
    async () => {
      const placed = await rig.jsm.streams.info(stream).catch(() => undefined);
      return rig.nats.find((n) => n.name === placed?.cluster?.leader);
    },
    60_000,
  );
  run.fault(`${leader.name}, leader of ${stream}, killed`);
  await leader.kill();
  await new Promise((resolve) => setTimeout(resolve, run.random.int(500, 3_000)));
  await leader.start();
}

async function isolate(run: Run, proxy: TcpProxy): Promise<void> {
  const ms = run.random.int(...ISOLATED_MS);
  run.fault(`${ISOLATED} cut off for ${ms} ms`);
  proxy.isolate();
  await new Promise((resolve) => setTimeout(resolve, ms));
  proxy.heal();
  run.log(`${ISOLATED} let through again`);
}
