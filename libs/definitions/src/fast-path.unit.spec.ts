import { Environment } from "@marcbachmann/cel-js";
import fc from "fast-check";
import { ExpressionFailed } from "#domain";
import { checkExpression, compileCondition, compileValue } from "./expressions.js";
import { fastPathOf } from "./fast-path.js";

const environment = new Environment({ unlistedVariablesAreDyn: true });
const fastPath = (source: string): ReturnType<typeof fastPathOf> => fastPathOf(environment.parse(source).ast);

/** What the library alone makes of it: a key is not taken the fast way. */
function byTheLibrary(source: string, variables: Readonly<Record<string, unknown>>): string {
  return outcome(() => compileValue(source)(variables));
}

function outcome(compute: () => unknown): string {
  try {
    return String(compute());
  } catch (error) {
    if (!(error instanceof ExpressionFailed)) throw error;
    return error.message;
  }
}

const variables = (data: unknown, attributes: unknown = {}, windows?: unknown): Record<string, unknown> => ({
  event: { id: "e1", source: "core", type: "payment.failed", time: 1_000, data },
  trigger: { id: "e0", source: "core", type: "loan.asked", time: 500, data: { amount: 7 } },
  context: { now: 2_000, attributes, signals: { "a.b": { n: 2, last: 9 } }, windows, contacts: [] },
});

describe("the fast way of conditions", () => {
  it.each([
    `has(event.data.a) && event.data.a >= 3`,
    `!has(context.attributes.balanceMinor) || context.attributes.balanceMinor >= 0`,
    `!("a.b" in context.signals) || context.signals["a.b"].n < 3`,
    `event.data.kind in ["opt-out", "fraud"]`,
    `context.now - trigger.time > 90 * 24 * 3600 * 1000`,
    `event.data.a * 10 >= 4 * event.data.b ? event.data.c == "x" : event.type != "y"`,
    `context.windows["views-1h"] > 0 && -event.data.a < -5`,
  ])("is there for %s", (source) => {
    expect(fastPath(source)).toBeDefined();
    expect(checkExpression(source, "condition", "instance")).toBeUndefined();
  });

  it.each([
    `event.data.reason.matches("^A")`,
    `size(event.data.list) > 2`,
    `context.contacts.exists(c, c.at > 3.0)`,
  ])("leaves %s to the library", (source) => {
    expect(fastPath(source)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ["event.data.a > 3", { a: "x" }],
    ["event.data.a > 3", {}],
    ["event.data.a == 3", { a: null }],
    ["event.data.a && true", { a: 1 }],
    ["event.data.a.b == 3", { a: [1] }],
    ["event.data.a > 3", [4]],
  ])("leaves %s of %j to the library", (source, data) => {
    expect(typeof fastPath(source)!(variables(data))).not.toBe("boolean");
  });

  const name = fc.constantFrom("a", "b", "c");
  const field = fc.oneof(
    name.map((n) => `event.data.${n}`),
    name.map((n) => `event.data["${n}"]`),
    name.map((n) => `context.attributes.${n}`),
    fc.constantFrom("event.type", "event.time", "context.now", "trigger.data.amount", `context.windows["w"]`),
    fc.constantFrom(`context.signals["a.b"].n`, "event.data.a.b"),
  );
  const literal = fc.constantFrom(
    "0",
    "3",
    "-2",
    "2.5",
    "9007199254740992",
    `"x"`,
    `""`,
    "true",
    "false",
    "null",
  );
  const operator = fc.constantFrom("==", "!=", "<", "<=", ">", ">=");
  // Of few values, so that equal ones meet.
  const comparison = fc
    .tuple(
      fc.constantFrom("event.data.a", "event.data.b", "1"),
      operator,
      fc.constantFrom("event.data.b", "1", "2.0", `"x"`),
    )
    .map(([a, op, b]) => `(${a} ${op} ${b})`);
  const { condition } = fc.letrec<{ condition: string; value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      field,
      literal,
      fc
        .tuple(tie("value"), fc.constantFrom("+", "-", "*", "/", "%"), tie("value"))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie("value").map((a) => `(-${a})`),
      fc.tuple(tie("condition"), tie("value"), tie("value")).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    ),
    condition: fc.oneof(
      { maxDepth: 4 },
      comparison,
      fc.tuple(tie("value"), operator, tie("value")).map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(tie("condition"), fc.constantFrom("&&", "||"), tie("condition"))
        .map((x) => `(${x.join(" ")})`),
      tie("condition").map((c) => `!${c}`),
      name.map((n) => `has(event.data.${n})`),
      fc.constantFrom("has(event.data.a.b)", "has(context.attributes.a)"),
      tie("value").map((v) => `(${v} in ["x", "y"])`),
      tie("value").map((v) => `(${v} in event.data)`),
      field,
    ),
  }));
  const scalar = fc.oneof(
    fc.constantFrom<unknown>(1, 2, "x"),
    fc.constantFrom<unknown>(0, 3, -2, 2.5, 2 ** 53, "", "y", true, false, null),
    fc.double(),
  );
  const map = fc.dictionary(name, fc.oneof(scalar, fc.dictionary(name, scalar), fc.array(scalar)));

  it("agrees with the library, its errors included, on any condition and any data", () => {
    let answered = 0;
    fc.assert(
      fc.property(
        condition,
        map,
        map,
        fc.option(fc.dictionary(fc.constant("w"), fc.nat())),
        (source, a, b, w) => {
          fc.pre(checkExpression(source, "condition", "instance") === undefined);
          const given = variables(a, b, w ?? undefined);
          const fast = fastPath(source)?.(given);
          if (typeof fast === "boolean") {
            answered++;
            expect(`${source}: ${fast}`).toBe(`${source}: ${byTheLibrary(source, given)}`);
          }
          // Whoever answers: a condition is what the library makes of it.
          const whole = byTheLibrary(source, given);
          if (whole === "true" || whole === "false")
            expect(outcome(() => compileCondition(source)(given))).toBe(whole);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(answered).toBeGreaterThan(300);
  });
});
