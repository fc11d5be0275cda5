/** `npm run bench -- --decisions`: how fast a decision is made, by itself and with the policy's answer over NATS. */
import { Installation } from "../installation.js";
import type { BenchOptions } from "../options.js";
import type { Result } from "../results.js";
import { settingsOf } from "../settings.js";
import type { Say } from "../w1.js";
import { measureBounce, measureDecisions } from "./decision-load.js";
import { measurePropensities } from "./propensities.js";
import { measureScoring } from "./scoring.js";
import { measureVerdicts } from "./verdicts.js";

const RATE = 500;
const WARM_UP = { ratePerSecond: 200, seconds: 10 };

export async function runDecisions(options: BenchOptions, say: Say): Promise<Result> {
  say("scoring 12 candidates, then 2,500");
  const scoring = [measureScoring(12, 20_000), measureScoring(2_500, 400)];
  say("propensities of 12 candidates");
  const propensities = measurePropensities(12, 10_000);
  say("starting servers, decision and policy");
  const system = await Installation.start({
    durability: options.durability,
    actors: 0,
    services: ["decision", "policy"],
  });
  try {
    await measureDecisions(system, WARM_UP.ratePerSecond, WARM_UP.seconds, "warm");
    const rate = options.rate ?? RATE;
    say(`${rate} decisions/s for ${options.seconds} s`);
    const bounce = await measureBounce(system, rate, Math.min(10, options.seconds));
    const load = await measureDecisions(system, rate, options.seconds, "c");
    say("verdicts for 20 candidates on 3 channels");
    const verdicts = await measureVerdicts(system, 20, 2_000);
    return {
      kind: "decisions",
      settings: settingsOf(options, { ...system.versions }),
      decisions: { scoring, propensities, bounce, load, p99ToBounce: load.p99Ms / bounce.p99Ms, verdicts },
    };
  } finally {
    await system.stop();
  }
}
