/** `--takeover`: two context actors, one of them killed (SIGKILL) under load. */
import { jetstreamManager } from "@nats-io/jetstream";
import { ALL_PARTITIONS, streamOf, streamsOf, subjects } from "#contracts";
import { follow, textOf } from "./follow.js";
import { Installation } from "./installation.js";
import { Load } from "./load.js";
import type { BenchOptions } from "./options.js";
import { snapshotOf } from "./progress.js";
import type { Result } from "./results.js";
import { settingsOf } from "./settings.js";
import { checked, RunFailed, warm } from "./throughput.js";
import { workload } from "./workload.js";
import { workloadOf, type Say } from "./w1.js";

const RATE = 200;
const BEFORE_MS = 5_000;
const AFTER_MS = 15_000;
/** What the issue allows. */
export const TAKEOVER_WITHIN_MS = 6_000;

/** Throws RunFailed when something is lost, or when it takes too long. */
export async function runTakeover(options: BenchOptions, say: Say): Promise<Result> {
  const ratePerSecond = options.rate ?? RATE;
  const system = await Installation.start({ durability: options.durability, actors: 2 });
  const load = await Load.open(system.nc);
  try {
    const wanted = { ...workloadOf(options), n: (ratePerSecond * (BEFORE_MS + AFTER_MS)) / 1_000 };
    await system.bringInCustomers(wanted.prefix, wanted.customers);
    await warm(system, load);
    const events = workload(wanted);
    const after = await system.positions();
    const publishing = load.publishOpen(events, ratePerSecond);
    await new Promise((resolve) => setTimeout(resolve, BEFORE_MS));
    say("kill -9 of one of two context actors");
    const [ms] = await Promise.all([killAndWatch(system), publishing]);
    await load.done();
    await checked(system, wanted.prefix, after, events);
    if (ms > TAKEOVER_WITHIN_MS)
      throw new RunFailed([`the take-over took ${(ms / 1_000).toFixed(1)} s, more than 6 s`]);
    return {
      kind: "takeover",
      settings: settingsOf({ ...options, actors: 2, n: wanted.n }, system.versions),
      takeover: { seconds: ms / 1_000, ratePerSecond, events: wanted.n },
    };
  } finally {
    await load.close();
    await system.stop();
  }
}

/**
 * Milliseconds from the kill until every partition has handled an event that was stored after it. The partitions of
 * the other actor do so at once; waiting for the next event of a partition counts too, so this is never too short.
 */
async function killAndWatch(system: Installation): Promise<number> {
  const jsm = await jetstreamManager(system.nc);
  const missing = new Set(ALL_PARTITIONS);
  let storedBefore = Infinity;
  let last = 0;
  let all!: () => void;
  const handled = new Promise<void>((resolve) => (all = resolve));
  const stops = await Promise.all(
    streamsOf("CTX").map((stream) =>
      follow(system.nc, {
        stream,
        filter: subjects.ctxAll,
        onMessage: (m) => {
          if (snapshotOf(m.subject, textOf(m)).watermark <= storedBefore) return;
          if (!missing.delete(Number(m.subject.split(".", 2)[1]))) return;
          last = performance.now();
          if (missing.size === 0) all();
        },
      }),
    ),
  );
  const killedAt = performance.now();
  await system.process("context-actor-2").child.kill();
  storedBefore = (await jsm.streams.info(streamOf("EVT", 0))).state.last_seq;
  const timeout = setTimeout(all, AFTER_MS - 1_000);
  await handled;
  clearTimeout(timeout);
  await Promise.all(stops.map((stop) => stop()));
  if (missing.size > 0)
    throw new RunFailed([
      `${missing.size} partitions handled nothing within ${AFTER_MS / 1_000 - 1} s of the kill`,
    ]);
  return last - killedAt;
}
