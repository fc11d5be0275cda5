import { durationMs, type ActionDefinition, type CatalogueDefinition } from "#contracts";
import { textProblems, validityOf } from "#domain";
import type { DefinitionFile } from "./definition-file.js";
import { checkExpression } from "./expressions.js";
import { checkFieldsOfAnyEvent } from "./field-checks.js";
import { checkPromotion, PromotionalWords } from "./promotional-checks.js";
import { checkVariables } from "./variable-checks.js";

/** A server takes messages of 1 MB as it comes; the rows of tables are still to be put in. */
const MAX_BYTES = 900_000;
const CONDITIONS = ["eligibility", "applicability", "suitability"] as const;

/** Checks of the catalogue that a schema cannot express: expressions, texts, and what must be unique. `fields`: what events carry. */
export function checkCatalogue(
  files: readonly DefinitionFile<CatalogueDefinition>[],
  windows: ReadonlySet<string> | undefined,
  fields?: ReadonlySet<string>,
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
    const bytes = Buffer.byteLength(JSON.stringify(file.value));
    if (bytes > MAX_BYTES)
      file.report(
        [],
        `as JSON it has ${bytes} bytes, and one message of NATS holds no more than ${MAX_BYTES}: it could not be published`,
        { suggestion: "divide it into several catalogues, for example one per product" },
      );
    const words = new PromotionalWords(file.value.promotionalWords);
    for (const [i, action] of file.value.actions.entries()) {
      const before = actions.get(action.id);
      if (before)
        file.report(
          ["actions", i, "id"],
          `action ${JSON.stringify(action.id)} is already defined in ${before}`,
        );
      else actions.set(action.id, file.name);
      checkAction(file, i, action, windows, fields);
      checkLimits(file, i, action);
      checkVariables(file, ["actions", i], action, fields);
      checkPromotion(file, ["actions", i], action, words);
    }
  }
}

function checkAction(
  file: DefinitionFile<CatalogueDefinition>,
  index: number,
  action: ActionDefinition,
  windows: ReadonlySet<string> | undefined,
  fields: ReadonlySet<string> | undefined,
): void {
  const base = ["actions", index] as const;
  for (const field of CONDITIONS) {
    const source = action[field];
    if (source === undefined) continue;
    const problem = checkExpression(source, "condition", "event", windows);
    if (problem) file.report([...base, field], problem.cause, problem);
    else checkFieldsOfAnyEvent(file, source, [...base, field], fields);
  }
  for (const [w, { when }] of (action.contextWeights ?? []).entries()) {
    const problem = checkExpression(when, "condition", "event", windows);
    const path = [...base, "contextWeights", w, "when"];
    if (problem) file.report(path, problem.cause, problem);
    else checkFieldsOfAnyEvent(file, when, path, fields);
  }
  const told = new Set<string>();
  for (const [t, treatment] of action.treatments.entries()) {
    const { channel, language } = treatment;
    const key = `${channel} ${language?.toLowerCase() ?? ""}`;
    if (told.has(key)) {
      file.report(
        [...base, "treatments", t, "channel"],
        `a second treatment for channel ${channel}${language === undefined ? "" : ` in ${language}`}: an action has one per channel and language`,
      );
    }
    told.add(key);
    for (const field of ["title", "body"] as const) {
      for (const cause of textProblems(treatment[field]))
        file.report([...base, "treatments", t, field], cause);
    }
  }
}

/** Validity, quota and budget: what could never hold, or never be counted. */
function checkLimits(
  file: DefinitionFile<CatalogueDefinition>,
  index: number,
  action: ActionDefinition,
): void {
  const base = ["actions", index] as const;
  const { validity, budget, quota, cost = 0 } = action;
  if (validity) {
    const { from, until } = validityOf(action);
    for (const [field, at] of [
      ["from", from],
      ["until", until],
    ] as const)
      if (validity[field] !== undefined && !Number.isFinite(at))
        file.report([...base, "validity", field], `${JSON.stringify(validity[field])} is no date`);
    if (from >= until)
      file.report([...base, "validity"], "it ends before it begins: the action could never be said");
  }
  if (budget && cost === 0)
    file.report([...base, "budget"], "nothing is ever spent of it: the action has no cost", {
      suggestion: "say what saying it once costs, for example cost: 2.5, or give it a quota",
    });
  if (budget && cost > budget.amount)
    file.report([...base, "budget", "amount"], `${budget.amount} does not pay for one (cost ${cost})`);
  for (const [field, limit] of Object.entries({ quota, budget }))
    if (limit?.period !== undefined && durationMs(limit.period) > LONGEST_PERIOD_MS)
      file.report([...base, field, "period"], "a period is at most 366d; without one it counts for ever");
}

const LONGEST_PERIOD_MS = 366 * 86_400_000;
