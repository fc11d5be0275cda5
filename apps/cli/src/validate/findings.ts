/** Findings of a validation as text: one line each for programs and pipes, with the source line on a terminal. */
import { styleText } from "node:util";
import { formatProblem, type Problem, type Validation } from "#definitions";

export interface FindingsOptions {
  /** With the source line, a caret, and colour. */
  readonly terminal: boolean;
  /** The text of a file, for the source line; `undefined` when there is none. */
  readonly textOf: (file: string) => string | undefined;
  /** The file's name as it is to be shown. */
  readonly nameOf: (file: string) => string;
}

type Severity = "error" | "warning";
const COLOUR = { error: "red", warning: "yellow" } as const;

/** Errors first, then warnings; each with file, line, column, cause and suggestion. */
export function findingsText({ problems, warnings }: Validation, options: FindingsOptions): string {
  const all = [
    ...problems.map((p) => finding("error", p, options)),
    ...warnings.map((p) => finding("warning", p, options)),
  ];
  return all.map((text) => `${text}\n`).join(options.terminal ? "\n" : "");
}

function finding(severity: Severity, problem: Problem, options: FindingsOptions): string {
  const named = { ...problem, file: options.nameOf(problem.file) };
  if (!options.terminal) {
    const { suggestion: _, ...bare } = named;
    const text = formatProblem(problem.suggestion === undefined ? bare : named);
    const place = `${named.file}:${problem.line}:${problem.column}`;
    return `${place}: ${severity}:${text.slice(place.length).replace(/^: /, " ")}`;
  }
  const blue = (text: string): string => styleText("blue", text);
  const gutter = " ".repeat(String(problem.line).length);
  const lines = [
    `${styleText([COLOUR[severity], "bold"], severity)}${styleText("bold", `: ${problem.path ? `${problem.path}: ` : ""}${problem.cause}`)}`,
    `${gutter}${blue("-->")} ${named.file}:${problem.line}:${problem.column}`,
  ];
  const source = options.textOf(problem.file)?.split("\n")[problem.line - 1]?.trimEnd();
  if (source !== undefined && source !== "") {
    const mark = styleText(COLOUR[severity], "^".repeat(widthAt(source, problem.column)));
    lines.push(
      `${gutter} ${blue("|")}`,
      `${blue(`${problem.line} |`)} ${source}`,
      `${gutter} ${blue("|")} ${" ".repeat(problem.column - 1)}${mark}`,
    );
  }
  if (problem.suggestion !== undefined) lines.push(`${gutter} ${blue("=")} ${problem.suggestion}`);
  return lines.join("\n");
}

/** How many characters to underline: the word that stands there. */
function widthAt(source: string, column: number): number {
  return /^["']?[\w.-]+["']?/.exec(source.slice(column - 1))?.[0].length ?? 1;
}

/** `2 errors, 1 warning in 3 files`. */
export function findingsTotal({ problems, warnings }: Validation, files: number): string {
  const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  const found = [
    ...(problems.length > 0 ? [counted(problems.length, "error")] : []),
    ...(warnings.length > 0 ? [counted(warnings.length, "warning")] : []),
  ];
  return `${found.length > 0 ? found.join(", ") : "nothing to complain about"} in ${counted(files, "file")}`;
}
