import type { Environment } from "@marcbachmann/cel-js";
import { treeOf } from "./expressions.js";

/** A field that an expression reads. */
export interface AttributeUse {
  /** Absent when it is not read by its name: by a computed one, or the object as a whole. */
  readonly name: string | undefined;
  readonly offset: number;
}

type Tree = ReturnType<Environment["parse"]>["ast"];

/** Objects under whose fields the bank's own names stand: as a whole they would bring in every one of them. */
const WHOLE = new Set(["event", "context", "event.data", "context.attributes", "context.signals"]);

/** Every field that an expression, known to be well-formed, reads by name, and every place where the name cannot be told. */
export function attributesIn(source: string): readonly AttributeUse[] {
  const found: AttributeUse[] = [];
  const visit = (part: unknown, reachedInto = false): void => {
    if (Array.isArray(part)) {
      for (const p of part) visit(p);
      return;
    }
    if (!isTree(part)) return;
    if (!reachedInto && WHOLE.has(pathOf(part) ?? "")) found.push({ name: undefined, offset: part.start });
    if (part.op === "." || part.op === "[]") {
      const [object, key] = part.args as readonly unknown[];
      const name = typeof key === "string" ? key : textOf(key);
      // The n-th of a list is no field of its own.
      if (name !== undefined || !isNumber(key)) found.push({ name, offset: startOf(key, part) });
      visit(object, true);
      if (name === undefined) visit(key);
      return;
    }
    // `"x" in context.signals`: whether one named field is there.
    if (part.op === "in") {
      const [key, object] = part.args as readonly unknown[];
      const name = textOf(key);
      if (name !== undefined) {
        found.push({ name, offset: startOf(key, part) });
        visit(object, true);
        return;
      }
    }
    visit(part.args);
  };
  visit(treeOf(source));
  return found;
}

function isTree(part: unknown): part is Tree {
  return typeof part === "object" && part !== null && "op" in part && "args" in part;
}

/** `event.data` of such an expression, also when it is written `event["data"]`. */
function pathOf(part: Tree): string | undefined {
  if (part.op === "id") return part.args;
  if (part.op !== "." && part.op !== "[]") return undefined;
  const [object, key] = part.args as readonly unknown[];
  const field = typeof key === "string" ? key : textOf(key);
  const before = isTree(object) ? pathOf(object) : undefined;
  return before === undefined || field === undefined ? undefined : `${before}.${field}`;
}

function textOf(part: unknown): string | undefined {
  return isTree(part) && part.op === "value" && typeof part.args === "string" ? part.args : undefined;
}

function isNumber(part: unknown): boolean {
  return isTree(part) && part.op === "value" && typeof part.args === "bigint";
}

function startOf(part: unknown, otherwise: Tree): number {
  return isTree(part) ? part.start : otherwise.start;
}
