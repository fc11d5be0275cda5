import { fairnessV1, type FairnessDefinition } from "#contracts";
import { FairnessFold, groupName, type FairnessReport } from "./fairness.js";
import { fairnessVerdict } from "./kpi-report.js";
import { Chain, DAY, START } from "./given-audit.js";

const monitor = (more: object = {}): FairnessDefinition =>
  fairnessV1.parse({ kind: "Fairness", id: "sex", version: 1, description: "d", attribute: "sex", ...more });

interface Group {
  readonly sex: string | undefined;
  readonly customers: number;
  /** Of these so many get an offer; the rest are denied. */
  readonly offered: number;
}

function report(groups: readonly Group[], given = monitor()): FairnessReport {
  const fold = new FairnessFold([given]);
  for (const { sex, customers, offered } of groups)
    for (let i = 0; i < customers; i++) {
      const chain = new Chain(`${sex}-${i}`);
      if (i < offered) chain.orders();
      else chain.decides("none", "not_eligible");
      for (const record of chain.records) fold.record(record, () => (sex === undefined ? {} : { sex }));
    }
  return fold.reports()[0]!;
}

const said = (r: FairnessReport): string[] => r.alerts.map((a) => `${a.rate} ${a.group}`);

describe("an alert is raised", () => {
  it("when a group's rate is below four fifths of the best one's, beyond chance", () => {
    const found = report([
      { sex: "m", customers: 400, offered: 200 },
      { sex: "f", customers: 400, offered: 140 },
    ]);
    // 35 % against 50 %: 0.7. Not denied are the same customers here.
    expect(said(found)).toEqual(["offer f", "denial f", "contact f"]);
    expect(found.alerts[0]!.ratio).toBeCloseTo(0.7, 10);
  });

  it("not when it is above, however sure it is", () =>
    expect(
      said(
        report([
          { sex: "m", customers: 40_000, offered: 20_000 },
          { sex: "f", customers: 40_000, offered: 17_000 },
        ]),
      ),
    ).toEqual([]));

  it("not when so few customers may differ by chance", () =>
    expect(
      said(
        report([
          { sex: "m", customers: 40, offered: 20 },
          { sex: "f", customers: 40, offered: 15 },
        ]),
      ),
    ).toEqual([]));

  it("of nothing when there are no two groups to compare, and the report says so", () => {
    const found = report([{ sex: undefined, customers: 400, offered: 10 }]);
    expect(found).toMatchObject({ judged: 0, alerts: [] });
    expect(fairnessVerdict(found)).toContain("Nothing can be compared");
  });

  it("not for groups smaller than the minimum, nor for customers of no known group", () => {
    const found = report([
      { sex: "m", customers: 400, offered: 300 },
      { sex: "x", customers: 29, offered: 0 },
      { sex: undefined, customers: 400, offered: 10 },
    ]);
    expect(said(found)).toEqual([]);
    expect(found.rates[0]!.groups.map((g) => g.group)).toEqual(["m", "unknown", "x"]);
  });

  it("by the bound that the monitor declares", () => {
    const groups = [
      { sex: "m", customers: 4_000, offered: 2_000 },
      { sex: "f", customers: 4_000, offered: 1_700 },
    ];
    expect(said(report(groups, monitor({ rates: ["offer"], bound: { ratio: 0.9 } })))).toEqual(["offer f"]);
  });
});

describe("counted is", () => {
  const rates = (chain: Pick<Chain, "records">, given = monitor(), period = {}) => {
    const fold = new FairnessFold([given], period);
    for (const record of chain.records) fold.record(record, () => ({ sex: "f" }));
    return Object.fromEntries(
      fold.reports()[0]!.rates.map(({ rate, groups }) => [rate, [groups[0]?.rate.hits, groups[0]?.rate.of]]),
    );
  };

  it("each customer once per rate", () =>
    expect(rates(new Chain().orders().orders().decides("none").decides("none"))).toEqual({
      offer: [1, 1],
      denial: [1, 1],
      contact: [1, 1],
    }));

  it("nobody whom a control group holds out: that is by lot", () =>
    expect(rates(new Chain().decides("none", "control_group")).offer).toEqual([undefined, undefined]));

  it("only what the monitor's journeys decide, in the period", () => {
    const chain = new Chain()
      .orders({ journey: "other" })
      .later(DAY)
      .decides("none", "not_eligible", "loans");
    expect(rates(chain, monitor({ journeys: ["loans"] }))).toEqual({
      offer: [0, 1],
      denial: [1, 1],
      contact: [0, 1],
    });
    expect(rates(chain, monitor(), { until: START + 1 }).denial).toEqual([0, 1]);
  });

  it("no contact whose decision was before the period: rates are of those who were decided on in it", () => {
    const [deferred, ordered] = new Chain().decides("defer").orders().records;
    const command = ordered!.entries[1]!;
    const released = { ...ordered!, at: START + DAY, entries: [command] };
    const other = new Chain("c2").later(DAY).decides("none");
    const records = [deferred!, released, ...other.records];
    expect(rates({ records }, monitor(), { since: START + 1 }).contact).toEqual([0, 1]);
    expect(rates({ records }).contact).toEqual([1, 2]);
  });
});

it.each([
  [17, "under 25"],
  [25, "25 to under 40"],
  [64.5, "40 to under 65"],
  [65, "65 and over"],
  ["old", "unknown"],
  [undefined, "unknown"],
])("an age of %p is in the group %s", (age, name) => expect(groupName(age, [25, 40, 65])).toBe(name));
