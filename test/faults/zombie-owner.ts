/**
 * An owner is stopped (SIGSTOP) for longer than its lease, another one takes over and works; then the first goes on, with
 * what it had in hand, in the belief that the partitions are its own: for a moment both pull.
 */
import type { Run, Scenario } from "./scenario.js";

const ROUNDS = { short: 1, normal: 3, long: 10 } as const;
/** Longer than a lease (4 s) and the time that taking over takes. */
const PAUSED_EVENTS = { short: 250, normal: 500, long: 1_000 } as const;
const LEASE_MS = 4_500;

export const zombieOwner: Scenario = {
  id: "zombie-owner",
  title: "zombie owner: an actor stopped for longer than its lease, then on again",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const rig = await run.start({ actors: 2 });
    const load = run.load(rig);
    await load.more(100);
    for (let round = 0; round < run.pick(ROUNDS); round++) {
      const victim = rig.service(`actor-${run.random.int(0, 1)}`);
      const since = Date.now();
      await victim.pause();
      run.fault(`${victim.id} stopped`);
      await Promise.all([
        load.more(run.pick(PAUSED_EVENTS)),
        new Promise((resolve) => setTimeout(resolve, LEASE_MS + run.random.int(0, 1_500))),
      ]);
      victim.resume();
      run.log(`${victim.id} goes on after ${((Date.now() - since) / 1_000).toFixed(1)} s`);
      await load.more(200);
    }
    await run.settle(rig, load);
  },
};
