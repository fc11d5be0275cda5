/** Experiments and fairness monitors: read, and checked for what a schema cannot express. Their folders may be missing. */
import {
  experimentV1,
  fairnessV1,
  isEventType,
  SEGUE_SOURCE,
  type ExperimentDefinition,
  type FairnessDefinition,
} from "#contracts";
import {
  readDefinitionFiles,
  type DefinitionFile,
  type FilesOfKind,
  type Source,
} from "./definition-file.js";
import { checkExpression } from "./expressions.js";
import { didYouMean } from "./suggestion.js";

/** What experiments are checked against; `undefined` where that is not whole. */
export interface ExperimentSurroundings {
  readonly journeys?: ReadonlySet<string> | undefined;
  readonly events?: ReadonlySet<string> | undefined;
}

/** A folder that is missing or empty declares no experiments. */
export function readExperiments(
  dir: string,
  around: ExperimentSurroundings = {},
  extra?: readonly Source[],
): FilesOfKind<ExperimentDefinition> {
  const part = readDefinitionFiles<ExperimentDefinition>(dir, "experiments", experimentV1, extra);
  uniqueIds(part, "experiment");
  for (const file of part.files) {
    if (!file.value) continue;
    const { journeys = [], success } = file.value;
    checkJourneyNames(file, journeys, around.journeys);
    for (const [i, type] of [success.event].flat().entries()) {
      const path = typeof success.event === "string" ? ["success", "event"] : ["success", "event", i];
      if (!isEventType(type))
        file.report(path, `${JSON.stringify(type)} is no event type: up to 8 tokens joined by dots`);
      else if (/^(outcome|timer|moment)\./.test(type))
        file.report(
          path,
          `${type} only comes for customers who were told something: the control group would seem to fail. Name an event of the bank's systems, not one of source ${SEGUE_SOURCE}`,
        );
      else if (around.events && !around.events.has(type))
        file.warn(path, `no vocabulary in events/ declares ${JSON.stringify(type)}`, {
          suggestion: didYouMean(type, around.events),
        });
    }
    for (const [field, kind] of [
      ["when", "condition"],
      ["value", "number"],
    ] as const) {
      const source = success[field];
      if (source === undefined) continue;
      const problem = checkExpression(source, kind, "event", "none");
      if (problem) file.report(["success", field], problem.cause, problem);
      else if (/\bcontext\b/.test(source))
        file.report(["success", field], "is about the event alone: the context is not on record");
    }
  }
  return part.files.length > 0 ? part : { files: [], problems: [] };
}

/** A folder that is missing or empty declares no monitors. */
export function readFairness(
  dir: string,
  known?: ReadonlySet<string>,
  extra?: readonly Source[],
): FilesOfKind<FairnessDefinition> {
  const part = readDefinitionFiles<FairnessDefinition>(dir, "fairness", fairnessV1, extra);
  uniqueIds(part, "fairness monitor");
  for (const file of part.files) {
    const { bands = [], journeys = [] } = file.value ?? {};
    checkJourneyNames(file, journeys, known);
    if (bands.some((band, i) => i > 0 && band <= bands[i - 1]!)) file.report(["bands"], "must ascend");
  }
  return part.files.length > 0 ? part : { files: [], problems: [] };
}

function checkJourneyNames(
  file: DefinitionFile<unknown>,
  journeys: readonly string[],
  known: ReadonlySet<string> | undefined,
): void {
  for (const [i, journey] of journeys.entries())
    if (known && !known.has(journey))
      file.report(["journeys", i], `there is no journey ${JSON.stringify(journey)}`, {
        suggestion: didYouMean(journey, known),
      });
}

function uniqueIds({ files }: FilesOfKind<{ readonly id: string }>, what: string): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    if (!file.value) continue;
    const before = seen.get(file.value.id);
    if (before)
      file.report(["id"], `${what} ${JSON.stringify(file.value.id)} is already defined in ${before}`);
    else seen.set(file.value.id, file.name);
  }
}
