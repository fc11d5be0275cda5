/**
 * A fast way through the conditions that definitions are mostly made of: presence tests, comparisons, arithmetic and logic on
 * fields of `event`, `context` and `trigger`. The CEL library walks its syntax tree with types found at run time, some
 * microseconds per condition; the closures here take a tenth of it, which is what lets 2,500 candidates be judged for one
 * decision. They only ever answer where the answer is beyond doubt. Anything else is left to the library: an operator or
 * function that is not here (`undefined` at compile time), and data of another kind, a missing field or an error
 * (no boolean at run time), so that there is one semantics and one wording of errors. A property test holds both
 * ways against each other.
 */
import {
  fieldOf,
  isMap,
  isTree,
  isWindows,
  LEFT,
  placeOf,
  textOf,
  variableOf,
  type Tree,
} from "./expression-tree.js";

type Variables = Readonly<Record<string, unknown>>;

/** Gives a value of JSON, or `LEFT`. */
type FastPath = (variables: Variables) => unknown;

interface Node {
  readonly run: FastPath;
  /** Set for a whole-number constant: CEL keeps these apart from doubles. */
  readonly whole?: number;
}

/**
 * The condition as a function that gives true, false, or anything else where the library must be asked; `undefined` when
 * it has a part that is not known here.
 */
export function fastPathOf(ast: unknown): ((variables: Variables) => unknown) | undefined {
  return isTree(ast) ? compile(ast)?.run : undefined;
}

/**
 * Parts that several expressions have in common, such as one field of the context, are one closure: thousands of conditions
 * are as fast as the memory that they take. Grows with the definitions, not with the events.
 */
const known = new Map<string, Node | undefined>();

function compile(tree: Tree): Node | undefined {
  const text = textOf(tree);
  if (known.has(text)) return known.get(text);
  const node = compileNew(tree);
  known.set(text, node);
  return node;
}

function compileNew(tree: Tree): Node | undefined {
  const { op, args } = tree;
  switch (op) {
    case "value":
      return constant(args);
    case ".":
    case "[]":
      return access(tree);
    case "call":
      return presence(args);
    case "!_":
      return negation(args);
    case "-_":
      return minus(args);
    case "in":
      return membership(args);
    case "?:":
      return choice(args);
    default: {
      const operands = operandsOf(args, 2);
      return operands && binary(op, operands[0]!, operands[1]!);
    }
  }
}

function binary(op: string, left: Node, right: Node): Node | undefined {
  const [a, b] = [left.run, right.run];
  switch (op) {
    case "&&":
      return {
        run: (v) => {
          const x = a(v);
          if (x === false) return false;
          const y = x === true ? b(v) : LEFT;
          return typeof y === "boolean" ? y : LEFT;
        },
      };
    case "||":
      return {
        run: (v) => {
          const x = a(v);
          if (x === true) return true;
          const y = x === false ? b(v) : LEFT;
          return typeof y === "boolean" ? y : LEFT;
        },
      };
    case "==":
      return { run: (v) => equal(a(v), b(v)) };
    case "!=":
      return {
        run: (v) => {
          const same = equal(a(v), b(v));
          return same === LEFT ? LEFT : !same;
        },
      };
    case "<":
      return { run: comparison(a, b, (x, y) => x < y) };
    case "<=":
      return { run: comparison(a, b, (x, y) => x <= y) };
    case ">":
      return { run: comparison(a, b, (x, y) => x > y) };
    case ">=":
      return { run: comparison(a, b, (x, y) => x >= y) };
    case "+":
      return arithmetic(left, right, (x, y) => x + y, "whole");
    case "-":
      return arithmetic(left, right, (x, y) => x - y, "whole");
    case "*":
      return arithmetic(left, right, (x, y) => x * y, "whole");
    case "/":
      return arithmetic(left, right, (x, y) => x / y);
    case "%":
      return arithmetic(left, right, (x, y) => x % y);
    default:
      return undefined;
  }
}

function equal(x: unknown, y: unknown): boolean | typeof LEFT {
  const type = typeof x;
  if (type !== typeof y || (type !== "number" && type !== "string" && type !== "boolean")) return LEFT;
  return x === y;
}

type Compare = (x: number | string, y: number | string) => boolean;

function comparison(a: FastPath, b: FastPath, compare: Compare): FastPath {
  return (v) => {
    const x = a(v);
    const y = b(v);
    if (typeof x === "number" && typeof y === "number") return compare(x, y);
    return typeof x === "string" && typeof y === "string" ? compare(x, y) : LEFT;
  };
}

/** Numbers of the data are doubles. Two constants give a whole number, of those that are exact as a double. */
function arithmetic(
  left: Node,
  right: Node,
  compute: (x: number, y: number) => number,
  ofConstants?: "whole",
): Node | undefined {
  if (left.whole !== undefined && right.whole !== undefined)
    return ofConstants && wholeNumber(compute(left.whole, right.whole));
  const [a, b] = [left.run, right.run];
  return {
    run: (v) => {
      const x = a(v);
      const y = b(v);
      return typeof x === "number" && typeof y === "number" ? compute(x, y) : LEFT;
    },
  };
}

function constant(value: unknown): Node | undefined {
  if (typeof value === "bigint") return wholeNumber(Number(value));
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
  return { run: () => value };
}

function wholeNumber(n: number): Node | undefined {
  return Number.isSafeInteger(n) ? { whole: n, run: () => n } : undefined;
}

function negation(args: unknown): Node | undefined {
  const operand = isTree(args) ? compile(args)?.run : undefined;
  return (
    operand && {
      run: (v) => {
        const x = operand(v);
        return typeof x === "boolean" ? !x : LEFT;
      },
    }
  );
}

function minus(args: unknown): Node | undefined {
  const operand = isTree(args) ? compile(args) : undefined;
  if (!operand) return undefined;
  // There is no whole -0.
  if (operand.whole !== undefined) return operand.whole === 0 ? operand : wholeNumber(-operand.whole);
  const { run } = operand;
  return {
    run: (v) => {
      const x = run(v);
      return typeof x === "number" ? -x : LEFT;
    },
  };
}

function choice(args: unknown): Node | undefined {
  const [condition, yes, no] = operandsOf(args, 3) ?? [];
  if (!condition || !yes || !no || yes.whole !== undefined || no.whole !== undefined) return undefined;
  return {
    run: (v) => {
      const x = condition.run(v);
      return x === true ? yes.run(v) : x === false ? no.run(v) : LEFT;
    },
  };
}

/** `x in ["a", "b"]`, `"x" in context.signals`. */
function membership(args: unknown): Node | undefined {
  const [item, collection] = Array.isArray(args) ? (args as unknown[]) : [];
  if (!isTree(item) || !isTree(collection)) return undefined;
  const wanted = compile(item)?.run;
  if (!wanted) return undefined;
  if (collection.op === "list" && Array.isArray(collection.args)) {
    const elements = new Set<unknown>();
    for (const e of collection.args as unknown[])
      if (isTree(e) && e.op === "value" && typeof e.args === "string") elements.add(e.args);
      else return undefined;
    return {
      run: (v) => {
        const x = wanted(v);
        return typeof x === "string" ? elements.has(x) : LEFT;
      },
    };
  }
  const map = compile(collection)?.run;
  return (
    map && {
      run: (v) => {
        const x = wanted(v);
        const object = map(v);
        if (typeof x !== "string" || !isMap(object)) return LEFT;
        return Object.hasOwn(object, x) && object[x] !== undefined;
      },
    }
  );
}

/** What the variables declare; everything below `data`, `attributes`, `signals` and `windows` is of any kind. */
const DECLARED: Readonly<Record<string, Readonly<Record<string, "string" | "number" | "map">>>> = {
  event: { id: "string", source: "string", type: "string", time: "number", data: "map" },
  trigger: { id: "string", source: "string", type: "string", time: "number", data: "map" },
  context: { now: "number", attributes: "map", signals: "map", windows: "map" },
};

/** `a.b` and `a["b"]`. */
function access(tree: Tree): Node | undefined {
  const place = placeOf(tree);
  if (!place) return undefined;
  const { object, field } = place;
  const variable = variableOf(object);
  if (variable !== undefined) {
    const type = DECLARED[variable]?.[field];
    // A window of which nothing came is 0 and not in the context: as a whole, `windows` is the library's.
    if (tree.op !== "." || type === undefined || field === "windows") return undefined;
    return { run: declared(variable, field, type) };
  }
  if (isWindows(object)) {
    return {
      run: (v) => {
        const context = v["context"];
        const windows = isMap(context) ? context["windows"] : LEFT;
        // Of a window that nothing came of, nothing is in the context.
        if (windows === undefined) return 0;
        if (!isMap(windows)) return LEFT;
        return Object.hasOwn(windows, field) ? (windows[field] ?? LEFT) : 0;
      },
    };
  }
  const map = compile(object)?.run;
  return map && { run: (v) => fieldOf(map(v), field) };
}

function declared(variable: string, field: string, type: "string" | "number" | "map"): FastPath {
  return (v) => {
    const value = fieldOf(v[variable], field);
    return (type === "map" ? isMap(value) : typeof value === type) ? value : LEFT;
  };
}

/** `has(event.data.x)`: false when only the last field is missing. */
function presence(args: unknown): Node | undefined {
  const [name, parameters] = Array.isArray(args) ? (args as unknown[]) : [];
  if (name !== "has" || !Array.isArray(parameters) || parameters.length !== 1) return undefined;
  const tree: unknown = parameters[0];
  const place = isTree(tree) && tree.op === "." ? placeOf(tree) : undefined;
  if (!place || variableOf(place.object) !== undefined || isWindows(place.object)) return undefined;
  const map = compile(place.object)?.run;
  const { field } = place;
  return (
    map && {
      run: (v) => {
        const object = map(v);
        return isMap(object) ? Object.hasOwn(object, field) && object[field] !== undefined : LEFT;
      },
    }
  );
}

function operandsOf(args: unknown, count: number): Node[] | undefined {
  if (!Array.isArray(args) || args.length !== count) return undefined;
  const nodes = (args as unknown[]).flatMap((a) => (isTree(a) ? (compile(a) ?? []) : []));
  return nodes.length === count ? nodes : undefined;
}
