/**
 * The catalogues or policy packs in force: one version of each at any time, for all customers. Read from the bucket,
 * and followed as people publish and roll back; who decides asks by the time that it decides by.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import { releaseRecordV1, type ReleaseRecord } from "#contracts";
import type { DefinitionsBucket } from "./definitions-bucket.js";
import { digestOf } from "./governance-chain.js";
import type { Governed } from "./governed.js";
import { followKeys } from "./published.js";
import { versionOf } from "./release-changes.js";

/** What holds from a time on (Segue's clock, epoch ms), in order of time; the first from ever. */
export type InForce<D> = readonly { readonly from: number; readonly definitions: readonly D[] }[];

/** Something that depends on the time. */
export interface Timed<T> {
  at(time: number): T;
}

/** Builds something of what is in force, once per change of it. */
export function timed<D, T>(inForce: InForce<D>, build: (definitions: readonly D[]) => T): Timed<T> {
  const [first, ...later] = inForce.map(({ from, definitions }) => ({ from, value: build(definitions) }));
  if (!first) throw new Error("nothing is in force");
  if (later.length === 0) return { at: () => first.value };
  return { at: (time) => (later.findLast(({ from }) => from <= time) ?? first).value };
}

/** Throws when a version that was published is not there, or is not what was published. */
export async function readInForce<D extends { readonly id: string; readonly version: number }>(
  bucket: DefinitionsBucket,
  of: Governed<D>,
): Promise<InForce<D>> {
  const releases = await readReleases(bucket, of);
  const definitions = new Map<string, D>();
  for (const release of releases)
    for (const { version } of release.live)
      definitions.set(`${release.journey} ${version}`, await readVersion(bucket, of, release, version));
  const times = new Set(releases.flatMap((r) => r.live.map((l) => l.from)).filter((from) => from > 0));
  return [-Infinity, ...[...times].sort((a, b) => a - b)].map((from) => ({
    from,
    definitions: releases.flatMap(({ journey, live }) => {
      const version = live.find((l) => l.from === 0 || l.from <= from)?.version;
      const definition = version === undefined ? undefined : definitions.get(`${journey} ${version}`);
      return definition ? [definition] : [];
    }),
  }));
}

async function readReleases(
  bucket: DefinitionsBucket,
  of: Pick<Governed<never>, "releases">,
): Promise<ReleaseRecord[]> {
  const entries = await Promise.all((await bucket.keys(of.releases)).map((key) => bucket.get(key)));
  return entries.flatMap((entry) => (entry ? [releaseRecordV1.parse(JSON.parse(entry.text))] : []));
}

async function readVersion<D extends { readonly id: string; readonly version: number }>(
  bucket: DefinitionsBucket,
  of: Governed<D>,
  release: ReleaseRecord,
  version: number,
): Promise<D> {
  const digest = versionOf(release, version)?.digest ?? "";
  const id = release.journey.split("/").at(-1)!;
  const text = (await bucket.get(of.versionKey(id, version, digest)))?.text;
  if (text === undefined || digestOf(text) !== digest)
    throw new Error(
      `${release.journey} version ${version} ${text === undefined ? "is gone from" : "was changed in"} the bucket definitions: restore it, or publish another version`,
    );
  return of.schema.parse(JSON.parse(text));
}

/**
 * Calls `use` with what `read` says is in force whenever that has changed, until what it resolves with is called. `known`
 * is not told again. What cannot be read changes nothing: what was in force stays so, and `failed` is told.
 */
export function followInForce<D>(
  nc: NatsConnection,
  releases: string,
  read: () => Promise<InForce<D>>,
  known: InForce<D>,
  use: (inForce: InForce<D>) => void,
  failed: (error: Error) => void,
): Promise<() => void> {
  let told = JSON.stringify(known);
  return followKeys(
    nc,
    [releases],
    async () => {
      const inForce = await read();
      const text = JSON.stringify(inForce);
      if (text === told) return;
      use(inForce);
      told = text;
    },
    failed,
  );
}
