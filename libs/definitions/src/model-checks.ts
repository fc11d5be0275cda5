/** Checks of models that a schema cannot express: expressions, protected attributes, and what must be unique. */
import { isProtected, protectedWordIn, type CatalogueDefinition, type ModelDefinition } from "#contracts";
import { attributesIn } from "./attribute-uses.js";
import type { DefinitionFile } from "./definition-file.js";
import { checkExpression, type ExpressionKind } from "./expressions.js";
import { checkFieldsOfAnyEvent } from "./field-checks.js";
import { didYouMean } from "./suggestion.js";

const KINDS: Readonly<Record<string, ExpressionKind>> = {
  number: "number",
  category: "value",
  flag: "condition",
};

/** Notes the problems of models in their files. `windows`: those declared, `undefined` when they cannot be known. */
export function checkModels(
  files: readonly DefinitionFile<ModelDefinition>[],
  windows: ReadonlySet<string> | undefined,
  fields?: ReadonlySet<string>,
): void {
  const models = new Map<string, string>();
  for (const file of files) {
    const model = file.value;
    if (!model) continue;
    const elsewhere = models.get(model.id);
    if (elsewhere) file.report(["id"], `model ${JSON.stringify(model.id)} is also defined in ${elsewhere}`);
    models.set(model.id, file.name);
    for (const [name, feature] of Object.entries(model.features)) {
      const path = ["features", name] as const;
      const problem = checkExpression(feature.of, KINDS[feature.kind]!, "event", windows);
      if (problem) {
        file.report([...path, "of"], problem.cause, problem);
        continue;
      }
      checkFieldsOfAnyEvent(file, feature.of, [...path, "of"], fields);
      const word = protectedWord(name, model.protected);
      if (word !== undefined) file.report(path, protectedCause(name, word), { ...ADVICE, key: true });
      for (const use of attributesIn(feature.of)) {
        const inside = use.name === undefined ? undefined : protectedWord(use.name, model.protected);
        if (use.name === undefined)
          file.report(
            [...path, "of"],
            "a feature names the fields it reads, so that it can be seen that none is protected",
            {
              offset: use.offset,
              suggestion: "write context.attributes.balanceMinor or event.data.amountMinor",
            },
          );
        else if (inside !== undefined)
          file.report([...path, "of"], protectedCause(use.name, inside), { ...ADVICE, offset: use.offset });
      }
    }
    for (const [i, input] of (model.source?.kind === "onnx" ? model.source.inputs : []).entries()) {
      const path = ["source", "inputs", i];
      const feature = Object.hasOwn(model.features, input) ? model.features[input] : undefined;
      if (!feature)
        file.report(path, `${JSON.stringify(input)} is no feature of this model`, {
          suggestion: didYouMean(input, Object.keys(model.features)),
        });
      else if (feature.kind === "category")
        file.report(path, `${JSON.stringify(input)} is a text, a column holds numbers`, {
          suggestion: "make it a flag per value",
        });
    }
  }
}

/** An action with a model says what to start from, and the model is there. `models`: ids; left out when they are not known. */
export function checkModelsOfActions(
  files: readonly DefinitionFile<CatalogueDefinition>[],
  models: ReadonlySet<string> | undefined,
): void {
  for (const file of files)
    for (const [i, action] of (file.value?.actions ?? []).entries()) {
      if (action.model === undefined) continue;
      if (models && !models.has(action.model))
        file.report(["actions", i, "model"], `there is no model ${JSON.stringify(action.model)} in models/`, {
          suggestion: didYouMean(action.model, models),
        });
      if (!action.prior)
        file.report(["actions", i, "model"], "an action with a model says what it starts from", {
          suggestion: "add prior: { propensity: 0.05 }, the share of customers expected to respond",
        });
    }
}

const ADVICE = {
  suggestion:
    "models never go by protected attributes; name it otherwise if it is none, such as tenureDays for the time that an account has been held",
};

function protectedCause(name: string, word: string): string {
  return `${JSON.stringify(name)} is a protected attribute (${word})`;
}

/** What a name says that no model may go by: a protected attribute, or one that this model names beside them. */
function protectedWord(name: string, more: readonly string[]): string | undefined {
  return protectedWordIn(name) ?? (isProtected(name) ? name : more.find((m) => plain(m) === plain(name)));
}

/** Without case, hyphens and underscores. */
const plain = (name: string): string => name.replace(/[-_]/g, "").toLowerCase();
