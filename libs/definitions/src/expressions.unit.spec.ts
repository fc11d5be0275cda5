import { ExpressionFailed } from "#domain";
import { checkExpression, compileCondition, createExpressions, ExpressionInvalid } from "./expressions.js";

const variables = {
  event: {
    id: "e1",
    source: "core",
    type: "transfer.sent",
    time: 1_000,
    data: {
      amountMinor: 4_000,
      balanceBeforeMinor: 10_000,
      rate: 1.5,
      payee: "Shop",
      nothing: null,
      list: [1, 2],
      flag: true,
    },
  },
  context: {
    now: 5_000,
    attributes: { balanceMinor: -7, segment: "retail" },
    signals: { "account.overdrawn": { n: 2, last: 4_000 } },
    contacts: [
      { action: "savings-account", channel: "push", purpose: "marketing", at: 3_000, outcome: "delivered" },
    ],
  },
  trigger: {
    id: "e0",
    source: "core",
    type: "payment.failed",
    time: 500,
    data: { paymentId: "p-1", reasonCode: "AM04", n: 7 },
  },
};

const expressions = createExpressions();

describe("conditions", () => {
  it.each([
    ["event.data.amountMinor * 10 >= 4 * event.data.balanceBeforeMinor", true],
    ["event.data.amountMinor * 10 >= 5 * event.data.balanceBeforeMinor", false],
    ["event.data.amountMinor - 1 == 3999 && 1 + event.data.amountMinor == 4001", true],
    ["event.data.amountMinor / 3 > 1333.3 && event.data.amountMinor % 3 == 1", true],
    ["event.data.amountMinor / 0 > 1", true],
    ["event.data.rate * 2 == 3", true],
    ["event.data.rate > 1 && event.data.rate < 2", true],
    ["7 / 2 == 3", true],
    ["event.data.amountMinor in [4000, 5000]", true],
    ['event.type == "transfer.sent" && event.source == "core"', true],
    ["event.data.nothing == null", true],
    ["event.data.flag", true],
    ['event.data.payee == "Shop"', true],
    ["context.attributes.balanceMinor < 0", true],
    ["context.now - event.time < 2 * 24 * 3600 * 1000", true],
    ['"account.overdrawn" in context.signals && context.signals["account.overdrawn"].n >= 2', true],
    ['"other" in context.signals', false],
    ['context.contacts.exists(c, c.action == "savings-account" && context.now - c.at < 3000)', true],
    ["has(event.data.missing)", false],
    ["has(event.data.missing) && event.data.missing > 3", false],
    ["has(event.data.toString)", false],
    ["event.data.missing > 3 || event.data.amountMinor > 3", true],
    ['trigger.data.reasonCode in ["AM04"]', true],
    ['trigger.data.reasonCode.matches("^AB[0-9]+$")', false],
  ])("%s is %p", (source, expected) => expect(expressions.condition(source, variables)).toBe(expected));

  it.each([
    ["event.data.missing > 3", "No such key: missing"],
    ["event.data.payee > 3", "no such overload"],
    ["event.data.nothing > 3", "no such overload"],
    ["event.data.amountMinor", "not true or false"],
    ['context.signals["never"].n > 1', "No such key: never"],
  ])("%s fails at run time: %s", (source, detail) => {
    let error: unknown;
    try {
      expressions.condition(source, variables);
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(ExpressionFailed);
    expect((error as Error).message).toContain(detail);
    expect((error as Error).message).toContain(source);
  });

  it("fails when there is no trigger yet", () => {
    const { event, context } = variables;
    expect(() => expressions.condition('trigger.type == "x"', { event, context })).toThrow(ExpressionFailed);
  });

  it("does not mind further fields of an event", () => {
    const more = { ...variables, event: { ...variables.event, seq: 4, customerId: "c1" } };
    expect(expressions.condition("event.data.amountMinor == 4000", more)).toBe(true);
  });

  it("reads each set of variables anew", () => {
    const condition = compileCondition("event.data.amountMinor > 100");
    const of = (amountMinor: number): boolean =>
      condition({ ...variables, event: { ...variables.event, data: { amountMinor } } });
    expect([of(99), of(101), of(100)]).toEqual([false, true, false]);
  });

  it("refuses what would never have been loaded", () => {
    expect(() => compileCondition("event.data.")).toThrow(ExpressionInvalid);
  });
});

describe("keys", () => {
  it.each([
    ["trigger.data.paymentId", "p-1"],
    ["trigger.data.n", "7"],
    ["trigger.data.n + 1", "8"],
    ['event.source + "/" + trigger.data.paymentId', "core/p-1"],
    ["1 + 1", "2"],
    ["event.data.flag", "true"],
  ])("%s is %p", (source, expected) => expect(expressions.value(source, variables)).toBe(expected));

  it.each(["event.data.list", "event.data.nothing", "event.data.missing"])("%s is no key", (source) => {
    expect(() => expressions.value(source, variables)).toThrow(ExpressionFailed);
  });
});

describe("checks at load", () => {
  it.each([
    ["evnt.data.x", "condition", "instance", "Unknown variable: evnt", 0],
    ["true && evnt.x", "condition", "instance", "Unknown variable: evnt", 8],
    ["event.dat.x", "condition", "instance", "No such key: dat", 6],
    ["context.balance > 3", "condition", "event", "No such key: balance", 8],
    ["trigger.data.x", "condition", "event", "before the journey is entered", 0],
    ["event.data.x +", "condition", "event", "Unexpected token", 14],
    ["now() > 3", "condition", "event", "'now", 0],
    ["event.type == 3", "condition", "event", "no such overload", 0],
    ["true || has(event.dta.x)", "condition", "event", "dta", 12],
    ["has(contxt.attributes.x)", "condition", "event", "contxt", 4],
    ["1 + 2", "condition", "event", "true or false", 0],
    ["event.type", "condition", "event", "true or false", 0],
    ["[1, 2]", "value", "event", "a text or a number", 0],
  ] as const)("%s", (source, kind, scope, cause, offset) => {
    const problem = checkExpression(source, kind, scope);
    expect(problem?.cause).toContain(cause);
    expect(problem?.offset).toBe(offset);
  });

  it("lets the presence of a field of the data be asked for", () => {
    for (const source of [
      "has(event.data.x)",
      "has(context.attributes.balanceMinor) && has(trigger.data.a.b)",
    ])
      expect(checkExpression(source, "condition", "instance")).toBeUndefined();
  });
});
