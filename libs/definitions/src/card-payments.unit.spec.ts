/** The shipped journey and action for declined card payments never contradict the schemes' rules. */
import type { ContextView, Moment } from "#contracts";
import { SCHEME_RULES, type CardScheme } from "#domain";
import { createExpressions } from "./expressions.js";
import { loadCatalogue, loadJourneys } from "./load.js";

const expressions = createExpressions();
const journey = loadJourneys(process.cwd()).find((j) => j.id === "card-payment-rescue")!;
const retry = loadCatalogue(process.cwd()).actions.get("card-payment-retry")!;
const context: ContextView = { now: 1, attributes: {}, signals: {}, contacts: [], windows: {} };

const declined = (scheme: CardScheme, responseCode: string, adviceCode?: string): Moment => ({
  id: "e1",
  source: "core",
  type: "card.payment.declined",
  time: 1,
  data: { paymentId: "p", cardId: "c", scheme, responseCode, ...(adviceCode ? { adviceCode } : {}) },
});

function mayBeTried(trigger: Moment): boolean {
  return expressions.condition(retry.eligibility!, { event: trigger, context });
}

/** Where the journey goes with it. */
function leadsTo(trigger: Moment): string {
  const cause = journey.steps.find((s) => s.id === "cause");
  if (cause?.type !== "branch") throw new Error("the step cause branches");
  const variables = { event: trigger, trigger, context };
  return cause.cases.find((c) => expressions.condition(c.when, variables))?.goto ?? cause.otherwise;
}

const schemes = Object.entries(SCHEME_RULES) as [CardScheme, (typeof SCHEME_RULES)[CardScheme]][];

describe("declined card payments", () => {
  it.each(
    schemes.flatMap(([scheme, { neverCodes }]) => [...neverCodes].map((code) => [scheme, code] as const)),
  )("%s, response %s: never tried again, whoever asks, and the journey does not ask", (scheme, code) => {
    expect(mayBeTried(declined(scheme, code))).toBe(false);
    expect(["ask-agent", "ask-card-update"]).toContain(leadsTo(declined(scheme, code)));
  });

  it.each(
    schemes.flatMap(([scheme, { neverAdvice }]) => [...neverAdvice].map((code) => [scheme, code] as const)),
  )("%s, advice %s: never tried again", (scheme, advice) => {
    expect(mayBeTried(declined(scheme, "05", advice))).toBe(false);
    expect(leadsTo(declined(scheme, "05", advice))).toBe("ask-agent");
  });

  it.each([...SCHEME_RULES.mastercard.pauseMs])(
    "advice %s, a pause of %d ms: not tried at once",
    (advice) => {
      expect(["pause-an-hour", "offer-reschedule"]).toContain(leadsTo(declined("mastercard", "05", advice)));
    },
  );

  it.each([
    ["05", "retry"],
    ["91", "retry"],
    ["96", "retry"],
    ["51", "offer-reschedule"],
    ["54", "ask-card-update"],
    ["43", "ask-agent"],
    ["ZZ", "ask-agent"],
  ])("response %s: %s", (code, step) => expect(leadsTo(declined("visa", code))).toBe(step));
});
