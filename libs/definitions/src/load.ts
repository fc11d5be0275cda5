/** Reading the definitions that a service needs. Every loader reports all problems at once in one DefinitionError. */
import type {
  CatalogueDefinition,
  ExperimentDefinition,
  FairnessDefinition,
  JourneyDefinition,
  ModelDefinition,
  PolicyPackDefinition,
  SignalsDefinition,
} from "#contracts";
import type { Catalogue } from "#domain";
import { readExperiments, readFairness } from "./experiment-checks.js";
import { definitionDigest } from "./definition-digest.js";
import { DefinitionError, type Problem } from "./definition-error.js";
import {
  problemsOf,
  readCatalogue,
  readDefinitions,
  readModels,
  readPolicies,
  readSignals,
  valuesOf,
  windowsOf,
} from "./definition-set.js";

export interface Definitions {
  /** Every version that is there, in order of id and version. */
  readonly journeys: readonly JourneyDefinition[];
  readonly catalogue: Catalogue;
  readonly policyPacks: readonly PolicyPackDefinition[];
  readonly signals: readonly SignalsDefinition[];
  readonly models: readonly ModelDefinition[];
}

/** Everything below `dir`: `journeys/`, `catalogue/`, `policies/`, and `events/` and `signals/` where there are any. Throws DefinitionError. */
export function loadDefinitions(dir: string): Definitions {
  const { journeys, catalogue, policies, signals, models, events, tables, experiments, fairness } =
    readDefinitions(dir);
  const vocabularies = events.files.length > 0 ? [events] : [];
  refuse(
    [catalogue, journeys, policies, signals, models, tables, experiments, fairness, ...vocabularies].flatMap(
      problemsOf,
    ),
  );
  return {
    journeys: inOrder(valuesOf(journeys)),
    catalogue: withExperiments(catalogueOf(valuesOf(catalogue)), valuesOf(experiments)),
    policyPacks: valuesOf(policies).sort((a, b) => compare(a.id, b.id)),
    signals: valuesOf(signals).sort((a, b) => compare(a.id, b.id)),
    models: valuesOf(models).sort((a, b) => compare(a.id, b.id)),
  };
}

/** The journeys, checked against the other definitions beside them. Throws DefinitionError. */
export function loadJourneys(dir: string): readonly JourneyDefinition[] {
  const { journeys, catalogue, signals, tables } = readDefinitions(dir);
  refuse([catalogue, signals, tables, journeys].flatMap(problemsOf));
  return inOrder(valuesOf(journeys));
}

/** The actions of all catalogues. Throws DefinitionError. */
export function loadCatalogue(dir: string): Catalogue {
  const signals = readSignals(dir);
  const catalogue = readCatalogue(dir, windowsOf(signals));
  refuse([signals, catalogue].flatMap(problemsOf));
  return catalogueOf(valuesOf(catalogue));
}

/** The windows, in order of id; none where there is no `signals/`. Throws DefinitionError. */
export function loadSignals(dir: string): readonly SignalsDefinition[] {
  const signals = readSignals(dir);
  refuse(problemsOf(signals));
  return valuesOf(signals).sort((a, b) => compare(a.id, b.id));
}

/** The models, in order of id; none where there is no `models/`. Throws DefinitionError. */
export function loadModels(dir: string): readonly ModelDefinition[] {
  const signals = readSignals(dir);
  const models = readModels(dir, windowsOf(signals));
  refuse([signals, models].flatMap(problemsOf));
  return valuesOf(models).sort((a, b) => compare(a.id, b.id));
}

/** The catalogues themselves, in order of id. Throws DefinitionError. */
export function loadCatalogues(dir: string): readonly CatalogueDefinition[] {
  const signals = readSignals(dir);
  const catalogue = readCatalogue(dir, windowsOf(signals));
  refuse([signals, catalogue].flatMap(problemsOf));
  return valuesOf(catalogue).sort((a, b) => compare(a.id, b.id));
}

/** All actions of these catalogues. */
export function catalogueOf(catalogues: readonly CatalogueDefinition[]): Catalogue {
  const inOrder = [...catalogues].sort((a, b) => compare(a.id, b.id));
  const arbitration = inOrder.find((c) => c.arbitration)?.arbitration;
  return {
    actions: new Map(inOrder.flatMap((c) => c.actions.map((a) => [a.id, a] as const))),
    ...(arbitration ? { arbitration } : {}),
    versions: inOrder.map((c) => ({ id: c.id, version: c.version, digest: definitionDigest(c) })),
  };
}

/** The experiments, in order of id; none where there is no `experiments/`. Throws DefinitionError. */
export function loadExperiments(dir: string): readonly ExperimentDefinition[] {
  const experiments = readExperiments(dir);
  refuse(problemsOf(experiments));
  return valuesOf(experiments).sort((a, b) => compare(a.id, b.id));
}

/** The fairness monitors, in order of id; none where there is no `fairness/`. Throws DefinitionError. */
export function loadFairness(dir: string): readonly FairnessDefinition[] {
  const fairness = readFairness(dir);
  refuse(problemsOf(fairness));
  return valuesOf(fairness).sort((a, b) => compare(a.id, b.id));
}

/** The catalogue with the control groups of these experiments; as it is when there are none. */
export function withExperiments(
  catalogue: Catalogue,
  experiments: readonly ExperimentDefinition[],
): Catalogue {
  if (experiments.length === 0) return catalogue;
  const inOrder = [...experiments].sort((a, b) => compare(a.id, b.id));
  return { ...catalogue, experiments: inOrder.map((e) => ({ ...e, digest: definitionDigest(e) })) };
}

/** The policy packs, in order of id. Throws DefinitionError. */
export function loadPolicyPacks(dir: string): readonly PolicyPackDefinition[] {
  const policies = readPolicies(dir);
  refuse(problemsOf(policies));
  return valuesOf(policies).sort((a, b) => compare(a.id, b.id));
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new DefinitionError(problems);
}

function inOrder(journeys: JourneyDefinition[]): readonly JourneyDefinition[] {
  return journeys.sort((a, b) => compare(a.id, b.id) || a.version - b.version);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
