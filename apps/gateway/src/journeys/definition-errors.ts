/** What the checks found wrong with the `definition` of a body, as the errors of a problem. */
import type { ProblemErrorEntry } from "#contracts";
import type { Problem } from "#definitions";

/** Name that the definition of a body is checked under; problems of other files say theirs. */
export const GIVEN = "definition";

/** One error each, with a JSON pointer into the body where the problem is in what was given. */
export function definitionErrors(problems: readonly Problem[]): ProblemErrorEntry[] {
  return problems.map(({ file, path, cause, suggestion }) => ({
    pointer: file === GIVEN ? pointerOf(path) : `/${GIVEN}`,
    code: "invalid_definition",
    detail: `${file === GIVEN ? "" : `${file}: `}${cause}${suggestion === undefined ? "" : ` (${suggestion})`}`,
  }));
}

/** `steps[0].wait` → `/definition/steps/0/wait`. */
function pointerOf(path: string): string {
  const parts = path.split(/[.[\]]+/).filter((part) => part !== "");
  return ["", GIVEN, ...parts].join("/");
}
