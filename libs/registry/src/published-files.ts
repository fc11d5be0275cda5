/**
 * Catalogues or policy packs for a service that works with them: publishes what ships with its build, builds what it needs of
 * what is in force, and builds it anew with every publication, without a restart. What cannot be read or built leaves in
 * force what was.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "#clock";
import { DefinitionsBucket } from "./definitions-bucket.js";
import { definitionText, digestOf } from "./governance-chain.js";
import type { Governed } from "./governed.js";
import { followInForce, readInForce, timed, type InForce, type Timed } from "./in-force.js";
import { installDefinitions } from "./installation.js";

export interface PublishedFilesOptions<D extends Definition> {
  readonly nc: NatsConnection;
  readonly clock: Clock;
  readonly of: Governed<D>;
  /** What ships with this build. */
  readonly files: readonly D[];
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}
type Definition = { readonly kind: string; readonly id: string; readonly version: number };

/** Throws when a published version was changed, or when what is in force now cannot be built. */
export async function publishedFiles<D extends Definition, T>(
  { nc, clock, of, files, log }: PublishedFilesOptions<D>,
  build: (definitions: readonly D[]) => T,
): Promise<Timed<T> & { stop(): void }> {
  const bucket = new DefinitionsBucket(nc);
  for (const { id, version, as } of await installDefinitions(bucket, clock, of, files)) {
    const name = of.name(id);
    if (as === "published") log.info({ name, version }, "published by the installation");
    else
      log.warn(
        { name, version },
        `people have released this ${of.noun}: the version of this build's file is a proposal, for somebody to publish (segue publish)`,
      );
  }
  const read = async (): Promise<InForce<D>> => {
    const inForce = await readInForce(bucket, of);
    await archiveAsRead(bucket, of, inForce);
    return inForce;
  };
  const known = await read();
  tellOfNewer(known, files, of, log);
  let current = timed(known, build);
  const stop = await followInForce(
    nc,
    of.releases,
    read,
    known,
    (inForce) => {
      current = timed(inForce, build);
      const names = inForce.at(-1)!.definitions.map((d) => `${of.name(d.id)}@${d.version}`);
      log.info({ inForce: names }, "another version is in force");
    },
    (error) =>
      log.warn(
        { error: error.message },
        `what was published of ${of.noun}s cannot be used, so that what was in force stays so; it is tried again`,
      ),
  );
  return { at: (time) => current.at(time), stop };
}

/** What records will name must be found again (I9), also what another build has published and this one reads with more fields. */
async function archiveAsRead<D extends Definition>(
  bucket: DefinitionsBucket,
  of: Governed<D>,
  inForce: InForce<D>,
): Promise<void> {
  for (const definition of new Set(inForce.flatMap((i) => i.definitions))) {
    const text = definitionText(definition);
    const key = of.versionKey(definition.id, definition.version, digestOf(text));
    if (!(await bucket.get(key))) await bucket.put(key, text, 0);
  }
}

function tellOfNewer<D extends Definition>(
  known: InForce<D>,
  files: readonly D[],
  of: Governed<D>,
  log: PublishedFilesOptions<D>["log"],
): void {
  for (const { id, version } of known[0]!.definitions) {
    const own = files.find((f) => f.id === id)?.version;
    if (own !== undefined && own < version)
      log.warn(
        { name: of.name(id), version: own, inForce: version },
        "a newer version is published than this build's file has; that one is in force",
      );
  }
}
