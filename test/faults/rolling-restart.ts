/**
 * Actors and channels are replaced one after the other (SIGTERM, then a new process) under load. The first round goes from
 * the old build to this one and leaves the two mixed at every step; further rounds go back and forth, so that each reads
 * the contexts that the other has written.
 */
import { oldBuild } from "./old-build.js";
import type { Run, Scenario } from "./scenario.js";

const ROUNDS = { short: 1, normal: 3, long: 9 };
const BETWEEN = { short: 40, normal: 120, long: 250 };

export const rollingRestart: Scenario = {
  id: "rolling-restart",
  title: "rolling restart: actors and channels one after another under load, old and new build mixed",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const here = process.cwd();
    let old = here;
    if (run.size === "short") {
      run.log("this build alone: two builds are mixed by npm run faults");
    } else {
      const built = await oldBuild(run.options.oldBuild);
      if (built.kind === "none") return run.skip(built.reason);
      run.log(`old build: ${built.name}`);
      old = built.root;
    }
    const rolled = /^(actor|channels)-/;
    const rig = await run.start({
      actors: 2,
      channels: 2,
      rootOf: (id) => (rolled.test(id) ? old : here),
    });
    const load = run.load(rig);
    await load.more(run.pick(BETWEEN));
    for (let round = 0; round < run.pick(ROUNDS); round++) {
      const root = round % 2 === 0 ? here : old;
      for (const id of run.random.shuffled([...rig.services.keys()].filter((s) => rolled.test(s)))) {
        run.fault(
          `${id} replaced${old === here ? "" : root === here ? " by the new build" : " by the old build"}`,
        );
        const service = rig.service(id);
        await service.end("SIGTERM");
        service.root = root;
        service.start();
        await service.untilReady();
        await load.more(run.pick(BETWEEN));
      }
    }
    await run.settle(rig, load);
  },
};
