/** Variables of an action's texts: what a text shows is declared, what is declared comes with some event. */
import type { ActionDefinition, CatalogueDefinition } from "#contracts";
import { fitsType, placeholdersOf } from "#domain";
import type { DefinitionFile, Path } from "./definition-file.js";
import { didYouMean } from "./suggestion.js";

/** `fields`: those that any event declares; left out when the events are not known. An action without variables is not checked. */
export function checkVariables(
  file: DefinitionFile<CatalogueDefinition>,
  path: Path,
  action: ActionDefinition,
  fields: ReadonlySet<string> | undefined,
): void {
  const { variables } = action;
  if (!variables) return;
  const names = Object.keys(variables);
  for (const [name, variable] of Object.entries(variables)) {
    const at = [...path, "variables", name];
    const field = name.split(".")[0]!;
    if (fields && !fields.has(field))
      file.report(at, `no event declares a field ${JSON.stringify(field)}: this variable would stay empty`, {
        key: true,
        suggestion: didYouMean(field, fields) ?? "declare it under data of its event in events/",
      });
    if (variable.required === true && variable.default !== undefined)
      file.report(
        [...at, "default"],
        "a required variable has no default: nothing is said without its value",
      );
    else if (!fitsType(variable))
      file.report(
        [...at, "default"],
        `${JSON.stringify(variable.default)} is no ${variable.type}${variable.type === "money" ? ": write minor units, a whole number" : ""}`,
      );
  }
  const shown = new Set<string>();
  for (const [t, treatment] of action.treatments.entries()) {
    for (const part of ["title", "body"] as const) {
      for (const { field, money, offset } of placeholdersOf(treatment[part])) {
        shown.add(field);
        const at = [...path, "treatments", t, part];
        if (!Object.hasOwn(variables, field))
          file.report(at, `{${field}} is not declared under variables`, {
            offset,
            suggestion: didYouMean(field, names) ?? `declare it: ${field}: { type: text }`,
          });
        else if (money && variables[field]!.type !== "money")
          file.report(at, `{${field}|money} is declared as ${variables[field]!.type}`, {
            offset,
            suggestion: "declare it as money",
          });
      }
    }
  }
  for (const name of names)
    if (!shown.has(name))
      file.warn([...path, "variables", name], `no text of ${action.id} shows {${name}}`, { key: true });
}
