import fc from "fast-check";
import { MAX_GROUPS } from "#contracts";
import { aDecision, Chain, DAY, SECOND, START } from "./given-audit.js";
import { figuresOf, type KpiFigures } from "./kpi-cell.js";
import { KpiFold, OTHER, UNKNOWN, type KpiDimension, type KpiOptions } from "./kpi-fold.js";

function folded(chains: readonly Chain[], options: Partial<KpiOptions> = {}): KpiFold {
  const fold = new KpiFold({ segment: "segment", ...options });
  for (const chain of chains) for (const record of chain.records) fold.record(record);
  return fold;
}

const of = (fold: KpiFold, dimension: KpiDimension = "all", value = "all"): KpiFigures =>
  figuresOf(fold.cells(dimension).get(value)!);

describe("key figures", () => {
  it("of reaction: from the event to the command, and from there to its delivery", () => {
    const chain = new Chain().orders({ after: 2 * SECOND });
    chain.later(2 * SECOND + 30 * SECOND).outcome("delivered");
    const { reaction, delivery } = of(folded([chain]));
    expect(reaction!.p50).toBeGreaterThan(1_700);
    expect(reaction!.p50).toBeLessThan(2_300);
    expect(delivery!.p95).toBeGreaterThan(26_000);
    expect(delivery!.p95).toBeLessThan(34_000);
  });

  it("of delivery and conversion, by what became of contacts", () => {
    const a = new Chain("a").orders().outcome("delivered").outcome("converted").outcome("opened");
    const b = new Chain("b").orders().outcome("delivered");
    const c = new Chain("c").orders().outcome("failed");
    const f = of(folded([a, b, c]));
    expect([f.deliveryRate!.hits, f.deliveryRate!.of]).toEqual([2, 3]);
    expect([f.conversionRate!.hits, f.conversionRate!.of]).toEqual([1, 2]);
  });

  it("put a fallback's failure down to the channel that failed, and delivery to the one that carried it", () => {
    const chain = new Chain().orders({ channel: "push" });
    chain.outcome("delivered", { channel: "sms", tried: [{ channel: "push", reason: "no_receipt" }] });
    const fold = folded([chain]);
    expect(of(fold, "channel", "push").deliveryRate).toMatchObject({ hits: 0, of: 1 });
    expect(of(fold, "channel", "sms").deliveryRate).toMatchObject({ hits: 1, of: 1 });
    expect(of(fold).deliveryRate).toMatchObject({ hits: 1, of: 1 });
  });

  it("of contacts per customer, whom nothing was said to left out, and no case or execution counted", () => {
    const often = new Chain("a").orders().orders().orders();
    const once = new Chain("b").orders();
    const never = new Chain("c").decides("none").orders({ channel: "agent", counts: false });
    const f = of(folded([often, once, never]));
    expect(f).toMatchObject({ contacts: 4, customersContacted: 2, contactsPerCustomer: 2 });
    expect(f.customersByContacts.slice(0, 3)).toEqual([1, 0, 1]);
  });

  it("of fatigue: response by the n-th contact, once each", () => {
    const chain = new Chain().orders().outcome("clicked").outcome("converted").orders().orders();
    chain.outcome("opened").outcome("clicked", { nth: 2 });
    for (let i = 0; i < 20; i++) chain.orders();
    const { fatigue } = of(folded([chain]));
    expect(fatigue.map((r) => [r?.hits, r?.of])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      ...Array.from({ length: 6 }, () => [0, 1]),
      [0, 14],
    ]);
  });

  it("of opt-outs, put down to the last contact within a week, once", () => {
    const soon = new Chain("a")
      .orders({ journey: "loans" })
      .later(6 * DAY)
      .optsOut()
      .optsOut();
    const late = new Chain("b")
      .orders({ journey: "loans" })
      .later(8 * DAY)
      .optsOut();
    const fold = folded([soon, late]);
    expect(of(fold, "journey", "loans").optOuts).toBe(1);
    expect(of(fold).optOutRate).toMatchObject({ hits: 1, of: 2 });
  });

  it("of decisions, those for a control group apart", () => {
    const chain = new Chain()
      .orders()
      .decides("none")
      .decides("defer", "quiet_hours")
      .decides("none", "control_group");
    const f = of(folded([chain.decides("unavailable")]));
    expect(f).toMatchObject({ decisions: 5, heldOut: 1 });
    expect(f.actRate).toMatchObject({ hits: 1, of: 4 });
  });

  it("of goals, recovery and approval", () => {
    const saved = new Chain("a").enters("rescue", "payment.failed").later(DAY).goal("rescue", "payment.sent");
    const lost = new Chain("b").enters("rescue", "payment.failed");
    const bought = new Chain("c").enters("cross-sell").goal("cross-sell");
    const approved = new Chain("d").enters("loan").record("loan.application.approved", []);
    const refused = new Chain("e").enters("loan").record("loan.application.declined", []);
    const fold = folded([saved, lost, bought, approved, refused]);
    expect(of(fold, "journey", "rescue").recoveryRate).toMatchObject({ hits: 1, of: 2 });
    expect(of(fold, "journey", "cross-sell").goalRate).toMatchObject({ hits: 1, of: 1 });
    expect(of(fold, "journey", "cross-sell").recoveryRate).toBeUndefined();
    expect(of(fold, "journey", "loan").approvalRate).toMatchObject({ hits: 1, of: 2 });
    expect(of(fold).approvalRate).toMatchObject({ hits: 1, of: 2 });
  });

  it("of first-contact resolution: no other case within a week of one that was taken", () => {
    const agent = { channel: "agent", counts: false } as const;
    const settled = new Chain("a").orders(agent).outcome("delivered", agent);
    const again = new Chain("b")
      .orders(agent)
      .outcome("delivered", agent)
      .later(3 * DAY)
      .orders(agent);
    const later = new Chain("c")
      .orders(agent)
      .outcome("delivered", agent)
      .later(9 * DAY)
      .orders(agent);
    const untaken = new Chain("d").orders(agent).outcome("expired", agent).orders(agent);
    const fold = folded([settled, again, later, untaken]);
    expect(of(fold).firstContactResolution).toMatchObject({ hits: 2, of: 3 });
    expect(of(fold, "channel", "agent").firstContactResolution).toMatchObject({ hits: 2, of: 3 });
  });

  it("of a segment, as the decision records tell it", () => {
    const fold = new KpiFold({ segment: "tier" });
    fold.decision(aDecision("a", { attributes: { tier: "gold" } }));
    for (const r of [...new Chain("a").orders().records, ...new Chain("b").orders().records]) fold.record(r);
    expect([...fold.cells("segment").keys()].sort()).toEqual(["gold", UNKNOWN]);
    expect(of(fold, "segment", "gold").contacts).toBe(1);
  });

  it("count what happened in the period alone, with what is known from before", () => {
    const chain = new Chain().orders().later(DAY).outcome("clicked").orders().later(DAY).outcome("clicked");
    const f = of(folded([chain], { since: START + DAY / 2, until: START + DAY * 1.5 }));
    expect(f.contacts).toBe(1);
    expect(f.fatigue.slice(0, 2).map((r) => [r?.hits, r?.of])).toEqual([
      [undefined, undefined],
      [0, 1],
    ]);
  });
});

describe("the fold", () => {
  it("counts a record that was relayed again once", () => {
    const chain = new Chain().orders().outcome("delivered").orders();
    const fold = folded([chain]);
    for (const record of chain.records) fold.record(record);
    expect(of(fold).contacts).toBe(2);
  });

  it("gives the same whatever the order of different customers", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(5)), { maxLength: 60 }), (moves) => {
        const chains = Array.from({ length: 5 }, (_, i) => new Chain(`c${i}`));
        const inOrder = new KpiFold({ segment: "segment" });
        for (const [c, what] of moves) {
          const chain = chains[c]!;
          const acts = [
            () => chain.orders(),
            () => chain.outcome("delivered"),
            () => chain.outcome("clicked"),
            () => chain.optsOut(),
            () => chain.decides("none"),
            () => chain.later(3 * DAY).orders({ channel: "agent", counts: false }),
          ];
          inOrder.record(acts[what]!().records.at(-1)!);
        }
        const byCustomer = folded(chains);
        for (const dimension of ["all", "journey", "channel"] as const)
          for (const name of byCustomer.cells(dimension).keys())
            expect(of(inOrder, dimension, name)).toEqual(of(byCustomer, dimension, name));
      }),
    ));

  it("tells so many segments apart, and no more", () => {
    const fold = new KpiFold({ segment: "segment" });
    for (let i = 0; i < 100; i++) {
      fold.decision(aDecision(`c${i}`, { attributes: { segment: `s${i}` } }));
      for (const r of new Chain(`c${i}`).orders().records) fold.record(r);
    }
    expect(fold.cells("segment").size).toBe(MAX_GROUPS + 1);
    expect(of(fold, "segment", OTHER).contacts).toBe(100 - MAX_GROUPS);
  });

  it("remembers at most so many customers, those that were seen last", () => {
    const fold = new KpiFold({ segment: "segment", maxCustomers: 2 });
    const [a, b, c] = ["a", "b", "c"].map((id) => new Chain(id).orders().outcome("clicked"));
    for (const record of [a!.records[0]!, b!.records[0]!, c!.records[0]!, c!.records[1]!, a!.records[1]!])
      fold.record(record);
    expect(of(fold).fatigue[0]).toMatchObject({ hits: 1, of: 3 });
  });
});
