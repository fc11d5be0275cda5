import type { ActionDefinition, CatalogueDefinition } from "#contracts";
import { textProblems } from "#domain";
import type { DefinitionFile } from "./definition-file.js";
import { checkExpression } from "./expressions.js";

const CONDITIONS = ["eligibility", "applicability", "suitability"] as const;

/** Checks of the catalogue that a schema cannot express: expressions, texts, and what must be unique. */
export function checkCatalogue(
  files: readonly DefinitionFile<CatalogueDefinition>[],
  windows: ReadonlySet<string> | undefined,
): void {
  const catalogues = new Map<string, string>();
  const actions = new Map<string, string>();
  let arbitration: string | undefined;
  for (const file of files) {
    if (!file.value) continue;
    const elsewhere = catalogues.get(file.value.id);
    if (elsewhere)
      file.report(["id"], `catalogue ${JSON.stringify(file.value.id)} is also defined in ${elsewhere}`);
    catalogues.set(file.value.id, file.name);
    if (file.value.arbitration) {
      if (arbitration !== undefined)
        file.report(
          ["arbitration"],
          `arbitration is already defined in ${arbitration}: it holds for all catalogues, so that one of them has it`,
        );
      arbitration = file.name;
    }
    for (const [i, action] of file.value.actions.entries()) {
      const before = actions.get(action.id);
      if (before)
        file.report(
          ["actions", i, "id"],
          `action ${JSON.stringify(action.id)} is already defined in ${before}`,
        );
      else actions.set(action.id, file.name);
      checkAction(file, i, action, windows);
    }
  }
}

function checkAction(
  file: DefinitionFile<CatalogueDefinition>,
  index: number,
  action: ActionDefinition,
  windows: ReadonlySet<string> | undefined,
): void {
  const base = ["actions", index] as const;
  for (const field of CONDITIONS) {
    const source = action[field];
    const problem = source === undefined ? undefined : checkExpression(source, "condition", "event", windows);
    if (problem) file.report([...base, field], problem.cause, problem);
  }
  for (const [w, { when }] of (action.contextWeights ?? []).entries()) {
    const problem = checkExpression(when, "condition", "event", windows);
    if (problem) file.report([...base, "contextWeights", w, "when"], problem.cause, problem);
  }
  const channels = new Set<string>();
  for (const [t, treatment] of action.treatments.entries()) {
    if (channels.has(treatment.channel)) {
      file.report(
        [...base, "treatments", t, "channel"],
        `a second treatment for channel ${treatment.channel}: an action has one per channel`,
      );
    }
    channels.add(treatment.channel);
    for (const field of ["title", "body"] as const) {
      for (const cause of textProblems(treatment[field]))
        file.report([...base, "treatments", t, field], cause);
    }
  }
}
