/** nats-server is killed, stands still and is restarted while events are published and handled. */
import type { Rig } from "./rig.js";
import type { Run, Scenario } from "./scenario.js";

const SIZES = {
  short: { rounds: 1, pausedMs: 4_000, between: 100 },
  normal: { rounds: 2, pausedMs: 10_000, between: 300 },
  long: { rounds: 8, pausedMs: 10_000, between: 600 },
};

export const natsAway: Scenario = {
  id: "nats-away",
  title: "NATS killed (kill -9), paused (SIGSTOP 10 s), restarted (SIGTERM) while publishing",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const size = run.pick(SIZES);
    const rig = await run.start({ actors: 2 });
    const load = run.load(rig);
    await load.more(size.between);
    for (let round = 0; round < size.rounds; round++) {
      for (const fault of run.random.shuffled([killed, paused, restarted])) {
        await fault(run, rig, size.pausedMs);
        await load.more(size.between);
      }
    }
    const tries = load.published.filter((p) => p.attempts > 1);
    run.log(`${tries.length} events were acknowledged only after they were sent again`);
    await run.settle(rig, load);
  },
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function killed(run: Run, rig: Rig): Promise<void> {
  const awayMs = run.random.int(0, 2_000);
  run.fault(`nats-server killed, away for ${awayMs} ms`);
  await rig.nats[0]!.kill();
  await wait(awayMs);
  await rig.nats[0]!.start();
}

async function paused(run: Run, rig: Rig, pausedMs: number): Promise<void> {
  run.fault(`nats-server stands still for ${pausedMs} ms`);
  await rig.nats[0]!.pause();
  await wait(pausedMs);
  rig.nats[0]!.resume();
}

async function restarted(run: Run, rig: Rig): Promise<void> {
  const awayMs = run.random.int(0, 1_000);
  run.fault(`nats-server stopped (SIGTERM), away for ${awayMs} ms`);
  await rig.nats[0]!.stop();
  await wait(awayMs);
  await rig.nats[0]!.start();
}
