import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Journeys } from "#domain";
import { CustomerScript } from "#testing";
import { DefinitionError, formatProblem } from "./definition-error.js";
import { checkExpression, createExpressions } from "./expressions.js";
import { loadDefinitions, loadSignals } from "./load.js";

const SIGNALS = `kind: Signals
id: cards
version: 1
description: for tests
windows:
  - { id: declines-30d, event: card.declined, measure: count, window: 30d }
  - id: spent-7d
    event: card.paid
    when: has(event.data.amountMinor)
    measure: sum
    of: event.data.amountMinor
    window: 7d
`;
const CATALOGUE = `kind: Catalogue
id: test
version: 1
description: for tests
actions:
  - id: help
    description: help
    purpose: service
    value: 1
    eligibility: context.windows["declines-30d"] > 2
    treatments:
      - { channel: push, title: Hello, body: Hello }
`;
const JOURNEY = `kind: Journey
id: test
version: 1
description: for tests
purpose: service
trigger:
  event: card.declined
  when: context.windows["declines-30d"] == 3 && context.windows["spent-7d"] < 100.5
entry: { rule: after-exit }
steps:
  - { id: help, type: send, action: help, next: done, otherwise: done }
  - { id: done, type: exit, reason: done }
`;
const POLICY = `kind: PolicyPack
id: default
version: 1
description: for tests
source: house rule
rules:
  - purpose: service
    consent: ignored
`;

describe("signals in definitions", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "segue-signals-"));
    write("signals/cards.yaml", SIGNALS);
    write("catalogue/test.yaml", CATALOGUE);
    write("journeys/test.yaml", JOURNEY);
    write("policies/default.yaml", POLICY);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function write(name: string, text: string): void {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }

  function problems(): string[] {
    try {
      loadDefinitions(dir);
    } catch (error) {
      if (error instanceof DefinitionError) return error.problems.map(formatProblem);
      throw error;
    }
    return [];
  }

  it("are loaded with the rest, and counted before a trigger asks for them", () => {
    const { journeys, signals } = loadDefinitions(dir);
    const c = new CustomerScript(new Journeys(journeys, createExpressions(), { signals }));
    c.event("card.declined").event("card.declined").event("card.paid", { amountMinor: 100 });
    c.event("card.paid").event("card.paid", { amountMinor: "much" });
    expect(c.said).toEqual([]);
    expect(c.entries).toEqual([
      {
        kind: "expression-failed",
        where: "signals/cards/spent-7d/of",
        error: 'event.data.amountMinor: is "much", not a number up to 9007199254740991',
      },
    ]);
    c.event("card.declined");
    expect(c.said).toEqual(["help/push"]);
    expect(c.requests[0]?.context.windows).toEqual({ "declines-30d": 3, "spent-7d": 100 });
  });

  it("may be missing: then there is no window", () => {
    rmSync(join(dir, "signals"), { recursive: true });
    expect(loadSignals(dir)).toEqual([]);
    expect(problems()).toEqual([
      'catalogue/test.yaml:10:34 actions[0].eligibility: there is no window "declines-30d" in signals/',
      'journeys/test.yaml:8:25 trigger.when: there is no window "declines-30d" in signals/',
    ]);
  });

  it("that are misspelt are an error where they are used", () => {
    write("journeys/test.yaml", JOURNEY.replace("declines-30d", "declines-30"));
    expect(problems()).toEqual([
      'journeys/test.yaml:8:25 trigger.when: there is no window "declines-30" in signals/ (did you mean "declines-30d"?)',
    ]);
  });

  it.each([
    ["a second window of one name", ["id: spent-7d", "id: declines-30d"], "7:9 windows[1].id: window"],
    ["an event type that is none", ["event: card.paid", "event: card..paid"], "8:12 windows[1].event:"],
    [
      "a sum of a text",
      ["of: event.data.amountMinor", "of: event.type"],
      "11:9 windows[1].of: must be a number",
    ],
    [
      "a window of windows",
      ["of: event.data.amountMinor", 'of: context.windows["declines-30d"]'],
      "11:25 windows[1].of: a window is not computed from windows",
    ],
    ["a sum of nothing", ["    of: event.data.amountMinor\n", ""], "7:5 windows[1].of: is missing"],
    [
      "a window that is too long",
      ["window: 7d", "window: 91d"],
      "12:13 windows[1].window: a window is 1h to 90d",
    ],
    [
      "a condition that is none",
      ["when: has(event.data.amountMinor)", "when: has(evnt.x)"],
      "9:15 windows[1].when",
    ],
  ] as const)("that hold %s are refused", (_, [from, to], expected) => {
    write("signals/cards.yaml", SIGNALS.replace(from, to));
    const found = problems();
    // Against signals that are wrong nothing else is checked: the others would be blamed for it.
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`signals/cards.yaml:${expected}`);
  });
});

describe("windows in expressions", () => {
  const known = new Set(["a-1h"]);
  it.each([
    ['context.windows["a-1h"] > 1', undefined],
    ["context.windows['a-1h'] + 1 >= event.data.x", undefined],
    ['event.data["windows"] == "context.windows"', undefined],
    [
      '[1, 2].exists(n, context.windows["b-1h"] > n)',
      { offset: 33, cause: 'there is no window "b-1h" in signals/' },
    ],
    ["context.windows.a > 1", { offset: 0 }],
    ["context.windows[event.type] > 1", { offset: 16 }],
    ['"a-1h" in context.windows', { offset: 10 }],
  ])("%s", (source, problem) => {
    const found = checkExpression(source, "condition", "event", known);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(problem);
  });

  it("are 0 where nothing came, whoever evaluates", () => {
    const expressions = createExpressions();
    const context = { now: 0, attributes: {}, signals: {}, contacts: [] };
    expect(expressions.condition('context.windows["a-1h"] == 0', { context })).toBe(true);
    expect(
      expressions.condition('context.windows["a-1h"] > 2', {
        context: { ...context, windows: { "a-1h": 3 } },
      }),
    ).toBe(true);
    expect(
      expressions.value('context.windows["b-1h"]', { context: { ...context, windows: { "a-1h": 3 } } }),
    ).toBe("0");
  });
});

describe("the signals that ship", () => {
  const signals = loadSignals(process.cwd());
  const customer = (): CustomerScript =>
    new CustomerScript(new Journeys([], createExpressions(), { signals }));

  it("leave a customer of whom no such event comes as it was", () => {
    expect(customer().event("account.overdrawn").context).not.toHaveProperty("windows");
  });

  it("count what they say", () => {
    const c = customer();
    c.event("card.payment.declined").event("payment.failed").event("transfer.sent", { amountMinor: 5_000 });
    c.event("card.purchased", { mcc: "5541" })
      .event("card.purchased", { mcc: 5542 })
      .event("card.purchased", { mcc: "4511" });
    c.event("card.purchased").event("loan.page.viewed");
    c.event("loan.calculator.used").event("app.opened");
    expect(c.entries).toEqual([]);
    expect(Object.keys(c.context.windows ?? {}).sort()).toEqual(
      signals.flatMap((s) => s.windows.map((w) => w.id)).sort(),
    );
    expect(JSON.stringify(c.context.windows)).toContain('"fuel-purchases-90d":{"sum":[2]');
  });
});
