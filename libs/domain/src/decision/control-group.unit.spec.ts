import fc from "fast-check";
import { anAction, aCatalogue, aRequest, simpleExpressions } from "./given-decision.js";
import {
  conclude,
  evaluateRequest,
  isControl,
  lotOf,
  rank,
  type Catalogue,
  type ControlGroup,
} from "./index.js";

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const salt = fc.stringMatching(/^[a-z0-9-]{1,24}$/);

const control = (percent: number, more: Partial<ControlGroup> = {}): ControlGroup => ({
  id: "global-control",
  version: 1,
  control: { percent },
  ...more,
});

/** A customer who is, or is not, in this control group. */
function customer(group: ControlGroup, held: boolean): string {
  for (let i = 0; ; i++) if (isControl(`c-${i}`, group) === held) return `c-${i}`;
}

const decide = (customerId: string, catalogue: Catalogue, journey = "test") => {
  const request = aRequest({
    customerId,
    candidates: [...catalogue.actions.keys()],
    journey: { id: journey, version: 1, instance: "test-1", step: "offer" },
  });
  const ranking = rank(request, catalogue, simpleExpressions);
  return { request, ranking, record: conclude(request, ranking, catalogue, undefined) };
};

describe("the place of a customer in a draw", () => {
  it("is in 0..1, and the same each time", () =>
    fc.assert(
      fc.property(id, salt, (customerId, s) => {
        const place = lotOf(customerId, s);
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThan(1);
        expect(lotOf(customerId, s)).toBe(place);
      }),
    ));

  // Chi-square with 99 degrees of freedom: above 170 it happens by chance once in 80,000 draws.
  it.each(["global-control", "2026", "a", "b"])("is even over customers under salt %s", (s) => {
    const cells = Array.from({ length: 100 }, () => 0);
    for (let i = 0; i < 20_000; i++) cells[Math.floor(lotOf(`acc-${i}`, s) * 100)]! += 1;
    expect(cells.reduce((sum, n) => sum + (n - 200) ** 2 / 200, 0)).toBeLessThan(170);
  });

  it.each([
    ["a", "b"],
    ["experiment-1", "experiment-2"],
    ["2025", "2026"],
  ])("is independent between salts %s and %s", (a, b) => {
    const cells = Array.from({ length: 100 }, () => 0);
    for (let i = 0; i < 20_000; i++) {
      const at = Math.floor(lotOf(`cust-${i}`, a) * 10) * 10 + Math.floor(lotOf(`cust-${i}`, b) * 10);
      cells[at]! += 1;
    }
    expect(cells.reduce((sum, n) => sum + (n - 200) ** 2 / 200, 0)).toBeLessThan(170);
  });

  it("holds out the declared share", () => {
    const group = control(5);
    let held = 0;
    for (let i = 0; i < 20_000; i++) held += Number(isControl(`cust-${i}`, group));
    // Five standard deviations of the binomial.
    expect(Math.abs(held - 1_000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.05 * 0.95));
  });

  it("keeps those who are held out when the share grows", () =>
    fc.assert(
      fc.property(id, fc.integer({ min: 1, max: 49 }), (customerId, percent) => {
        if (isControl(customerId, control(percent)))
          expect(isControl(customerId, control(percent + 1))).toBe(true);
      }),
    ));
});

describe("a control group", () => {
  const group = control(10);
  const actions = [
    anAction("offer", { purpose: "marketing" }),
    anAction("notice", { purpose: "service" }),
    anAction("reminder", { purpose: "collections" }),
  ];
  const catalogue: Catalogue = { ...aCatalogue(...actions), experiments: [group] };

  it("keeps marketing from its customers at the stage control, and nothing else", () => {
    const { ranking } = decide(customer(group, true), catalogue);
    expect(ranking.left).toEqual([
      { action: "offer", stage: "control", reason: "control_group: global-control" },
    ]);
    expect(ranking.ranked.map((r) => r.action.id).sort()).toEqual(["notice", "reminder"]);
  });

  it("keeps nothing from others", () => {
    const { ranking } = decide(customer(group, false), catalogue);
    expect(ranking.left).toEqual([]);
    expect(ranking.ranked).toHaveLength(3);
  });

  it("leaves a candidate that would have left before where it left", () => {
    const unfit = { ...aCatalogue(anAction("offer", { eligibility: "no" })), experiments: [group] };
    expect(decide(customer(group, true), unfit).ranking.left[0]!.stage).toBe("eligibility");
  });

  it("of some journeys keeps only their marketing", () => {
    const some: Catalogue = { ...catalogue, experiments: [control(10, { journeys: ["cross-sell"] })] };
    const held = customer(group, true);
    expect(decide(held, some, "cross-sell").ranking.left).toHaveLength(1);
    expect(decide(held, some, "onboarding").ranking.left).toEqual([]);
  });

  it("says so as the reason when nothing else is left, and asks policy nothing", () => {
    const only: Catalogue = { ...aCatalogue(actions[0]!), experiments: [group] };
    const { request, ranking, record } = decide(customer(group, true), only);
    expect(evaluateRequest(request, ranking)).toBeUndefined();
    expect(record.reply).toEqual({ kind: "none", decisionId: "c1.7.0", reason: "control_group" });
  });

  it("is on record with its version, so that the decision replays (I9)", () => {
    const { record } = decide("c-1", { ...catalogue, experiments: [{ ...group, digest: "d".repeat(24) }] });
    expect(record.versions).toEqual({
      "catalogue/test": "3",
      "experiment/global-control": `1:${"d".repeat(24)}`,
    });
  });

  it("leaves the bytes of decisions as they are where there is no experiment (I9)", () => {
    const { experiments: _none, ...plain } = catalogue;
    expect(JSON.stringify(decide("c-1", { ...plain, experiments: [] }).record)).toBe(
      JSON.stringify(decide("c-1", plain).record),
    );
  });
});
