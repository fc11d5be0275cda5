/**
 * What ships with a build, at the start of a service. A fresh installation publishes its files, on record as published
 * by `installation`. Where people govern a journey, a new file is only a proposal: files never undo a release made by
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
import type { DefinitionsBucket } from "./definitions-bucket.js";
import { definitionText, digestOf, seal } from "./governance-chain.js";
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
  readonly journey: string;
  readonly version: number;
  readonly as: "published" | "proposed";
}

const MAX_ROUNDS = 12;
const WHY = "shipped with the build";

/**
 * Publishes or proposes the files' versions; answers what was new. Also relays the records that a crash held back.
 * Throws when a published version was changed.
 */
export async function installJourneys(
  bucket: DefinitionsBucket,
  clock: Clock,
  files: readonly JourneyDefinition[],
): Promise<readonly Installed[]> {
  const installed: Installed[] = [];
  for (const file of [...files].sort((a, b) => a.version - b.version))
    installed.push(...(await installOne(bucket, clock, file)));
  await relayHeads(bucket);
  return installed;
}

/** The newest record of every chain stands in the bucket: AUDIT has it, or gets it now. */
async function relayHeads(bucket: DefinitionsBucket): Promise<void> {
  for (const key of [...(await bucket.keys(definitionKeys.releases)), definitionKeys.controls]) {
    const entry = await bucket.get(key);
    if (entry) await bucket.relay(headOf.parse(JSON.parse(entry.text)).head);
  }
}

const headOf = releaseRecordV1.pick({ head: true });

async function installOne(
  bucket: DefinitionsBucket,
  clock: Clock,
  file: JourneyDefinition,
): Promise<readonly Installed[]> {
  const { id, version } = file;
  const key = definitionKeys.release(id);
  const text = definitionText(file);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const entry = await bucket.get(key);
    const stored = entry && releaseRecordV1.parse(JSON.parse(entry.text));
    const release: Release = stored ?? emptyRelease(id);
    const known = versionOf(release, version);
    if (release.governed && !(known && isPublished(known))) {
      if (known) return [];
      await bucket.replace(definitionKeys.proposal(id, version), text);
    } else {
      await store(bucket, file, text);
      if (known && isPublished(known)) return [];
      // Stored for the instances that run on it; a newer one is live.
      if (version < Math.max(0, ...release.live.map((l) => l.version))) return [];
    }
    const decision = decide(release, version, digestOf(text), clock.now());
    if (decision.kind !== "changed") return [];
    const { change } = decision;
    const head = seal(id, stored?.head, { at: clock.now(), by: INSTALLATION, why: WHY, change });
    const next: ReleaseRecord = { ...decision.next, revision: head.n, head };
    if (stored) await bucket.relay(stored.head);
    if ((await bucket.put(key, JSON.stringify(next), entry?.seq ?? 0)) === "conflict") continue;
    await bucket.relay(head);
    return [{ journey: id, version, as: change.kind === "published" ? "published" : "proposed" }];
  }
  throw new Error(`the release of ${id} kept changing while the files were installed: start again`);
}

function decide(release: Release, version: number, digest: string, at: number): Decision<Release> {
  const proposed = propose(release, { version, digest, by: INSTALLATION, why: WHY, at });
  if (proposed.kind !== "changed" || release.governed) return proposed;
  return publish(proposed.next, { version, by: INSTALLATION, at, percent: 100 });
}

async function store(bucket: DefinitionsBucket, file: JourneyDefinition, text: string): Promise<void> {
  const key = definitionKeys.journey(file.id, file.version);
  if ((await bucket.get(key))?.text === text) return;
  if ((await bucket.put(key, text, 0)) === "written" || (await bucket.get(key))?.text === text) return;
  throw new Error(
    `journey ${file.id} version ${file.version} is published already with another content: published versions are immutable. Give the changed file in journeys/ the next version number (a trial installation may begin anew instead: npm start -- --fresh)`,
  );
}
