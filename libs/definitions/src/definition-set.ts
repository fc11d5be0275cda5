/** All definitions below a folder, read and checked against each other. What is wrong stands in the files. */
import {
  catalogueV1,
  eventVocabularyV1,
  isEventType,
  journeyV1,
  modelV1,
  policyPackV1,
  signalsV1,
  type CatalogueDefinition,
  type EventVocabulary,
  type ExperimentDefinition,
  type FairnessDefinition,
  type JourneyDefinition,
  type ModelDefinition,
  type PolicyPackDefinition,
  type SignalsDefinition,
  type TableDefinition,
} from "#contracts";
import { isCountry, isRegion } from "#domain";
import { checkCatalogue } from "./catalogue-checks.js";
import type { Problem } from "./definition-error.js";
import { readDefinitionFiles, type FilesOfKind, type Source } from "./definition-file.js";
import { readExperiments, readFairness } from "./experiment-checks.js";
import { checkJourneys, type Surroundings } from "./journey-checks.js";
import { checkModels, checkModelsOfActions } from "./model-checks.js";
import { checkSignals } from "./signal-checks.js";
import { checkLookups, readTables, withTables, type Tables } from "./tables.js";

/** The folder of each kind, by what a file of it says as its `kind`. */
export const FOLDERS = {
  Journey: "journeys",
  Catalogue: "catalogue",
  PolicyPack: "policies",
  Events: "events",
  Model: "models",
  Signals: "signals",
  Table: "tables",
  Experiment: "experiments",
  Fairness: "fairness",
} as const;
export type DefinitionKind = keyof typeof FOLDERS;

export interface DefinitionSet {
  readonly journeys: FilesOfKind<JourneyDefinition>;
  readonly catalogue: FilesOfKind<CatalogueDefinition>;
  readonly policies: FilesOfKind<PolicyPackDefinition>;
  readonly events: FilesOfKind<EventVocabulary>;
  readonly signals: FilesOfKind<SignalsDefinition>;
  readonly models: FilesOfKind<ModelDefinition>;
  /** Their rows stand in the journeys and actions that read them. */
  readonly tables: FilesOfKind<TableDefinition>;
  readonly experiments: FilesOfKind<ExperimentDefinition>;
  readonly fairness: FilesOfKind<FairnessDefinition>;
  /** What the journeys were checked against. */
  readonly around: Surroundings;
}

export interface ReadOptions {
  /** Files from elsewhere, to be read with those of the folder. */
  readonly extra?: Readonly<Partial<Record<DefinitionKind, readonly Source[]>>>;
  /** Journeys that are published, for conflicts with them. */
  readonly published?: readonly JourneyDefinition[];
}

/** Reads and checks what is below `dir`. Never throws for what is wrong with a definition. */
export function readDefinitions(dir: string, { extra = {}, published }: ReadOptions = {}): DefinitionSet {
  const signals = readSignals(dir, extra.Signals);
  const windows = windowsOf(signals);
  const events = readEvents(dir, extra.Events);
  const {
    catalogue,
    files: tableFiles,
    tables,
  } = readCatalogueAndTables(dir, windows, fieldsOf(events), extra.Catalogue, extra.Table);
  const models = readModels(dir, windows, extra.Model, fieldsOf(events));
  checkModelsOfActions(catalogue.files, idsOf(models));
  const policies = readPolicies(dir, extra.PolicyPack);
  const journeys = readDefinitionFiles<JourneyDefinition>(dir, FOLDERS.Journey, journeyV1, extra.Journey);
  const around: Surroundings = {
    // Against a part that is only half there, every reference to the other half would be reported as well.
    actions: whole(catalogue) && new Map(valuesOf(catalogue).flatMap((c) => c.actions.map((a) => [a.id, a]))),
    purposes:
      whole(policies) && new Set(valuesOf(policies).flatMap((p) => p.rules.map((rule) => rule.purpose))),
    events:
      whole(events) &&
      new Set([
        ...valuesOf(events).flatMap((v) => v.events.map((e) => e.type)),
        ...valuesOf(signals).flatMap((s) => s.windows.flatMap((w) => w.event)),
      ]),
    fields:
      whole(events) &&
      new Map(
        valuesOf(events).flatMap((v) =>
          v.events.flatMap((e): [string, Set<string>][] =>
            e.data ? [[e.type, new Set(Object.keys(e.data))]] : [],
          ),
        ),
      ),
    windows,
    published,
    tables,
  };
  checkJourneys(journeys.files, around);
  const journeyIds = whole(journeys) && new Set(valuesOf(journeys).map((j) => j.id));
  return {
    journeys,
    catalogue,
    policies,
    events,
    signals,
    models,
    tables: { files: tableFiles, problems: [] },
    experiments: readExperiments(dir, { journeys: journeyIds, events: around.events }, extra.Experiment),
    fairness: readFairness(dir, journeyIds, extra.Fairness),
    around,
  };
}

/** `windows` as `windowsOf` gives them. */
export function readCatalogue(
  dir: string,
  windows: ReadonlySet<string> | undefined,
): FilesOfKind<CatalogueDefinition> {
  return readCatalogueAndTables(dir, windows, fieldsOf(readEvents(dir))).catalogue;
}

function readEvents(dir: string, extra?: readonly Source[]): FilesOfKind<EventVocabulary> {
  const events = readDefinitionFiles<EventVocabulary>(dir, FOLDERS.Events, eventVocabularyV1, extra);
  checkEvents(events);
  return events;
}

/** Every field that some event declares; `undefined` when the events are not known. */
function fieldsOf(events: FilesOfKind<EventVocabulary>): ReadonlySet<string> | undefined {
  return (
    whole(events) &&
    new Set(valuesOf(events).flatMap((v) => v.events.flatMap((e) => Object.keys(e.data ?? {}))))
  );
}

/** The actions read the tables, and the tables name actions. */
function readCatalogueAndTables(
  dir: string,
  windows: ReadonlySet<string> | undefined,
  fields: ReadonlySet<string> | undefined,
  extra?: readonly Source[],
  extraTables?: readonly Source[],
): {
  readonly catalogue: FilesOfKind<CatalogueDefinition>;
  readonly files: FilesOfKind<TableDefinition>["files"];
  readonly tables: Tables;
} {
  const catalogue = readDefinitionFiles<CatalogueDefinition>(dir, FOLDERS.Catalogue, catalogueV1, extra);
  checkCatalogue(catalogue.files, windows, fields);
  const actions = new Set(valuesOf(catalogue).flatMap((c) => c.actions.map((a) => a.id)));
  const { files, tables } = readTables(dir, whole(catalogue) && actions, extraTables);
  for (const file of catalogue.files) {
    checkLookups(file, tables);
    file.rewrite((definition) => withTables(definition, tables));
  }
  return { catalogue, files, tables };
}

/** A folder that is missing or empty declares no windows. */
export function readSignals(dir: string, extra?: readonly Source[]): FilesOfKind<SignalsDefinition> {
  const part = readDefinitionFiles<SignalsDefinition>(dir, FOLDERS.Signals, signalsV1, extra);
  checkSignals(part.files);
  return part.files.length > 0 ? part : { files: [], problems: [] };
}

/** A folder that is missing or empty declares no models. `windows` as `windowsOf` gives them; `fields`: those that some event declares. */
export function readModels(
  dir: string,
  windows: ReadonlySet<string> | undefined,
  extra?: readonly Source[],
  fields?: ReadonlySet<string>,
): FilesOfKind<ModelDefinition> {
  const part = readDefinitionFiles<ModelDefinition>(dir, FOLDERS.Model, modelV1, extra);
  checkModels(part.files, windows, fields);
  return part.files.length > 0 ? part : { files: [], problems: [] };
}

/** The ids of the models; `undefined` when something is wrong with them. */
export function idsOf(models: FilesOfKind<ModelDefinition>): ReadonlySet<string> | undefined {
  return whole(models) && new Set(valuesOf(models).map((m) => m.id));
}

/** The ids of the windows; `undefined` when something is wrong with them, and nothing can be checked against them. */
export function windowsOf(signals: FilesOfKind<SignalsDefinition>): ReadonlySet<string> | undefined {
  return whole(signals) && new Set(valuesOf(signals).flatMap((s) => s.windows.map((w) => w.id)));
}

/** The policy packs of a folder, checked; `extra` are read as if they stood in it. */
export function readPolicies(dir: string, extra?: readonly Source[]): FilesOfKind<PolicyPackDefinition> {
  const part = readDefinitionFiles<PolicyPackDefinition>(dir, FOLDERS.PolicyPack, policyPackV1, extra);
  checkPolicies(part);
  return part;
}

/** Problems of the files, or of the folder when there is no file. */
export function problemsOf(part: FilesOfKind<unknown>): readonly Problem[] {
  return [...part.problems, ...part.files.flatMap((f) => f.problems)];
}

/** What could be read of the files. */
export function valuesOf<T>(part: FilesOfKind<T>): T[] {
  return part.files.flatMap((f) => (f.value === undefined ? [] : [f.value]));
}

/** `true` when there is something and nothing is wrong with it; otherwise `undefined`. */
function whole(part: FilesOfKind<unknown>): true | undefined {
  return problemsOf(part).length === 0 ? true : undefined;
}

function checkPolicies({ files }: FilesOfKind<PolicyPackDefinition>): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    if (!file.value) continue;
    const before = seen.get(file.value.id);
    if (before)
      file.report(["id"], `policy pack ${JSON.stringify(file.value.id)} is already defined in ${before}`);
    else seen.set(file.value.id, file.name);
    const { appliesTo } = file.value;
    if (appliesTo && !appliesTo.countries && !appliesTo.regions)
      file.report(
        ["appliesTo"],
        "names no place, and the pack would apply nowhere: name countries or regions",
      );
    for (const country of appliesTo?.countries ?? [])
      if (!isCountry(country))
        file.report(["appliesTo", "countries"], `${country} is no country of ISO 3166-1`);
    for (const region of appliesTo?.regions ?? [])
      if (!isRegion(region))
        file.report(["appliesTo", "regions"], `${region} is no part of a country after ISO 3166-2`);
    for (const [i, rule] of file.value.rules.entries()) {
      for (const [k, { from, to }] of (rule.contactTimes?.open ?? []).entries())
        if (from >= to)
          file.report(
            ["rules", i, "contactTimes", "open", k],
            `from ${from} is not before to ${to}: times over midnight are two, until 24:00 and from 00:00`,
          );
      if (rule.spread !== undefined && !rule.quietHours && !rule.contactTimes)
        file.report(
          ["rules", i, "spread"],
          "the rule has no quietHours or contactTimes, so that it defers nothing",
        );
      if (rule.quietHours && rule.quietHours.from === rule.quietHours.to)
        file.report(["rules", i, "quietHours"], "from and to are the same time, which would never open");
    }
  }
}

function checkEvents({ files }: FilesOfKind<EventVocabulary>): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    for (const [i, { type }] of (file.value?.events ?? []).entries()) {
      const before = seen.get(type);
      if (before)
        file.report(["events", i, "type"], `event ${JSON.stringify(type)} is already declared in ${before}`);
      else seen.set(type, file.name);
      if (!isEventType(type))
        file.report(
          ["events", i, "type"],
          `${JSON.stringify(type)} is no event type: up to 8 tokens of A-Z a-z 0-9 _ - joined by dots`,
        );
    }
  }
}
