/**
 * How records name the catalogue and the policy packs that they were made with: version and content, so that years later
 * the very same definition is found (I9). Its text stands in the `definitions` bucket under a key of its own, for good.
 */

/** `<version>:<digest>`; the version alone where the content was not looked at. */
export function versionName(version: number, digest: string | undefined): string {
  return digest === undefined ? String(version) : `${version}:${digest}`;
}

/** Parts of a version's name, or `undefined` when it is not one. */
export function parseVersionName(name: string): { version: number; digest: string | undefined } | undefined {
  const m = /^(\d{1,9})(?::([A-Za-z0-9_-]{24}))?$/.exec(name);
  return m ? { version: Number(m[1]), digest: m[2] } : undefined;
}

export type ArchivedKind = "catalogue" | "policy" | "signals" | "experiment";

/** Key of an archived definition in the `definitions` bucket. */
export function archiveKey(kind: ArchivedKind, id: string, version: number, digest: string): string {
  return `${kind}.${id}.${version}.${digest}`;
}

/** Keys of every content that was in force: of a kind, of a definition, of one version of it. */
export function archiveKeys(kind: ArchivedKind, id = "*", version: number | "*" = "*"): string {
  return `${kind}.${id}.${version}.*`;
}
