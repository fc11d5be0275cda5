import { experimentV1, type DecisionRecord, type ExperimentDefinition } from "#contracts";
import { isControl } from "#domain";
import { ExperimentFold } from "./experiment-fold.js";
import { experimentReport } from "./experiment-report.js";
import { experimentsHtml, experimentsText } from "./experiment-text.js";
import { aDecision, DAY, START } from "./given-audit.js";
import { ALPHA, logEvidence } from "./sequential.js";

const anExperiment = (more: object = {}): ExperimentDefinition =>
  experimentV1.parse({
    kind: "Experiment",
    id: "offers",
    version: 1,
    description: "what offers are worth",
    control: { percent: 50 },
    success: { event: "product.opened", within: "7d" },
    ...more,
  });

const chosen: DecisionRecord["explanations"] = [
  { action: "card", stage: "chosen", reason: "only_candidate" },
];
const marketing = (): boolean => true;

/** Customers of a group, without end. */
function* customers(experiment: ExperimentDefinition, control: boolean): Generator<string> {
  for (let i = 0; ; i++) if (isControl(`c-${i}`, experiment) === control) yield `c-${i}`;
}

describe("a customer counts", () => {
  const experiment = anExperiment();
  const one = customers(experiment, false).next().value as string;
  const folded = (record: DecisionRecord, of = experiment): number => {
    const fold = new ExperimentFold(of);
    fold.decision(record, marketing);
    fold.close();
    return fold.waiting();
  };

  it.each([
    ["chosen", 1],
    ["policy", 1],
    ["arbitration", 1],
    ["scoring", 1],
    ["control", 1],
    ["eligibility", 0],
    ["channel", 0],
  ] as const)("when marketing came to the lot, whatever became of it then: %s", (stage, n) => {
    expect(folded(aDecision(one, { explanations: [{ action: "card", stage, reason: "r" }] }))).toBe(n);
  });

  it("not for what is no marketing", () => {
    const fold = new ExperimentFold(experiment);
    fold.decision(aDecision(one, { explanations: chosen }), () => false);
    expect(fold.has(one)).toBe(false);
  });

  it("only in the journeys of the experiment", () => {
    const some = anExperiment({ journeys: ["loans"] });
    expect(folded(aDecision(one, { journey: "loans", explanations: chosen }), some)).toBe(1);
    expect(folded(aDecision(one, { journey: "cards", explanations: chosen }), some)).toBe(0);
  });

  it("in no journey's experiment when a global one holds the customer out", () => {
    const global = anExperiment({ id: "global" });
    const held = customers(global, true).next().value as string;
    const fold = new ExperimentFold(anExperiment({ journeys: ["offer"] }), [global]);
    fold.decision(aDecision(held, { explanations: chosen }), marketing);
    expect(fold.has(held)).toBe(false);
  });

  it("with successes of the time that the experiment says, and once that is over", () => {
    const fold = new ExperimentFold(experiment);
    fold.decision(aDecision(one, { explanations: chosen }), marketing);
    fold.success(one, { at: START - 1, value: 100 });
    fold.success(one, { at: START + DAY, value: 3 });
    fold.success(one, { at: START + 2 * DAY, value: 4 });
    fold.success(one, { at: START + 8 * DAY, value: 100 });
    fold.close();
    expect(experimentReport(fold, START + 7 * DAY).treated.customers).toBe(0);
    expect(experimentReport(fold, START + 8 * DAY).treated).toMatchObject({
      customers: 1,
      successes: 1,
      value: 7,
    });
  });
});

/** An experiment with so many customers in each group, of whom so many succeed, over 20 days. */
function played(given: { of: number; treated: number; control: number }, more: object = {}): ExperimentFold {
  const experiment = anExperiment(more);
  const fold = new ExperimentFold(experiment);
  for (const [arm, isControlArm] of [
    ["treated", false],
    ["control", true],
  ] as const) {
    const ids = customers(experiment, isControlArm);
    for (let i = 0; i < given.of; i++) {
      const id = ids.next().value as string;
      const at = START + (i % 20) * DAY;
      fold.decision(aDecision(id, { at, explanations: chosen }), marketing);
      if (i < given[arm]) fold.success(id, { at: at + DAY, value: 10 });
    }
  }
  fold.close();
  return fold;
}

describe("the report", () => {
  const now = START + 100 * DAY;

  it("gives the uplift of what was intended, with its interval", () => {
    const r = experimentReport(
      played(
        { of: 1_000, treated: 300, control: 200 },
        { success: { event: "a.a", within: "7d", value: "10.0" } },
      ),
      now,
    );
    expect(r.uplift!.value).toBeCloseTo(0.1, 10);
    expect(r.uplift!.low).toBeGreaterThan(0.06);
    expect(r.uplift!.high).toBeLessThan(0.14);
    expect(r.extraSuccesses!.value).toBeCloseTo(100, 6);
    expect(r.valueUplift!.value).toBeCloseTo(1, 10);
    expect(r.verdict).toBe("better");
    expect(r.looks).toHaveLength(20);
    expect(r.looks.at(-1)!.low).toBeGreaterThan(1);
    expect(r.groupsOff).toBe(false);
  });

  it("says nothing of value where none is declared, or where so few succeeded that its spread is not known", () => {
    const without = experimentReport(played({ of: 1_000, treated: 300, control: 200 }), now);
    expect(without).not.toHaveProperty("valueUplift");
    expect(without.treated).not.toHaveProperty("valuePerCustomer");
    const few = played(
      { of: 1_000, treated: 300, control: 0 },
      { success: { event: "a.a", within: "7d", value: "10.0" } },
    );
    expect(experimentReport(few, now)).not.toHaveProperty("valueUplift");
    expect(experimentReport(few, now).control.valuePerCustomer).toBe(0);
  });

  it("finds harm as well", () =>
    expect(experimentReport(played({ of: 1_000, treated: 150, control: 300 }), now).verdict).toBe("worse"));

  it("decides nothing where there is no difference", () =>
    expect(experimentReport(played({ of: 1_000, treated: 200, control: 200 }), now).verdict).toBe(
      "undecided",
    ));

  it("trusts nothing when one group has lost customers", () => {
    // The lot says half and half; these are the halves of another lot, of which one in ten is held out.
    const fold = new ExperimentFold(anExperiment({ control: { percent: 10 } }));
    for (let i = 0; i < 400; i++) {
      const id = `c-${i}`;
      if (isControl(id, fold.experiment) || i % 20 === 0)
        fold.decision(aDecision(id, { explanations: chosen }), marketing);
    }
    fold.close();
    const r = experimentReport(fold, now);
    expect(r.groupsOff).toBe(true);
    expect(experimentsText([r])).toContain("nothing here may be believed");
  });

  it("is text, and a page that needs nothing else", () => {
    const r = experimentReport(played({ of: 400, treated: 100, control: 80 }), now);
    expect(experimentsText([r])).toContain("control group");
    const html = experimentsHtml([r]);
    expect(html).toContain("<svg");
    expect(html).not.toMatch(/NaN|undefined|Infinity|<script/);
  });
});

it("with groups drawn by the hash itself, looking all the time fools one in at most 5 % of experiments", () => {
  const EXPERIMENTS = 300;
  let fooled = 0;
  for (let n = 0; n < EXPERIMENTS; n++) {
    const group = { id: "offers", control: { percent: 20, salt: `salt-${n}` } };
    const arms = { treated: 0, control: 0 };
    let alarm = false;
    // Every fifth customer succeeds, whatever is done: the same customers in every experiment.
    for (let i = 0; i < 1_500; i += 5) {
      if (isControl(`acc-${i}`, group)) arms.control++;
      else arms.treated++;
      alarm ||= logEvidence(arms, 0.8) >= -Math.log(ALPHA);
    }
    fooled += Number(alarm);
  }
  // One-sided 99.9 % above 5 %.
  expect(fooled / EXPERIMENTS).toBeLessThan(ALPHA + 3.09 * Math.sqrt((ALPHA * (1 - ALPHA)) / EXPERIMENTS));
});
