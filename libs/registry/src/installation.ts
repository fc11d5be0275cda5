/**
 * What ships with a build, at the start of a service. A fresh installation publishes its files, on record as published
 * by `installation`. Where people govern a definition, a new file is only a proposal: files never undo a release made by
 * people.
 */
import {
  definitionKeys,
  INSTALLATION,
  releaseRecordV1,
  type JourneyDefinition,
  type ReleaseRecord,
} from "#contracts";
import type { Clock } from "#clock";
import { FOLDERS, type DefinitionKind } from "#definitions";
import type { DefinitionsBucket } from "./definitions-bucket.js";
import { definitionText, digestOf, seal } from "./governance-chain.js";
import { JOURNEYS, type Governed } from "./governed.js";
import {
  emptyRelease,
  isPublished,
  propose,
  publish,
  versionOf,
  type Decision,
  type Release,
} from "./release-changes.js";

export interface Installed {
  readonly id: string;
  readonly version: number;
  readonly as: "published" | "proposed";
}

const MAX_ROUNDS = 12;
const WHY = "shipped with the build";

type Definition = { readonly kind: string; readonly id: string; readonly version: number };

/**
 * Publishes or proposes the files' versions; answers what was new. Also relays the records that a crash held back.
 * Throws when a published version was changed.
 */
export async function installDefinitions<D extends Definition>(
  bucket: DefinitionsBucket,
  clock: Clock,
  of: Governed<D>,
  files: readonly D[],
): Promise<readonly Installed[]> {
  const installed: Installed[] = [];
  for (const file of [...files].sort((a, b) => a.version - b.version))
    installed.push(...(await installOne(bucket, clock, of, file)));
  for (const key of [...(await bucket.keys(of.releases)), definitionKeys.controls])
    await relayHead(bucket, key);
  return installed;
}

export function installJourneys(
  bucket: DefinitionsBucket,
  clock: Clock,
  files: readonly JourneyDefinition[],
): Promise<readonly Installed[]> {
  return installDefinitions(bucket, clock, JOURNEYS, files);
}

/** The newest record of every chain stands in the bucket: AUDIT has it, or gets it now. */
async function relayHead(bucket: DefinitionsBucket, key: string): Promise<void> {
  const entry = await bucket.get(key);
  if (entry) await bucket.relay(headOf.parse(JSON.parse(entry.text)).head);
}

const headOf = releaseRecordV1.pick({ head: true });

async function installOne<D extends Definition>(
  bucket: DefinitionsBucket,
  clock: Clock,
  of: Governed<D>,
  file: D,
): Promise<readonly Installed[]> {
  const { id, version } = file;
  const name = of.name(id);
  const key = of.releaseKey(id);
  const text = definitionText(file);
  const digest = digestOf(text);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const entry = await bucket.get(key);
    const stored = entry && releaseRecordV1.parse(JSON.parse(entry.text));
    const release: Release = stored ?? emptyRelease(name);
    const known = versionOf(release, version);
    if (known && isPublished(known)) {
      if (known.digest === digest || (await isReadAs(bucket, of, file, known.digest))) return [];
      throw changedSince(of, file);
    }
    if (release.governed) {
      if (known) return [];
      await bucket.replace(of.proposalKey(id, version), text);
    } else {
      await store(bucket, of, file, text);
      // Stored for whoever was begun with it; a newer one is live.
      if (version < Math.max(0, ...release.live.map((l) => l.version))) return [];
    }
    const decision = decide(release, version, digest, clock.now());
    if (decision.kind !== "changed") return [];
    const { change } = decision;
    const head = seal(name, stored?.head, { at: clock.now(), by: INSTALLATION, why: WHY, change });
    const next: ReleaseRecord = { ...decision.next, revision: head.n, head };
    if (stored) await bucket.relay(stored.head);
    if ((await bucket.put(key, JSON.stringify(next), entry?.seq ?? 0)) === "conflict") continue;
    await bucket.relay(head);
    return [{ id, version, as: change.kind === "published" ? "published" : "proposed" }];
  }
  throw new Error(`the release of ${name} kept changing while the files were installed: start again`);
}

function decide(release: Release, version: number, digest: string, at: number): Decision<Release> {
  const proposed = propose(release, { version, digest, by: INSTALLATION, why: WHY, at });
  if (proposed.kind !== "changed" || release.governed) return proposed;
  return publish(proposed.next, { version, by: INSTALLATION, at, percent: 100 });
}

/** A build that knows more fields reads the same file as another text: with the defaults of those fields. */
async function isReadAs<D extends Definition>(
  bucket: DefinitionsBucket,
  of: Governed<D>,
  file: D,
  digest: string,
): Promise<boolean> {
  const stored = await bucket.get(of.versionKey(file.id, file.version, digest));
  const read = stored && of.schema.safeParse(JSON.parse(stored.text));
  return read?.success === true && definitionText(read.data) === definitionText(file);
}

async function store<D extends Definition>(
  bucket: DefinitionsBucket,
  of: Governed<D>,
  file: D,
  text: string,
): Promise<void> {
  const key = of.versionKey(file.id, file.version, digestOf(text));
  if ((await bucket.get(key))?.text === text) return;
  if ((await bucket.put(key, text, 0)) === "written" || (await bucket.get(key))?.text === text) return;
  throw changedSince(of, file);
}

function changedSince<D extends Definition>({ noun }: Governed<D>, { kind, id, version }: D): Error {
  const folder = kind in FOLDERS ? FOLDERS[kind as DefinitionKind] : noun;
  return new Error(
    `${noun} ${id} version ${version} is published already with another content: published versions are immutable. Give the changed file in ${folder}/ the next version number (a trial installation may begin anew instead: npm start -- --fresh)`,
  );
}
