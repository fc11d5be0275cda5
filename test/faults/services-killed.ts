/**
 * Each service dies (`kill -9`) at every named point, then at random moments, and is started again at once, while events
 * keep coming. The services go through their points side by side, so that one is often down while another dies.
 */
import { eventually, type ServiceName } from "#testing";
import type { Rig } from "./rig.js";
import type { Run, Scenario, Size } from "./scenario.js";
import type { ServiceProcess } from "./service-process.js";

/** Before and after publish, commit, send and acknowledgement, in the order in which one event passes them. */
export const FAULT_POINTS: Readonly<Record<ServiceName, readonly string[]>> = {
  gateway: ["gateway.publish.before", "gateway.publish.after"],
  "context-actor": [
    "actor.decide.after",
    "actor.record.after",
    "actor.commit.before",
    "actor.commit.after",
    "actor.publish.after",
    "actor.ack.after",
  ],
  decision: ["decision.policy.before", "decision.policy.after"],
  policy: ["policy.evaluate.before", "policy.evaluate.after", "policy.gate.before", "policy.gate.after"],
  channels: [
    "channels.gate.before",
    "channels.gate.after",
    "channels.send.after",
    "channels.outcome.before",
    "channels.outcome.after",
    "channels.fallback.after",
    "channels.ack.after",
  ],
};

/** Points per service (all, and so often), and kills at random. */
const SIZES: Readonly<Record<Size, { points: number; times: number; random: number }>> = {
  short: { points: 2, times: 1, random: 4 },
  normal: { points: Infinity, times: 1, random: 15 },
  long: { points: Infinity, times: 4, random: 60 },
};

/** A point that a process does not come by in this time under load no longer stands where work passes. */
const PASSED_WITHIN_MS = 40_000;

export const servicesKilled: Scenario = {
  id: "services-killed",
  title: "each service killed (kill -9) at every named point, and at random under load",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const rig = await run.start({ actors: 2, channels: 2 });
    const load = run.load(rig);
    await load.more(60);
    await Promise.all([...rig.services.values()].map((service) => dieAtPoints(run, service)));
    await rig.untilReady();
    await dieAtRandom(run, rig, (events) => load.more(events));
    await run.settle(rig, load);
  },
};

async function dieAtPoints(run: Run, service: ServiceProcess): Promise<void> {
  const size = run.pick(SIZES);
  const points: string[] = [];
  for (let i = 0; i < size.times; i++)
    points.push(...run.random.shuffled(FAULT_POINTS[service.spec.name]).slice(0, size.points));
  const passes = points.map((point) => `${point}:${run.random.int(1, point.includes("fallback") ? 2 : 8)}`);
  let next = 0;
  service.nextEnv = () => {
    const point = passes[next++];
    return point === undefined ? {} : { SEGUE_KILL_AT: point };
  };
  const before = service.crashes;
  // The first start with a point to die at.
  await service.crash();
  for (const [i, point] of passes.entries()) {
    await eventually(
      `${service.id} to pass ${point}`,
      () => service.crashes >= before + 2 + i,
      PASSED_WITHIN_MS,
    );
    run.fault(`${service.id} died at ${point}`);
  }
  service.nextEnv = () => ({});
}

async function dieAtRandom(run: Run, rig: Rig, more: (events: number) => Promise<void>): Promise<void> {
  const ids = [...rig.services.keys()].sort();
  for (let i = 0; i < run.pick(SIZES).random; i++) {
    await more(run.random.int(5, 60));
    const id = run.random.one(ids);
    run.fault(`${id} killed`);
    await rig.service(id).crash();
  }
}
