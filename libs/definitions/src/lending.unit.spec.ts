/** The journey that ships for people who work out a loan: what counts is what they did lately, not ever. */
import { Journeys } from "#domain";
import { CustomerScript, permitAll } from "#testing";
import { createExpressions } from "./expressions.js";
import { loadJourneys, loadSignals } from "./load.js";

const DAY = 86_400_000;
const dir = process.cwd();
const journeys = new Journeys(
  loadJourneys(dir).filter((j) => j.id === "loan-interest"),
  createExpressions(),
  { signals: loadSignals(dir) },
);
const customer = (): CustomerScript => Object.assign(new CustomerScript(journeys), { answering: permitAll });
const calculates = (c: CustomerScript): CustomerScript =>
  c.event("loan.calculator.used", { amountMinor: 900_000, currency: "EUR" });

/** Reads the page, works a loan out, leaves, and comes back to the calculator some minutes later. */
const comesBack = (c: CustomerScript): CustomerScript =>
  calculates(calculates(c.event("loan.page.viewed")).event("web.session.ended"));

describe("interest in a loan", () => {
  it("begins with the page and the calculator within an hour", () => {
    expect(calculates(customer().event("loan.page.viewed")).context.journeys).toHaveLength(1);
    expect(calculates(customer().event("loan.page.viewed").later(DAY)).context.journeys).toEqual([]);
    expect(calculates(customer()).context.journeys).toEqual([]);
  });

  it("brings an adviser in at the third calculation in a month, not at the third ever", () => {
    const step = (c: CustomerScript): string | undefined => c.said.at(-1);
    expect(step(comesBack(customer()))).toContain("loan-questions");
    expect(step(comesBack(calculates(customer().later(-DAY)).later(DAY)))).toContain("loan-advice");
    expect(step(comesBack(calculates(calculates(customer())).later(200 * DAY)))).toContain("loan-questions");
  });
});
