/** The journeys and actions that ship, by what they say about sample events. */
import type { ActionDefinition, ContextView, JourneyDefinition, Moment } from "#contracts";
import { Journeys } from "#domain";
import { CustomerScript, permitAll } from "#testing";
import { createExpressions } from "./expressions.js";
import { loadCatalogue, loadJourneys } from "./load.js";

const expressions = createExpressions();
const journeys = loadJourneys(process.cwd());
const catalogue = loadCatalogue(process.cwd());

const DAY_MS = 86_400_000;
const event = (type: string, data: Record<string, unknown>): Moment => ({
  id: "e1",
  source: "core",
  type,
  time: 100 * DAY_MS,
  data,
});
const context = (given: Partial<ContextView> = {}): ContextView => ({
  now: 100 * DAY_MS,
  attributes: {},
  signals: {},
  contacts: [],
  ...given,
});

function journey(id: string): JourneyDefinition {
  const found = journeys.find((j) => j.id === id);
  if (!found) throw new Error(`no journey ${id}`);
  return found;
}

function triggers(id: string, e: Moment): boolean {
  const { trigger } = journey(id);
  if (![trigger.event].flat().includes(e.type)) return false;
  return trigger.when === undefined || expressions.condition(trigger.when, { event: e, context: context() });
}

describe("triggers", () => {
  const money = { amountMinor: 40_000, balanceMinor: 60_000, currency: "CZK" };
  const leaving = {
    transferId: "t1",
    destinationBank: "external",
    amountMinor: 40_000,
    balanceBeforeMinor: 100_000,
    currency: "CZK",
  };
  it.each([
    ["balance-leaving", event("transfer.sent", { ...money, balanceBeforeMinor: 100_000 }), true],
    ["balance-leaving", event("card.withdrawn", { ...money, balanceBeforeMinor: 100_000 }), true],
    [
      "balance-leaving",
      event("account.debited", { ...money, kind: "cash", balanceBeforeMinor: 99_999 }),
      true,
    ],
    [
      "balance-leaving",
      event("account.debited", { ...money, kind: "fee", balanceBeforeMinor: 40_000 }),
      false,
    ],
    [
      "balance-leaving",
      event("account.debited", { ...money, kind: "penalty", balanceBeforeMinor: 40_000 }),
      false,
    ],
    ["balance-leaving", event("account.debited", { ...money, balanceBeforeMinor: 40_000 }), false],
    ["balance-leaving", event("transfer.sent", { ...money, balanceBeforeMinor: 100_001 }), false],
    ["balance-leaving", event("transfer.sent", { ...money, balanceBeforeMinor: 0 }), false],
    ["balance-leaving", event("transfer.sent", { ...money, balanceBeforeMinor: -5_000 }), false],
    ["balance-leaving", event("transfer.sent", money), false],
    ["balance-leaving", event("account.credited", { ...money, balanceBeforeMinor: 20_000 }), false],
    ["overdraft-rescue", event("account.overdrawn", {}), true],
    ["insurance-cross-sell", event("payment.sent", { ...money, purpose: "insurance" }), true],
    ["insurance-cross-sell", event("payment.sent", { ...money, purpose: "household" }), false],
    ["insurance-cross-sell", event("payment.sent", money), false],
    ["payment-failure-rescue", event("payment.failed", { paymentId: "p1", reasonCode: "AM04" }), true],
    ["payment-failure-rescue", event("payment.failed", { reasonCode: "AM04" }), false],
    ["transfer-interception", event("transfer.initiated", leaving), true],
    ["transfer-interception", event("transfer.initiated", { ...leaving, destinationBank: "own" }), false],
    [
      "transfer-interception",
      event("transfer.initiated", { ...leaving, balanceBeforeMinor: 100_001 }),
      false,
    ],
    [
      "transfer-interception",
      event("transfer.initiated", { ...leaving, balanceBeforeMinor: undefined }),
      false,
    ],
    ["transfer-interception", event("transfer.initiated", { ...leaving, transferId: undefined }), false],
  ])("%s on %j: %p", (id, e, expected) => expect(triggers(id, e)).toBe(expected));

  it("keeps failed payments apart by their id", () => {
    const { entry } = journey("payment-failure-rescue");
    if (entry.rule !== "per-key") throw new Error("not per key");
    expect(
      expressions.value(entry.key, {
        event: event("payment.failed", { paymentId: "p1" }),
        context: context(),
      }),
    ).toBe("p1");
  });
});

describe("payment failures by reason code", () => {
  it.each([
    ["AM04", "offer-reschedule"],
    ["AC04", "explain"],
    ["AC06", "explain"],
    ["AB05", "retry"],
    ["AB01", "retry"],
    ["TECH", "retry"],
    ["TECH_TIMEOUT", "retry"],
    ["MS03", "explain"],
    ["XAB05", "explain"],
  ])("%s goes to %s", (reasonCode, expected) => {
    const cause = journey("payment-failure-rescue").steps[0];
    if (cause?.type !== "branch") throw new Error("the first step branches");
    const trigger = event("payment.failed", { paymentId: "p1", reasonCode });
    const variables = { event: trigger, trigger, context: context() };
    expect(cause.cases.find((c) => expressions.condition(c.when, variables))?.goto ?? cause.otherwise).toBe(
      expected,
    );
  });

  it.each(["AM04", "AC04", "AC01", "MS03", ""])("never retries %p, whichever journey asks", (reasonCode) => {
    expect(eligible("payment-retry", event("payment.failed", { reasonCode }), context())).toBe(false);
  });

  it.each([
    ["AC04", ["payment-explain/push", "payment-advice/push"], []],
    ["AM04", ["payment-reschedule/push"], ["payment-made/push"]],
    ["TECH", ["payment-retry/push"], ["payment-made/push"]],
  ])(
    "%s: says so when it is paid meanwhile, once, and nothing else about it",
    (reasonCode, before, after) => {
      const c = Object.assign(new CustomerScript(new Journeys(journeys, expressions)), {
        answering: permitAll,
      });
      c.event("payment.failed", { paymentId: "p1", reasonCode });
      expect(c.said).toEqual(before);
      c.event("payment.sent", { paymentId: "p2" }).event("payment.sent", {});
      expect(c.said).toEqual(before);
      c.event("payment.sent", { paymentId: "p1" }).event("payment.sent", { paymentId: "p1" });
      expect(c.said).toEqual([...before, ...after]);
    },
  );

  it("never reaches the retry step from a closed account", () => {
    const { steps } = journey("payment-failure-rescue");
    const leadsToRetry = steps
      .filter((s) => JSON.stringify(s).includes('"retry"') && s.id !== "retry")
      .map((s) => s.id);
    expect(leadsToRetry).toEqual(["cause"]);
  });
});

function action(id: string): ActionDefinition {
  const found = catalogue.actions.get(id);
  if (!found) throw new Error(`no action ${id}`);
  return found;
}

function eligible(id: string, e: Moment, c: ContextView): boolean {
  const a = action(id);
  return [a.eligibility, a.applicability, a.suitability].every(
    (source) => source === undefined || expressions.condition(source, { event: e, context: c }),
  );
}

describe("offers", () => {
  const leaving = event("transfer.sent", { amountMinor: 6_000_000, currency: "CZK" });
  it.each([
    ["savings-account", leaving, context(), true],
    ["savings-account", leaving, context({ attributes: { balanceMinor: -1 } }), false],
    [
      "savings-account",
      leaving,
      context({ signals: { "account.overdrawn": { n: 1, last: 95 * DAY_MS } } }),
      false,
    ],
    [
      "savings-account",
      leaving,
      context({ signals: { "account.overdrawn": { n: 1, last: 80 * DAY_MS } } }),
      true,
    ],
    ["term-deposit", leaving, context(), true],
    ["term-deposit", event("transfer.sent", { amountMinor: 4_999_999 }), context(), false],
    ["payment-protection", leaving, context({ signals: { "payment.sent": { n: 3, last: 1 } } }), true],
    ["payment-protection", leaving, context({ signals: { "payment.sent": { n: 2, last: 1 } } }), false],
  ])("%s", (id, e, c, expected) => expect(eligible(id, e, c)).toBe(expected));

  // Both have a model and compete: with a draw between them, the onboarding scenario would end as luck has it.
  it.each([
    ["never", {}, "card-benefits-tip"],
    ["13 days ago", { "app.opened": { n: 1, last: 87 * DAY_MS } }, "card-wallet-tip"],
    ["15 days ago", { "app.opened": { n: 1, last: 85 * DAY_MS } }, "card-benefits-tip"],
  ])("gives one tip to a customer who opened the app %s", (_, signals, tip) => {
    const unused = event("card.issued", { cardId: "k1" });
    const tips = ["card-wallet-tip", "card-benefits-tip"].filter((id) =>
      eligible(id, unused, context({ signals })),
    );
    expect(tips).toEqual([tip]);
  });

  it.each([
    [-1, false],
    [0, true],
  ])(
    "thanks for an account that is above zero when it is said, with a balance of %d: %p",
    (balanceMinor, may) => {
      const overdrawn = event("account.overdrawn", { balanceMinor: -500 });
      expect(eligible("overdraft-thanks", overdrawn, context({ attributes: { balanceMinor } }))).toBe(may);
    },
  );

  it("advertises only under the marketing purpose, on more than one channel where a reminder follows", () => {
    for (const id of ["savings-account", "term-deposit", "household-insurance", "payment-protection"])
      expect(action(id).purpose).toBe("marketing");
    expect(action("savings-account").treatments.length).toBeGreaterThan(1);
    for (const a of catalogue.actions.values())
      if (a.purpose === "service")
        expect(JSON.stringify(a.treatments)).not.toMatch(/offer without obligation/i);
  });
});
