/**
 * Redis is killed and comes back, is emptied under way, and is replaced by an empty one, while customers stand at their
 * caps. Redis is an index: what counts is in the streams. So the caps hold by the providers' own account (I6); while it is
 * away nothing is permitted, with the reason on record; afterwards the index is rebuilt and messages go on.
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { eventually } from "#testing";
import { collect, providerCalls } from "./ledgers.js";
import type { Load } from "./load.js";
import type { Rig } from "./rig.js";
import type { Run, Scenario } from "./scenario.js";

interface Outage {
  readonly from: number;
  to: number;
}

const AWAY_MS = { short: 1_000, normal: 3_000, long: 8_000 } as const;
const ROUNDS = { short: 1, normal: 3, long: 8 } as const;
/** What policy had answered, and the gate let through, just before it noticed. */
const NOTICED_MS = 1_000;

export const redisLost: Scenario = {
  id: "redis-lost",
  title: "Redis killed, flushed, restarted empty, with customers at their caps",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const rig = await run.start({ actors: 1 });
    // Few customers, so that each soon stands at its caps.
    const load = run.load(rig, { customers: 15 });
    await load.more(120);
    const outages: Outage[] = [];
    for (let round = 0; round < run.pick(ROUNDS); round++) {
      run.fault("FLUSHALL");
      await flush(rig);
      await load.more(100);
      for (const how of run.random.shuffled(["kept", "emptied"] as const))
        outages.push(await outage(run, rig, load, how));
      run.fault("FLUSHALL, twice, while the index is being rebuilt");
      await flush(rig);
      await load.more(run.random.int(5, 20));
      await flush(rig);
      await load.more(100);
    }
    // What could not be judged is judged again a minute later.
    await run.settle(rig, load);
    await checkOutages(run, rig, outages);
  },
};

async function flush(rig: Rig): Promise<void> {
  const redis = new Redis(rig.redis.url);
  await redis.flushall();
  redis.disconnect();
}

/** `kept`: comes back with what its file has (the last second may be lost); `emptied`: with nothing. */
async function outage(run: Run, rig: Rig, load: Load, how: "kept" | "emptied"): Promise<Outage> {
  const away: Outage = { from: Date.now(), to: Infinity };
  run.fault(`redis kill -9; comes back ${how === "kept" ? "with its file" : "empty"}`);
  await rig.redis.kill();
  const noticed = providerCalls(rig).length;
  await new Promise((resolve) => setTimeout(resolve, run.pick(AWAY_MS) + run.random.int(0, 500)));
  run.log(`${providerCalls(rig).length - noticed} sends were started while Redis was away`);
  if (how === "emptied") {
    const dir = join(rig.dir, "redis");
    for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
  }
  away.to = Date.now();
  await rig.redis.start();
  await load.more(60);
  const before = providerCalls(rig).length;
  await eventually("sends after Redis is back", () => providerCalls(rig).length > before, 30_000);
  return away;
}

/** Nothing was permitted or sent while nothing could be counted, and the records say why. */
async function checkOutages(run: Run, rig: Rig, outages: readonly Outage[]): Promise<void> {
  const { decisions, provider } = await collect(rig, []);
  let closed = 0;
  for (const { from, to } of outages) {
    for (const call of provider) {
      if (call.wallMs > from + NOTICED_MS && call.wallMs < to)
        run.violations.push({
          invariant: "I5",
          expected: "no send without the gate, which cannot answer without Redis",
          found: [
            `provider: ${call.commandId} leg ${call.attempt}, ${call.wallMs - from} ms after Redis was killed`,
          ],
        });
    }
    for (const { request, reply, verdicts } of decisions) {
      // A decision is retried: what was asked before the outage may be answered after it, but not the other way round.
      if (request.at < from || request.at > to) continue;
      const unavailable = verdicts.filter((v) => v.reason === "policy_unavailable");
      closed += unavailable.length > 0 ? 1 : 0;
      if (unavailable.length > 0 && reply.kind === "act")
        run.violations.push({
          invariant: "I5",
          customerId: request.customerId,
          expected: "no act where policy could not judge",
          found: [`AUDIT: ${request.decisionId} acts beside policy_unavailable`],
        });
    }
  }
  run.log(`${closed} decisions on record as policy_unavailable`);
  if (outages.length > 0 && closed === 0)
    run.violations.push({
      invariant: "I6",
      expected:
        "decisions that fail closed while Redis is away, with the reason policy_unavailable on record",
      found: ["AUDIT: none"],
    });
}
