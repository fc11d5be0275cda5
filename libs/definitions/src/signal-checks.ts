import { isEventType, MAX_WINDOWS, type SignalsDefinition } from "#contracts";
import type { DefinitionFile } from "./definition-file.js";
import { checkExpression } from "./expressions.js";

/** Checks of windows that a schema cannot express: expressions, event types, and what must be unique. */
export function checkSignals(files: readonly DefinitionFile<SignalsDefinition>[]): void {
  const definitions = new Map<string, string>();
  const windows = new Map<string, string>();
  for (const file of files) {
    if (!file.value) continue;
    const elsewhere = definitions.get(file.value.id);
    if (elsewhere)
      file.report(["id"], `signals ${JSON.stringify(file.value.id)} are also defined in ${elsewhere}`);
    definitions.set(file.value.id, file.name);
    for (const [i, window] of file.value.windows.entries()) {
      const base = ["windows", i] as const;
      const before = windows.get(window.id);
      if (before)
        file.report([...base, "id"], `window ${JSON.stringify(window.id)} is already defined in ${before}`);
      windows.set(window.id, file.name);
      if (windows.size === MAX_WINDOWS + 1)
        file.report(
          [...base, "id"],
          `there are more than ${MAX_WINDOWS} windows over all files: every customer pays for them`,
        );
      for (const [e, type] of [window.event].flat().entries())
        if (!isEventType(type))
          file.report(
            typeof window.event === "string" ? [...base, "event"] : [...base, "event", e],
            `${JSON.stringify(type)} is no event type: up to 8 tokens of A-Z a-z 0-9 _ - joined by dots`,
          );
      const kinds = [
        ["when", "condition"],
        ["of", window.measure === "sum" ? "number" : "value"],
      ] as const;
      for (const [field, kind] of kinds) {
        const source = window[field];
        const problem = source === undefined ? undefined : checkExpression(source, kind, "event", "none");
        if (problem) file.report([...base, field], problem.cause, problem);
      }
    }
  }
}
