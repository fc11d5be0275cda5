/** Computes a decision again from its record, with the definitions of its day, and compares the bytes (I9). */
import type { NatsConnection } from "@nats-io/nats-core";
import {
  parseVersionName,
  type CatalogueDefinition,
  type DecisionRecord,
  type DecisionReplay,
  type DefinitionUsed,
  type ExperimentDefinition,
  type PolicyPackDefinition,
} from "#contracts";
import { catalogueOf, createExpressions, withExperiments } from "#definitions";
import { replayDecision, type Catalogue } from "#domain";
import { archived, packsBy } from "./definition-archive.js";
import type { DecisionFile } from "./decision-file.js";
import { firstDifference } from "./difference.js";

/** The definitions that a record names, out of the archive. */
export interface DefinitionsOfTheDay {
  readonly catalogue: Catalogue;
  readonly packs: readonly PolicyPackDefinition[];
  readonly used: readonly DefinitionUsed[];
  readonly notes: readonly string[];
  /** Why some of them cannot be had; then nothing can be computed with them. */
  readonly problems: readonly string[];
}

export async function definitionsOf(
  nc: NatsConnection,
  record: DecisionRecord,
  storedAt: number,
): Promise<DefinitionsOfTheDay> {
  const catalogues: CatalogueDefinition[] = [];
  const packs: PolicyPackDefinition[] = [];
  const experiments: ExperimentDefinition[] = [];
  const used: DefinitionUsed[] = [];
  const notes: string[] = [];
  const problems: string[] = [];
  for (const [key, name] of Object.entries(record.versions)) {
    const [kind, id = ""] = key.split("/");
    if (kind !== "catalogue" && kind !== "policy" && kind !== "experiment") {
      problems.push(`the record names ${JSON.stringify(key)}, which is no definition`);
      continue;
    }
    const found = await archived(nc, kind, id, name);
    if (found.kind === "missing") {
      problems.push(found.problem);
      continue;
    }
    const { definition } = found;
    if (definition.kind === "Catalogue") catalogues.push(definition);
    else if (definition.kind === "Experiment") experiments.push(definition);
    else packs.push(definition);
    used.push({ kind, id, version: definition.version, digest: found.digest });
    notes.push(...found.notes);
  }
  if (packs.length === 0 && problems.length === 0) {
    packs.push(...(await packsBy(nc, storedAt)));
    if (packs.length > 0)
      notes.push(
        `policy was not asked: no candidate was left. What would have been if one had been is computed with the packs that were in force: ${packs.map((p) => `${p.id} version ${p.version}`).join(", ")}`,
      );
  }
  // Named as the record names them: a schema of today may give an old definition defaults that its digest does not know.
  const catalogue = { ...catalogueOf(catalogues), versions: catalogueVersions(record) };
  return { catalogue: withExperiments(catalogue, experiments), packs, used, notes, problems };
}

function catalogueVersions({ versions }: DecisionRecord): Catalogue["versions"] {
  return Object.entries(versions).flatMap(([key, name]) => {
    const named = parseVersionName(name);
    if (!key.startsWith("catalogue/") || !named) return [];
    const { version, digest } = named;
    return [{ id: key.slice("catalogue/".length), version, ...(digest === undefined ? {} : { digest }) }];
  });
}

export async function replayFile(
  nc: NatsConnection,
  file: DecisionFile,
): Promise<{ replay: DecisionReplay; definitions: DefinitionsOfTheDay }> {
  const definitions = await definitionsOf(nc, file.record, file.storedAt);
  const { used, notes } = definitions;
  const problems = [...definitions.problems];
  const named = file.step?.entry.record;
  const chain = named === undefined ? "not-named" : named === file.sha256 ? "named" : "names-another";
  if (chain === "names-another")
    problems.push(
      `the record was changed: the audit chain names ${named}, what is stored has the SHA-256 ${file.sha256}`,
    );
  const base: Omit<DecisionReplay, "result" | "problems"> = {
    decisionId: file.decisionId,
    definitions: [...used],
    bytes: Buffer.byteLength(file.text),
    sha256: file.sha256,
    chain,
    notes: [...notes],
  };
  if (definitions.problems.length > 0)
    return { replay: { ...base, result: "impossible", problems }, definitions };
  let computed: DecisionRecord;
  try {
    computed = replayDecision(file.record, definitions.catalogue, createExpressions());
  } catch (error) {
    problems.push(`it cannot be computed from what the record says: ${(error as Error).message}`);
    return { replay: { ...base, result: "different", problems }, definitions };
  }
  const text = JSON.stringify(computed);
  if (text === file.text) return { replay: { ...base, result: "same", problems }, definitions };
  const difference = firstDifference(file.record, JSON.parse(text)) ?? { path: "(the order of the fields)" };
  return { replay: { ...base, result: "different", difference, problems }, definitions };
}
