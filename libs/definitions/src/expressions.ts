/**
 * Expressions of the definitions: CEL (https://github.com/google/cel-spec), checked when loaded, run through the
 * domain's `Expressions` port.
 *
 * Rules for authors
 * - Variables: `event` {id, source, type, time, data}, `context` {now, attributes, signals, windows, contacts} and, inside a
 *   journey instance, `trigger` (shape of `event`). Any other variable, and any other field of these, is an error at load.
 * - Times are epoch milliseconds: `context.now - event.time < 2 * 24 * 3600 * 1000`.
 * - Numbers in data are doubles; they mix with whole-number literals in + - * / % and in comparisons
 *   (`event.data.amountMinor * 10 >= 4 * event.data.balanceBeforeMinor`). Two literals alone divide as whole numbers
 *   (`7 / 2` is 3); a number of the data always divides exactly, and by zero gives infinity.
 * - A field that is missing fails the expression: guard it with `has(event.data.x)`. For keys that are no identifiers:
 *   `"account.overdrawn" in context.signals && context.signals["account.overdrawn"].n > 2`.
 *   `a || b` is true when one side is true, even if the other fails; `a && b` is false when one side is false.
 * - A window of `signals/` is a number, always there, 0 when nothing came: `context.windows["card-declines-30d"] >= 3`.
 * - `reply(event.data.text)`: what a reply of the customer's says about being contacted: "stop", "start", "help", "unclear"
 *   (for a person to read) or "other".
 * - `lookup("merchant-offers", event.data.mcc)`: the action of a table's row, or "" (see tables.ts).
 */
import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from "@marcbachmann/cel-js";
import { isProtected } from "#contracts";
import { ExpressionFailed, replyWord, type Expressions } from "#domain";
import { fastPathOf } from "./fast-path.js";
import { didYouMean } from "./suggestion.js";
import { rowOf } from "./tables.js";
import { windowsIn } from "./window-uses.js";

/** A compiled condition. Throws `ExpressionFailed` when it cannot be computed from the variables. */
export type Expression = (variables: Readonly<Record<string, unknown>>) => boolean;
/** A compiled key. Throws as `Expression` does. */
export type ValueExpression = (variables: Readonly<Record<string, unknown>>) => string;

/** A compiled scalar: a text, a finite number, true or false. Throws as `Expression` does. */
export type ScalarExpression = (variables: Readonly<Record<string, unknown>>) => string | number | boolean;

/** `event`: event and context; `instance`: the same and the trigger of the journey instance. */
export type ExpressionScope = "event" | "instance";
export type ExpressionKind = "condition" | "value" | "scalar" | "number";
/** Ids of the windows that an expression may name; `none` where it may name no windows at all. */
export type KnownWindows = ReadonlySet<string> | "none";

/** What is wrong with an expression, and where in its text (offset of the first character). */
export interface ExpressionProblem {
  readonly cause: string;
  readonly offset: number;
  readonly suggestion?: string | undefined;
}

/** An expression that cannot be compiled. Definitions are checked at load, so this is a defect afterwards. */
export class ExpressionInvalid extends Error {
  override readonly name = "ExpressionInvalid";
}

const LIMITS = {
  maxAstNodes: 500,
  maxDepth: 32,
  maxListElements: 100,
  maxMapEntries: 50,
  maxCallArguments: 8,
};

const EVENT_SCHEMA = { id: "string", source: "string", type: "string", time: "double", data: "map" } as const;

/** CEL keeps whole numbers and doubles apart; JSON knows only doubles, so arithmetic between the two is added. */
const MIXED_ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

function environment(scope: ExpressionScope): Environment {
  const env = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    limits: LIMITS,
  });
  for (const operator in MIXED_ARITHMETIC) {
    const compute = MIXED_ARITHMETIC[operator]!;
    const run = (a: number | bigint, b: number | bigint): number => compute(Number(a), Number(b));
    env.registerOperator(`int ${operator} double: double`, run);
    env.registerOperator(`double ${operator} int: double`, run);
    if (operator === "%") env.registerOperator("double % double: double", run);
  }
  env.registerFunction("rowOf(string, dyn): string", rowOf);
  env.registerFunction("reply(string): string", (text: string) => replyWord(text, Infinity));
  // What authors write; the loader puts the rows of the table in its place.
  env.registerFunction("lookup(string, dyn): string", (table: string) => {
    throw new Error(`the table ${table} is not there: definitions with lookup() are read by their loader`);
  });
  env.registerVariable({ name: "event", schema: EVENT_SCHEMA });
  env.registerVariable({
    name: "context",
    schema: { now: "double", attributes: "map", signals: "map", windows: "map", contacts: "list" },
  });
  if (scope === "instance") env.registerVariable({ name: "trigger", schema: EVENT_SCHEMA });
  return env;
}

const environments: Readonly<Record<ExpressionScope, Environment>> = {
  event: environment("event"),
  instance: environment("instance"),
};

const CONDITION_TYPES = new Set(["bool", "dyn"]);
const VALUE_TYPES = new Set(["string", "int", "uint", "double", "bool", "dyn"]);
const NUMBER_TYPES = new Set(["int", "uint", "double", "dyn"]);

/**
 * Checks an expression without running it; `undefined` when it is well-formed and of the right kind. Without `windows`
 * every window counts as known.
 */
export function checkExpression(
  source: string,
  kind: ExpressionKind,
  scope: ExpressionScope,
  windows?: KnownWindows,
): ExpressionProblem | undefined {
  const result = environments[scope].check(source);
  if (!result.valid) {
    const error = result.error;
    const cause = error?.summary ?? "not an expression";
    const hint =
      cause === "Unknown variable: trigger"
        ? " (there is no trigger before the journey is entered: use event)"
        : "";
    return { cause: cause + hint, offset: error?.range?.start ?? 0 };
  }
  const misspelt = checkPresenceTests(source, scope);
  if (misspelt) return misspelt;
  const hidden = checkProtected(source);
  if (hidden) return hidden;
  const unknown = checkWindows(source, scope, windows);
  if (unknown) return unknown;
  const type = result.type ?? "dyn";
  if (kind === "condition" && !CONDITION_TYPES.has(type))
    return { cause: `a condition is true or false, this is of type ${type}`, offset: 0 };
  if (kind === "value" && !VALUE_TYPES.has(type))
    return { cause: `a key is a text or a number, this is of type ${type}`, offset: 0 };
  if (kind === "scalar" && !VALUE_TYPES.has(type))
    return { cause: `a value is a text, a number, true or false; this is of type ${type}`, offset: 0 };
  if (kind === "number" && !NUMBER_TYPES.has(type))
    return { cause: `must be a number, this is of type ${type}`, offset: 0 };
  return undefined;
}

/** A window is named by its id, which must be declared: under another it would be 0 for ever. */
function checkWindows(
  source: string,
  scope: ExpressionScope,
  known: KnownWindows | undefined,
): ExpressionProblem | undefined {
  for (const { id, offset } of windowsIn(source, environments[scope])) {
    if (known === "none") return { cause: "a window is not computed from windows", offset };
    if (id === undefined)
      return { cause: 'a window is named by its id: context.windows["card-declines-30d"]', offset };
    if (known && !known.has(id))
      return {
        cause: `there is no window ${JSON.stringify(id)} in signals/`,
        offset,
        suggestion: didYouMean(id, known),
      };
  }
  return undefined;
}

/** A protected attribute is nowhere in what an expression reads: one that names it could only ever fail. */
function checkProtected(source: string): ExpressionProblem | undefined {
  for (const found of source.matchAll(/(?:\.\s*|\[\s*["']|["'](?=[^"']*["']\s+in\b))([A-Za-z_][\w-]*)/g)) {
    const name = found[1]!;
    if (isProtected(name))
      return {
        cause: `${name} is a protected attribute: it is kept for monitoring, and no decision can know it`,
        offset: found.index + found[0].length - name.length,
      };
  }
  return undefined;
}

/** `has(event.dta.x)`: the library takes any path there, and the condition would fail on every event. */
function checkPresenceTests(source: string, scope: ExpressionScope): ExpressionProblem | undefined {
  for (const found of source.matchAll(/\bhas\(\s*([A-Za-z_][\w.]*)\s*\)/g)) {
    const path = found[1]!;
    const { valid, error } = environments[scope].check(path);
    if (!valid)
      return { cause: error?.summary ?? `${path} is no field`, offset: found.index + found[0].indexOf(path) };
  }
  return undefined;
}

/** The syntax tree of an expression that is known to be well-formed. */
export function treeOf(source: string): ReturnType<Environment["parse"]>["ast"] {
  return environments.instance.parse(source).ast;
}

function compile(
  source: string,
  kind: ExpressionKind,
): (variables: Readonly<Record<string, unknown>>) => unknown {
  const problem = checkExpression(source, kind, "instance");
  if (problem) throw new ExpressionInvalid(`${source}: ${problem.cause}`);
  const program = environments.instance.parse(source);
  const zeros = Object.fromEntries(
    windowsIn(source, environments.instance).flatMap(({ id }) => (id === undefined ? [] : [[id, 0]])),
  );
  const usesWindows = Object.keys(zeros).length > 0;
  return (variables) => {
    try {
      return program(usesWindows ? withZeros(variables, zeros) : variables) as unknown;
    } catch (error) {
      // The library's message draws the source with an arrow; its summary is the cause alone.
      const known =
        error instanceof EvaluationError || error instanceof ParseError || error instanceof CelTypeError;
      throw new ExpressionFailed(source, known ? error.summary : (error as Error).message, { cause: error });
    }
  };
}

/** The variables with every window that the expression names: one of which nothing came is not in the context. */
function withZeros(
  variables: Readonly<Record<string, unknown>>,
  zeros: Readonly<Record<string, number>>,
): Readonly<Record<string, unknown>> {
  const context = variables["context"] as { readonly windows?: Readonly<Record<string, number>> };
  return { ...variables, context: { ...context, windows: { ...zeros, ...context.windows } } };
}

/** Compiles a condition. Throws `ExpressionInvalid`. */
export function compileCondition(source: string): Expression {
  const run = compile(source, "condition");
  const fast = fastPathOf(environments.instance.parse(source).ast);
  return (variables) => {
    const answer = fast?.(variables);
    if (typeof answer === "boolean") return answer;
    const value = run(variables);
    if (typeof value !== "boolean")
      throw new ExpressionFailed(source, `is ${describe(value)}, not true or false`);
    return value;
  };
}

/** Compiles a key: text as it is, numbers and booleans in their usual form. Throws `ExpressionInvalid`. */
export function compileValue(source: string): ValueExpression {
  const run = compile(source, "value");
  return (variables) => {
    const value = run(variables);
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
      return String(value);
    throw new ExpressionFailed(source, `is ${describe(value)}, not a text or a number`);
  };
}

/** Compiles a scalar; whole numbers of CEL become ordinary numbers. Throws `ExpressionInvalid`. */
export function compileScalar(source: string): ScalarExpression {
  const run = compile(source, "scalar");
  return (variables) => {
    const value = run(variables);
    if (typeof value === "string" || typeof value === "boolean") return value;
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    throw new ExpressionFailed(source, `is ${describe(value)}, not a text, a finite number, true or false`);
  };
}

function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}

/** The domain's port with a cache of compiled expressions; it grows with the definitions, not with the events. */
export function createExpressions(): Expressions {
  const conditions = new Map<string, Expression>();
  const values = new Map<string, ValueExpression>();
  const scalars = new Map<string, ScalarExpression>();
  return {
    compiled: (source) => cached(conditions, source, compileCondition),
    condition: (source, variables) => cached(conditions, source, compileCondition)(variables),
    value: (source, variables) => cached(values, source, compileValue)(variables),
    scalar: (source, variables) => cached(scalars, source, compileScalar)(variables),
  };
}

function cached<T>(cache: Map<string, T>, source: string, make: (source: string) => T): T {
  let found = cache.get(source);
  if (found === undefined) cache.set(source, (found = make(source)));
  return found;
}
