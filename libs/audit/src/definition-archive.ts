/**
 * The archive of catalogues and policy packs: every content that a service ever started with, in the `definitions`
 * bucket, under id, version and digest. Nothing in it is ever changed, so that a decision is computed again years later
 * with the definitions of its day (I9); a content that was changed all the same no longer has its digest.
 */
import { Kvm, type KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { foldRelease, POLICY_PACKS, unreleased } from "#registry";
import {
  archiveKey,
  archiveKeys,
  catalogueV1,
  GOVERNANCE_STREAM,
  governanceRecordV1,
  parsePublishedName,
  experimentV1,
  parseVersionName,
  policyPackV1,
  signalsV1,
  subjects,
  type ArchivedKind,
  type CatalogueDefinition,
  type ExperimentDefinition,
  type JourneyRelease,
  type PolicyPackDefinition,
  type SignalsDefinition,
} from "#contracts";
import { textDigest } from "#definitions";
import { readFiltered } from "./stored-messages.js";

type Archived = CatalogueDefinition | PolicyPackDefinition | SignalsDefinition | ExperimentDefinition;

const KINDS = {
  Catalogue: "catalogue",
  PolicyPack: "policy",
  Signals: "signals",
  Experiment: "experiment",
} as const;

/** Puts what a service starts with into the archive. Throws when the archive holds another text under its digest. */
export async function archiveDefinitions(
  nc: NatsConnection,
  definitions: readonly Archived[],
  log: { warn(fields: object, message: string): void },
): Promise<void> {
  const kv = await bucket(nc);
  for (const definition of definitions) {
    const { id, version } = definition;
    const kind: ArchivedKind = KINDS[definition.kind];
    const text = JSON.stringify(definition);
    const key = archiveKey(kind, id, version, textDigest(text));
    const stored = await createOrRead(kv, key, text);
    if (stored !== text)
      throw new Error(
        `${key} in the bucket definitions is not what it was archived as: somebody has written to it. Restore the bucket before this service decides anything`,
      );
    const others = (await keysOf(kv, archiveKeys(kind, id, version))).filter((k) => k !== key);
    if (others.length > 0)
      log.warn(
        { kind, id, version, digests: others.map((k) => k.split(".").at(-1)) },
        `this ${kind} was in force before under the same version with another content; records tell them apart by their digests, people do not: give it the next version number`,
      );
  }
}

async function createOrRead(kv: KV, key: string, text: string): Promise<string> {
  const stored = await textAt(kv, key);
  if (stored !== undefined) return stored;
  try {
    await kv.create(key, text);
    return text;
  } catch (error) {
    const other = await textAt(kv, key);
    if (other === undefined) throw error;
    return other;
  }
}

/** A definition as a record names it, or why it cannot be had. */
export type Found<T> =
  | {
      readonly kind: "found";
      readonly definition: T;
      readonly digest: string;
      readonly notes: readonly string[];
    }
  | { readonly kind: "missing"; readonly problem: string };

/** What a decision record names: a catalogue, a policy pack or an experiment. */
export type Named = CatalogueDefinition | PolicyPackDefinition | ExperimentDefinition;

const SCHEMAS = { catalogue: catalogueV1, policy: policyPackV1, experiment: experimentV1 } as const;

/** The definition that a decision record names as `<kind>/<id>: <version name>`. */
export async function archived(
  nc: NatsConnection,
  kind: keyof typeof SCHEMAS,
  id: string,
  versionName: string,
): Promise<Found<Named>> {
  const missing = (problem: string): Found<Named> => ({
    kind: "missing",
    problem,
  });
  const named = parseVersionName(versionName);
  if (!named) return missing(`the record names no version of ${kind} ${id}: ${JSON.stringify(versionName)}`);
  const kv = await bucket(nc);
  const all = await keysOf(kv, archiveKeys(kind, id, named.version));
  const notes: string[] = [];
  let { digest } = named;
  if (digest === undefined) {
    if (all.length !== 1)
      return missing(
        `the record does not say with which content of ${kind} ${id} version ${named.version} it was made, and the archive holds ${all.length} of them`,
      );
    digest = all[0]!.split(".").at(-1)!;
    notes.push(
      `the record does not name the content of ${kind} ${id} version ${named.version}; the only one in the archive was taken`,
    );
  }
  const key = archiveKey(kind, id, named.version, digest);
  const text = await textAt(kv, key);
  if (text === undefined) {
    const others =
      all.length > 0 ? `; of this version it holds only ${all.join(", ")}: the definition was changed` : "";
    return missing(`the archive holds no ${key}${others}`);
  }
  if (textDigest(text) !== digest)
    return missing(`${key} was changed in the archive: its content has the digest ${textDigest(text)}`);
  if (all.length > 1)
    notes.push(
      `${kind} ${id} version ${named.version} has been in force with ${all.length} different contents; the one of the record (${digest}) was taken`,
    );
  const json: unknown = JSON.parse(text);
  return { kind: "found", definition: SCHEMAS[kind].parse(json), digest, notes };
}

/** The packs in force at a time (wall clock, epoch ms), by the records of their publication. */
export async function packsBy(nc: NatsConnection, wallMs: number): Promise<PolicyPackDefinition[]> {
  const releases = new Map<string, { release: JourneyRelease; digests: Map<number, string> }>();
  for await (const m of readFiltered(nc, GOVERNANCE_STREAM, subjects.auditOfPolicyPacks)) {
    if (m.storedAt > wallMs) break;
    const { journey, change } = governanceRecordV1.parse(JSON.parse(m.string()));
    const { release, digests } = releases.get(journey) ?? {
      release: unreleased(journey),
      digests: new Map(),
    };
    if (change.kind === "published") digests.set(change.version, change.digest);
    releases.set(journey, { release: foldRelease(release, change), digests });
  }
  const kv = await bucket(nc);
  if (releases.size === 0) return packsArchivedBy(kv, wallMs);
  const packs: PolicyPackDefinition[] = [];
  for (const [name, { release, digests }] of releases) {
    const version = release.live.find((l) => l.from <= wallMs)?.version;
    const digest = version === undefined ? undefined : digests.get(version);
    const id = parsePublishedName(name)?.id;
    if (version === undefined || digest === undefined || id === undefined) continue;
    const text = await textAt(kv, POLICY_PACKS.versionKey(id, version, digest));
    if (text !== undefined) packs.push(policyPackV1.parse(JSON.parse(text)));
  }
  return packs.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Of installations that ran before packs were published: the newest of every id that was archived by then. */
async function packsArchivedBy(kv: KV, wallMs: number): Promise<PolicyPackDefinition[]> {
  const newest = new Map<string, { at: number; pack: PolicyPackDefinition }>();
  for (const key of await keysOf(kv, archiveKeys("policy"))) {
    const entry = await kv.get(key);
    const at = entry?.created.getTime() ?? Infinity;
    if (entry?.operation !== "PUT" || at > wallMs) continue;
    const pack = policyPackV1.parse(entry.json());
    if (at >= (newest.get(pack.id)?.at ?? 0)) newest.set(pack.id, { at, pack });
  }
  return [...newest.values()].map((n) => n.pack).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Every content of the declared windows, with when it was archived (wall clock, epoch ms). */
export async function archivedSignals(
  nc: NatsConnection,
): Promise<{ at: number; value: SignalsDefinition }[]> {
  const kv = await bucket(nc);
  const found: { at: number; value: SignalsDefinition }[] = [];
  for (const key of await keysOf(kv, archiveKeys("signals"))) {
    const entry = await kv.get(key);
    if (entry?.operation === "PUT")
      found.push({ at: entry.created.getTime(), value: signalsV1.parse(entry.json()) });
  }
  return found;
}

function bucket(nc: NatsConnection): Promise<KV> {
  return new Kvm(nc).open("definitions");
}

/** A key that was deleted holds nothing. */
async function textAt(kv: KV, key: string): Promise<string | undefined> {
  const entry = await kv.get(key);
  return entry?.operation === "PUT" ? entry.string() : undefined;
}

async function keysOf(kv: KV, filter: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of await kv.keys(filter)) keys.push(key);
  return keys.sort();
}
