/** Syntax trees of conditions as the CEL library parses them, and the data that they are about. */

/** The fast way has no answer for this data: the library is asked. */
export const LEFT = Symbol("left to the library");

/** A syntax tree as the library parses it: operator and operands. */
export interface Tree {
  readonly op: string;
  readonly args: unknown;
}

export function isTree(part: unknown): part is Tree {
  return typeof part === "object" && part !== null && "op" in part && "args" in part;
}

/** One text per tree, and another one for every other tree. */
export function textOf(part: unknown): string {
  if (isTree(part)) return `(${part.op} ${textOf(part.args)})`;
  if (Array.isArray(part)) return (part as unknown[]).map(textOf).join(" ");
  return typeof part === "bigint" ? `${part}n` : JSON.stringify(part);
}

/** Of `a.b` and `a["b"]` the object and the field; `undefined` of any other tree. */
export function placeOf({ op, args }: Tree): { object: Tree; field: string } | undefined {
  const [object, field] = Array.isArray(args) ? (args as unknown[]) : [];
  if (!isTree(object)) return undefined;
  if (op === ".") return typeof field === "string" ? { object, field } : undefined;
  return isTree(field) && field.op === "value" && typeof field.args === "string"
    ? { object, field: field.args }
    : undefined;
}

/** The name of a variable, of a tree that is nothing else. */
export function variableOf({ op, args }: Tree): string | undefined {
  return op === "id" && typeof args === "string" ? args : undefined;
}

/** True of `context.windows`. */
export function isWindows(tree: Tree): boolean {
  const place = tree.op === "." ? placeOf(tree) : undefined;
  return place?.field === "windows" && variableOf(place.object) === "context";
}

/** The value of a field, or `LEFT` where it is missing. */
export function fieldOf(object: unknown, field: string): unknown {
  if (!isMap(object) || !Object.hasOwn(object, field)) return LEFT;
  const value = object[field];
  return value === undefined ? LEFT : value;
}

/** An object as JSON brings it. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && value.constructor === Object;
}
