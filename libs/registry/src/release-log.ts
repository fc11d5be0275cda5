/**
 * Releases of one kind of definition under governance. Owns their release, proposal and version records in the bucket
 * `definitions`, and their chains in AUDIT.
 *
 * 1. Every change is decided on the record as it stands and written by compare-and-set: of two changes at one time the
 *    second is decided again on what the first left.
 * 2. The record of a change is written with the change, and relayed to AUDIT afterwards; whoever changes (or starts)
 *    next relays what a crash held back. So no change is without its record.
 * 3. A version is stored before a release names it, and is never written twice.
 */
import {
  releaseRecordV1,
  type GovernanceRecord,
  type JourneyDefinition,
  type ReleaseRecord,
} from "#contracts";
import type { Clock } from "#clock";
import type { DefinitionsBucket } from "./definitions-bucket.js";
import { definitionText, digestOf, seal } from "./governance-chain.js";
import type { Governed } from "./governed.js";
import {
  emptyRelease,
  isPublished,
  propose,
  publish,
  publishRefusal,
  refused,
  rollback,
  versionOf,
  type Decision,
  type Refused,
  type Release,
} from "./release-changes.js";

/** What is wrong with a definition, one line each; empty when nothing is. */
export type Check<D> = (definition: D) => readonly string[];

/** The gate before a publication: what is wrong with what this version would do, against the one that is live now. */
export type Gate<D = JourneyDefinition> = (
  definition: D,
  live: D | undefined,
) => readonly string[] | Promise<readonly string[]>;

export interface ReleasePorts<D> {
  readonly bucket: DefinitionsBucket;
  readonly clock: Clock;
  readonly check: Check<D>;
}

/** Who does it and why. */
export interface By {
  readonly by: string;
  readonly why: string;
  /** Only when the release still has this revision. */
  readonly expectRevision?: number | undefined;
}

export type Result<T> =
  | { readonly kind: "changed"; readonly now: T; readonly record: GovernanceRecord }
  | { readonly kind: "unchanged"; readonly now: T; readonly detail: string }
  | Refused;
export type ReleaseResult = Result<ReleaseRecord>;

export interface PublishWishes<D> extends By {
  readonly version: number;
  /** 1 to 100; default 100. */
  readonly percent?: number | undefined;
  /** Segue's clock, epoch ms; default at once. */
  readonly from?: number | undefined;
  /** Without one, the record says that none was asked. */
  readonly gate?: Gate<D> | undefined;
}

/** So often a change is decided anew because somebody else was quicker. */
export const MAX_ROUNDS = 12;

export class ReleaseLog<D extends { readonly id: string; readonly version: number }> {
  readonly #of: Governed<D>;
  readonly #ports: ReleasePorts<D>;

  constructor(of: Governed<D>, ports: ReleasePorts<D>) {
    this.#of = of;
    this.#ports = ports;
  }

  /** In order of id. */
  async releases(): Promise<ReleaseRecord[]> {
    const { bucket } = this.#ports;
    const keys = await bucket.keys(this.#of.releases);
    const all = await Promise.all(keys.map((key) => bucket.get(key)));
    return all.flatMap((entry) => (entry ? [releaseRecordV1.parse(JSON.parse(entry.text))] : []));
  }

  async release(id: string): Promise<ReleaseRecord | undefined> {
    const entry = await this.#ports.bucket.get(this.#of.releaseKey(id));
    return entry && releaseRecordV1.parse(JSON.parse(entry.text));
  }

  /** A version, published or proposed. */
  async definition(id: string, version: number): Promise<D | undefined> {
    const release = await this.release(id);
    const digest = (release && versionOf(release, version)?.digest) ?? "";
    const text =
      (await this.#text(id, version, digest, true)) ?? (await this.#text(id, version, digest, false));
    return text === undefined ? undefined : this.#of.schema.parse(JSON.parse(text));
  }

  /** Everything that was done to it, oldest first. */
  history(id: string): Promise<GovernanceRecord[]> {
    return this.#ports.bucket.chain(this.#of.name(id));
  }

  /** Stores a version as a proposal; checks say no. */
  async propose(definition: D, by: By): Promise<ReleaseResult> {
    const { bucket, clock, check } = this.#ports;
    const { id, version } = definition;
    const problems = check(definition);
    if (problems.length > 0) return this.#invalid(definition, problems);
    // As it will be read: records name the content by its digest.
    const text = definitionText(this.#of.schema.parse(definition));
    const wish = { version, digest: digestOf(text), by: by.by, why: by.why, at: clock.now() };
    return this.change(id, by, "new", async (release) => {
      const decision = propose(release, wish);
      // Before the release names it: a publication that meets another text than the named one is refused.
      if (decision.kind === "changed") await bucket.replace(this.#of.proposalKey(id, version), text);
      return decision;
    });
  }

  /** Makes a proposed version live, or widens the share of the newest one. */
  async publish(id: string, wishes: PublishWishes<D>): Promise<ReleaseResult> {
    const { bucket, clock, check } = this.#ports;
    const { gate } = wishes;
    const wish = { ...wishes, percent: wishes.percent ?? 100, at: clock.now(), gated: gate !== undefined };
    const name = this.#of.name(id);
    /** The gate takes its time; it judges one content once. */
    let judged: string | undefined;
    return this.change(id, wishes, "known", async (release) => {
      const refusal = publishRefusal(release, wish);
      if (refusal) return refusal;
      const entry = versionOf(release, wish.version)!;
      const decision = publish(release, wish);
      if (decision.kind !== "changed" || decision.change.kind !== "published") return decision;
      const text = await this.#text(id, wish.version, entry.digest, isPublished(entry));
      if (text === undefined || digestOf(text) !== entry.digest)
        return refused(
          "changed_meanwhile",
          `version ${wish.version} of ${name} is being proposed anew: look at it again before you approve it`,
        );
      const definition = this.#of.schema.parse(JSON.parse(text));
      const problems = check(definition);
      if (problems.length > 0) return this.#invalid(definition, problems);
      if (gate && judged !== entry.digest) {
        const live = release.live[0];
        const broken = await gate(definition, live && (await this.definition(id, live.version)));
        if (broken.length > 0)
          return refused(
            "gate_failed",
            `the simulation of ${name} version ${wish.version} breaks the gate's limits`,
            broken,
          );
        judged = entry.digest;
      }
      const key = this.#of.versionKey(id, wish.version, entry.digest);
      if ((await bucket.put(key, text, 0)) === "conflict" && (await bucket.get(key))?.text !== text)
        return refused(
          "version_taken",
          `${name} version ${wish.version} is stored already with another content: give the file another version`,
        );
      return decision;
    });
  }

  /** One person may do it. */
  rollback(id: string, wish: By & { readonly version?: number | undefined }): Promise<ReleaseResult> {
    return this.change(id, wish, "known", (release) => rollback(release, wish));
  }

  /** Decides on the release as it stands, and writes what was decided with its record. */
  async change(
    id: string,
    by: By,
    which: "known" | "new",
    decide: (release: Release) => Decision<Release> | Promise<Decision<Release>>,
  ): Promise<ReleaseResult> {
    const { bucket, clock } = this.#ports;
    const key = this.#of.releaseKey(id);
    const name = this.#of.name(id);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const entry = await bucket.get(key);
      const stored = entry && releaseRecordV1.parse(JSON.parse(entry.text));
      if (!stored && which === "known") return this.unknown(id);
      if (by.expectRevision !== undefined && (stored?.revision ?? 0) !== by.expectRevision)
        return meanwhile(stored ?? { journey: name, revision: 0 });
      const decision = await decide(stored ?? emptyRelease(name));
      if (decision.kind === "refused") return decision;
      if (decision.kind === "unchanged") {
        if (!stored) throw new Error("nothing was unchanged");
        return { ...decision, now: stored };
      }
      const { change } = decision;
      const record = seal(name, stored?.head, { at: clock.now(), by: by.by, why: by.why, change });
      const next: ReleaseRecord = { ...decision.next, revision: record.n, head: record };
      if (await writeWithRecord(bucket, key, next, entry?.seq ?? 0, stored?.head))
        return { kind: "changed", now: next, record };
    }
    throw new Error(`${name} kept changing while it was being changed: try again`);
  }

  unknown(id: string): Refused {
    const { noun, listedBy, unknown } = this.#of;
    return refused(unknown, `there is no ${noun} ${JSON.stringify(id)}: ${listedBy} lists them`);
  }

  async #text(id: string, version: number, digest: string, published: boolean): Promise<string | undefined> {
    const key = published ? this.#of.versionKey(id, version, digest) : this.#of.proposalKey(id, version);
    return (await this.#ports.bucket.get(key))?.text;
  }

  #invalid({ id, version }: D, problems: readonly string[]): Refused {
    return refused(
      "invalid_definition",
      `${this.#of.name(id)} version ${version} does not pass the checks`,
      problems,
    );
  }
}

/** Writes what was changed together with the record of the change. False when somebody else was quicker. */
export async function writeWithRecord(
  bucket: DefinitionsBucket,
  key: string,
  next: { readonly head: GovernanceRecord },
  seq: number,
  before: GovernanceRecord | undefined,
): Promise<boolean> {
  if (before) await bucket.relay(before);
  const text = JSON.stringify(next);
  // After an acknowledgement that was lost, our own write looks like somebody else's.
  if ((await bucket.put(key, text, seq)) === "conflict" && (await bucket.get(key))?.text !== text)
    return false;
  await bucket.relay(next.head);
  return true;
}

/** The refusal of a change that was asked for on a revision that is no longer the newest. */
export function meanwhile({ journey, revision }: Pick<ReleaseRecord, "journey" | "revision">): Refused {
  return refused(
    "changed_meanwhile",
    `${journey} has revision ${revision} by now: look again before you change it`,
  );
}
