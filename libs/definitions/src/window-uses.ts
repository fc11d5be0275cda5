import type { Environment } from "@marcbachmann/cel-js";

/** A place where an expression reads `context.windows`. */
export interface WindowUse {
  /** Absent when it is not read by the text of an id. */
  readonly id: string | undefined;
  readonly offset: number;
}

type Tree = ReturnType<Environment["parse"]>["ast"];

/** Every use of `context.windows` in an expression that is known to be well-formed. */
export function windowsIn(source: string, environment: Environment): readonly WindowUse[] {
  // Nearly no expression does: the others are not parsed for it.
  if (!source.includes("windows")) return [];
  const found: WindowUse[] = [];
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) {
      for (const p of part) visit(p);
      return;
    }
    if (!isTree(part)) return;
    if (isWindows(part)) {
      found.push({ id: undefined, offset: part.start });
      return;
    }
    if (part.op === "[]" && isWindows(part.args[0])) {
      const index = part.args[1];
      const id = index.op === "value" && typeof index.args === "string" ? index.args : undefined;
      found.push({ id, offset: index.start });
      if (id === undefined) visit(index);
      return;
    }
    visit(part.args);
  };
  visit(environment.parse(source).ast);
  return found;
}

function isTree(part: unknown): part is Tree {
  return typeof part === "object" && part !== null && "op" in part && "args" in part;
}

/** `context.windows` */
function isWindows(part: Tree): boolean {
  if (part.op !== ".") return false;
  const [object, field] = part.args;
  return field === "windows" && object.op === "id" && object.args === "context";
}
