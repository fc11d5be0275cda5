/** Reading the definitions that a service needs. Every loader reports all problems at once in one DefinitionError. */
import {
  catalogueV1,
  journeyV1,
  policyPackV1,
  type CatalogueDefinition,
  type JourneyDefinition,
  type PolicyPackDefinition,
} from "#contracts";
import type { Catalogue } from "#domain";
import { checkCatalogue } from "./catalogue-checks.js";
import { definitionDigest } from "./definition-digest.js";
import { DefinitionError, type Problem } from "./definition-error.js";
import { readDefinitionFiles, type DefinitionFile } from "./definition-file.js";
import { checkJourneys } from "./journey-checks.js";

export interface Definitions {
  /** Every version that is there, in order of id and version. */
  readonly journeys: readonly JourneyDefinition[];
  readonly catalogue: Catalogue;
  readonly policyPacks: readonly PolicyPackDefinition[];
}

interface Part<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

/** Everything below `dir`: `journeys/`, `catalogue/`, `policies/`. Throws DefinitionError. */
export function loadDefinitions(dir: string): Definitions {
  const catalogue = readCatalogue(dir);
  const journeys = readJourneys(dir, catalogue);
  const policyPacks = readPolicyPacks(dir);
  refuse([...catalogue.problems, ...journeys.problems, ...policyPacks.problems]);
  return { journeys: journeys.value, catalogue: catalogue.value, policyPacks: policyPacks.value };
}

/** The journeys, checked against the catalogue beside them. Throws DefinitionError. */
export function loadJourneys(dir: string): readonly JourneyDefinition[] {
  const catalogue = readCatalogue(dir);
  const journeys = readJourneys(dir, catalogue);
  refuse([...catalogue.problems, ...journeys.problems]);
  return journeys.value;
}

/** The actions of all catalogues. Throws DefinitionError. */
export function loadCatalogue(dir: string): Catalogue {
  const { value, problems } = readCatalogue(dir);
  refuse(problems);
  return value;
}

/** The catalogues themselves, in order of id. Throws DefinitionError. */
export function loadCatalogues(dir: string): readonly CatalogueDefinition[] {
  const { files, problems } = readDefinitionFiles<CatalogueDefinition>(dir, "catalogue", catalogueV1);
  checkCatalogue(files);
  refuse(collect(files, problems));
  return valid(files).sort((a, b) => compare(a.id, b.id));
}

/** All actions of these catalogues. */
export function catalogueOf(catalogues: readonly CatalogueDefinition[]): Catalogue {
  const inOrder = [...catalogues].sort((a, b) => compare(a.id, b.id));
  return {
    actions: new Map(inOrder.flatMap((c) => c.actions.map((a) => [a.id, a] as const))),
    versions: inOrder.map((c) => ({ id: c.id, version: c.version, digest: definitionDigest(c) })),
  };
}

/** The policy packs, in order of id. Throws DefinitionError. */
export function loadPolicyPacks(dir: string): readonly PolicyPackDefinition[] {
  const { value, problems } = readPolicyPacks(dir);
  refuse(problems);
  return value;
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new DefinitionError(problems);
}

function readCatalogue(dir: string): Part<Catalogue> {
  const { files, problems } = readDefinitionFiles<CatalogueDefinition>(dir, "catalogue", catalogueV1);
  checkCatalogue(files);
  return { value: catalogueOf(valid(files)), problems: collect(files, problems) };
}

function readJourneys(dir: string, catalogue: Part<Catalogue>): Part<readonly JourneyDefinition[]> {
  const { files, problems } = readDefinitionFiles<JourneyDefinition>(dir, "journeys", journeyV1);
  // Against a catalogue that is only half there, every reference to the other half would be reported as well.
  checkJourneys(files, catalogue.problems.length === 0 ? catalogue.value.actions : undefined);
  const journeys = valid(files).sort((a, b) => compare(a.id, b.id) || a.version - b.version);
  return { value: journeys, problems: collect(files, problems) };
}

function readPolicyPacks(dir: string): Part<readonly PolicyPackDefinition[]> {
  const { files, problems } = readDefinitionFiles<PolicyPackDefinition>(dir, "policies", policyPackV1);
  const seen = new Map<string, string>();
  for (const file of files) {
    if (!file.value) continue;
    const before = seen.get(file.value.id);
    if (before)
      file.report(["id"], `policy pack ${JSON.stringify(file.value.id)} is already defined in ${before}`);
    else seen.set(file.value.id, file.name);
    for (const [i, rule] of file.value.rules.entries()) {
      if (rule.quietHours && rule.quietHours.from === rule.quietHours.to)
        file.report(["rules", i, "quietHours"], "from and to are the same time, which would never open");
    }
  }
  return { value: valid(files).sort((a, b) => compare(a.id, b.id)), problems: collect(files, problems) };
}

function valid<T>(files: readonly DefinitionFile<T>[]): T[] {
  return files.flatMap((f) => (f.value === undefined ? [] : [f.value]));
}

/** Problems of the files (those of the checks included), or of the folder when there is no file. */
function collect<T>(files: readonly DefinitionFile<T>[], ofFolder: readonly Problem[]): readonly Problem[] {
  return files.length > 0 ? files.flatMap((f) => f.problems) : ofFolder;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
