/** Validation for people: everything that is wrong, and everything that is allowed and looks like a mistake. */
import {
  catalogueV1,
  journeyV1,
  policyPackV1,
  type ActionDefinition,
  type CatalogueDefinition,
  type JourneyDefinition,
  type PolicyPackDefinition,
} from "#contracts";
import { byPlace, formatProblem, type Problem } from "./definition-error.js";
import { DefinitionFile, type FilesOfKind, type Source } from "./definition-file.js";
import {
  FOLDERS,
  problemsOf,
  readCatalogue,
  readDefinitions,
  readSignals,
  windowsOf,
  type DefinitionSet,
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

export interface PublicationValidation extends Validation {
  /** Present when it can be used; with the rows of the tables that it reads. */
  readonly definition: CatalogueDefinition | PolicyPackDefinition | undefined;
}

/**
 * One catalogue or policy pack (YAML or JSON) that is to be published, among the definitions of a folder: in place of the
 * file that has its id there. Also finds what would break by it: a journey whose action is gone.
 */
export function validatePublication(dir: string, { name, text }: Source): PublicationValidation {
  const kind = kindOf(text);
  const part = kind === "Catalogue" ? "catalogue" : "policies";
  const now = readDefinitions(dir);
  const alone =
    kind === "Catalogue"
      ? new DefinitionFile(name, text, catalogueV1)
      : new DefinitionFile(name, text, policyPackV1);
  if (!alone.value) return { definition: undefined, problems: byPlace(alone.problems), warnings: [] };
  const { id } = alone.value;
  const here = now[part].files.find((f) => f.value?.id === id)?.name ?? `${FOLDERS[kind]}/${id}.yaml`;
  const then = readDefinitions(dir, { extra: { [kind]: [{ name: here, text }] } });
  const own = then[part].files.find((f) => f.name === here)!;
  const before = new Set(allFiles(now).flatMap((f) => f.problems.map(formatProblem)));
  const broken = allFiles(then)
    .filter((f) => f !== own)
    .flatMap((f) => f.problems.filter((p) => !before.has(formatProblem(p))));
  const called = (p: Problem): Problem => ({ ...p, file: name });
  const problems = byPlace([...own.problems.map(called), ...broken]);
  return {
    definition: problems.length === 0 ? own.value : undefined,
    problems,
    warnings: byPlace(own.warnings.map(called)),
  };
}

function kindOf(text: string): "Catalogue" | "PolicyPack" {
  return /(?:^|[{,])\s*["']?kind["']?\s*:\s*["']?PolicyPack/m.test(text) ? "PolicyPack" : "Catalogue";
}

function allFiles(set: DefinitionSet): readonly DefinitionFile<unknown>[] {
  return [set.journeys, set.catalogue, set.policies, set.tables].flatMap(
    (p): readonly DefinitionFile<unknown>[] => p.files,
  );
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
