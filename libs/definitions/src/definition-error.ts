/** One thing that is wrong in a definition file. Lines and columns start at 1. */
export interface Problem {
  /** Path of the file, relative to the definitions folder. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Path inside the document, e.g. `steps[2].goto`; empty for the document itself. */
  readonly path: string;
  readonly cause: string;
  readonly suggestion?: string;
}

/** `file:line:column path: cause (suggestion)`. */
export function formatProblem(p: Problem): string {
  const where = `${p.file}:${p.line}:${p.column}`;
  return `${where}${p.path ? ` ${p.path}` : ""}: ${p.cause}${p.suggestion ? ` (${p.suggestion})` : ""}`;
}

/** In order of file, line and column. */
export function byPlace(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}

/** Definitions that cannot be used: every problem of every file at once, in order of file and line. Stops start-up. */
export class DefinitionError extends Error {
  override readonly name = "DefinitionError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = byPlace(problems);
    const n = sorted.length;
    super(
      `${n} ${n === 1 ? "problem" : "problems"} in the definitions:\n${sorted.map((p) => `  ${formatProblem(p)}`).join("\n")}`,
    );
    this.problems = sorted;
  }
}
