/** Simulated experiments, looked at after every day: what the method promises, counted. */
import { ALPHA, logEvidence, looks, ratioSequence, type Arms } from "./sequential.js";
import { shareDifference } from "./statistics.js";

/** Marsaglia's xorshift, seeded: the figures are the same on every run. */
function random(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 0x1_0000_0000;
  };
}

interface Plan {
  /** Probability of being treated. */
  readonly share: number;
  /** Rate of success of the control group on a day, and how many times that of the treated. */
  readonly rate: (day: number) => number;
  readonly ratio: number;
  readonly days: number;
  readonly perDay: number;
}

interface Totals extends Arms {
  readonly treatedOf: number;
  readonly controlOf: number;
}

/** Totals after each day. */
function run({ share, rate, ratio, days, perDay }: Plan, next: () => number): Totals[] {
  let [treated, control, treatedOf, controlOf] = [0, 0, 0, 0];
  return Array.from({ length: days }, (_, day) => {
    for (let i = 0; i < perDay; i++) {
      const isTreated = next() < share;
      const hit = next() < rate(day) * (isTreated ? ratio : 1);
      if (isTreated) {
        treatedOf++;
        treated += Number(hit);
      } else {
        controlOf++;
        control += Number(hit);
      }
    }
    return { treated, control, treatedOf, controlOf };
  });
}

const RUNS = 800;
/** Of a share near 5 % over the runs, one-sided 99.9 %: a method of exactly 5 % would fail the test once in a thousand. */
const ABOVE_ALPHA = ALPHA + 3.09 * Math.sqrt((ALPHA * (1 - ALPHA)) / RUNS);

function shareOfRuns(plan: Plan, seed: number, holds: (totals: readonly Totals[]) => boolean): number {
  const next = random(seed);
  let n = 0;
  for (let i = 0; i < RUNS; i++) n += Number(holds(run(plan, next)));
  return n / RUNS;
}

const steady = { share: 0.5, rate: () => 0.1, ratio: 1, days: 40, perDay: 30 };
const plans: readonly [string, Plan][] = [
  ["halves, a steady rate", steady],
  ["a control group of 10 %", { ...steady, share: 0.9 }],
  [
    "a rate that moves with the season",
    { ...steady, rate: (day: number) => 0.05 + 0.04 * Math.sin(day / 5) },
  ],
];

describe("when treatment makes no difference, and one looks every day for 40 days", () => {
  it.each(plans)("it is called a difference in at most 5 %% of experiments: %s", (_name, plan) => {
    const alarms = shareOfRuns(plan, 7, (totals) =>
      totals.some((t) => logEvidence(t, plan.share) >= -Math.log(ALPHA)),
    );
    expect(alarms).toBeLessThan(ABOVE_ALPHA);
  });

  it("while an interval made for one look is wrong far more often", () => {
    const alarms = shareOfRuns(steady, 7, (totals) =>
      totals.some((t) => {
        const d = shareDifference({ hits: t.treated, of: t.treatedOf }, { hits: t.control, of: t.controlOf });
        return d.low > 0 || d.high < 0;
      }),
    );
    expect(alarms).toBeGreaterThan(0.15);
  });
});

describe("when treatment does make a difference", () => {
  it.each([
    ["halves", { ...steady, ratio: 1.3 }],
    ["a control group of 10 %", { ...steady, share: 0.9, ratio: 1.6 }],
  ])("its bounds hold the true ratio on every day in at least 95 %% of experiments: %s", (_name, plan) => {
    const missed = shareOfRuns(plan, 11, (totals) =>
      totals.some((t) => {
        const { low, high } = ratioSequence(t, plan.share);
        return low > plan.ratio || high < plan.ratio;
      }),
    );
    expect(missed).toBeLessThan(ABOVE_ALPHA);
  });

  it("it is found: twice the successes with 1,200 customers in halves", () => {
    const found = shareOfRuns({ ...steady, ratio: 2 }, 13, (totals) =>
      totals.some((t) => logEvidence(t, 0.5) >= -Math.log(ALPHA)),
    );
    expect(found).toBeGreaterThan(0.85);
  });

  it("an interval for one look covers the difference in 95 %% of experiments", () => {
    const plan = { ...steady, ratio: 1.5, days: 1, perDay: 1_000 };
    const covered = shareOfRuns(plan, 17, ([t]) => {
      const d = shareDifference(
        { hits: t!.treated, of: t!.treatedOf },
        { hits: t!.control, of: t!.controlOf },
      );
      return d.low <= 0.05 && 0.05 <= d.high;
    });
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.97);
  });
});

it("bounds never widen from look to look, and nothing is known before the first success", () => {
  const seen = looks([{ treated: 0, control: 0 }, ...run({ ...steady, ratio: 1.5 }, random(3))], 0.5);
  expect(seen.at(-1)!.low).toBeGreaterThan(0);
  expect(seen[0]).toEqual({ low: 0, high: Infinity, evidence: 1, p: 1 });
  for (const [i, look] of seen.entries()) {
    const before = seen[i - 1] ?? look;
    expect(look.low).toBeGreaterThanOrEqual(before.low);
    expect(look.high).toBeLessThanOrEqual(before.high);
  }
});
