/** Validation for people: everything that is wrong, and everything that is allowed and looks like a mistake. */
import { journeyV1, type ActionDefinition, type JourneyDefinition } from "#contracts";
import { byPlace, type Problem } from "./definition-error.js";
import { DefinitionFile, type FilesOfKind, type Source } from "./definition-file.js";
import {
  problemsOf,
  readCatalogue,
  readDefinitions,
  readSignals,
  windowsOf,
  type ReadOptions,
} from "./definition-set.js";
import { checkJourneys, type Surroundings } from "./journey-checks.js";

export interface Validation {
  /** What the services refuse as well; in order of file and line. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

export interface FolderValidation extends Validation {
  /** Names of the files that were read, relative to the folder. */
  readonly files: readonly string[];
}

/** Everything below a definitions folder, and files from elsewhere with it. A missing `events/` or `signals/` is no problem. */
export function validateDefinitions(dir: string, options: ReadOptions = {}): FolderValidation {
  const { journeys, catalogue, policies, signals, models, events, tables, experiments, fairness } =
    readDefinitions(dir, options);
  const parts = [
    journeys,
    catalogue,
    policies,
    signals,
    models,
    tables,
    experiments,
    fairness,
    ...(events.files.length > 0 ? [events] : []),
  ];
  const files = parts.flatMap((p): readonly DefinitionFile<unknown>[] => p.files);
  return {
    problems: byPlace(parts.flatMap(problemsOf)),
    warnings: byPlace(files.flatMap((f) => f.warnings)),
    files: files.map((f) => f.name),
  };
}

export interface JourneyValidation extends Validation {
  /** Present when the journey can be used. */
  readonly journey: JourneyDefinition | undefined;
}

/** One journey (YAML or JSON) that is in no folder yet, against what is around it. */
export function validateJourney({ name, text }: Source, around: Surroundings): JourneyValidation {
  const file = new DefinitionFile<JourneyDefinition>(name, text, journeyV1);
  checkJourneys([file], around);
  const problems = byPlace(file.problems);
  return {
    problems,
    warnings: byPlace(file.warnings),
    journey: problems.length === 0 ? file.value : undefined,
  };
}

/** What a journey is checked against in this folder: read once, and kept by whoever validates often. */
export function readSurroundings(dir: string): Surroundings {
  const { around, journeys } = readDefinitions(dir);
  return { ...around, published: valid(journeys) };
}

/** The journeys of a folder that can be used, in order of their files; those with problems are left out. */
export function readJourneys(dir: string): readonly JourneyDefinition[] {
  return valid(readDefinitions(dir).journeys);
}

function valid({ files }: FilesOfKind<JourneyDefinition>): readonly JourneyDefinition[] {
  return files.flatMap((f) => (f.value === undefined || f.problems.length > 0 ? [] : [f.value]));
}

/** The actions of all catalogues in a folder that can be used. */
export function readActions(dir: string): readonly ActionDefinition[] {
  return readCatalogue(dir, windowsOf(readSignals(dir))).files.flatMap((f) =>
    f.value === undefined || f.problems.length > 0 ? [] : f.value.actions,
  );
}
