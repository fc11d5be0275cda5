/**
 * Journeys under governance. Owns `release.<id>`, `proposal.<id>.<version>`, `journey.<id>.<version>` and `control` of
 * the bucket `definitions`, and the chains `audit.journey.<id>` and `audit.control`.
 *
 * 1. Every change is decided on the record as it stands and written by compare-and-set: of two changes at one time the
 *    second is decided again on what the first left.
 * 2. The record of a change is written with the change, and relayed to AUDIT afterwards; whoever changes (or starts)
 *    next relays what a crash held back. So no change is without its record.
 * 3. A version is stored before a release names it, and is never written twice.
 */
import {
  controlsRecordV1,
  definitionKeys,
  journeyV1,
  NO_CONTROLS,
  releaseRecordV1,
  type Controls,
  type ControlsRecord,
  type GovernanceRecord,
  type JourneyDefinition,
  type Migration,
  type ReleaseRecord,
  type StopTarget,
} from "#contracts";
import type { Clock } from "#clock";
import { checkMigration } from "#domain";
import { switchSends } from "./control-changes.js";
import type { DefinitionsBucket } from "./definitions-bucket.js";
import { definitionText, digestOf, seal, type Deed } from "./governance-chain.js";
import {
  changeState,
  emptyRelease,
  isPublished,
  migrate,
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
export type Check = (definition: JourneyDefinition) => readonly string[];

/** The gate of simulation: what is wrong with what this version would do, against the one that is live now. */
export type Gate = (
  definition: JourneyDefinition,
  live: JourneyDefinition | undefined,
) => readonly string[] | Promise<readonly string[]>;

export interface RegistryPorts {
  readonly bucket: DefinitionsBucket;
  readonly clock: Clock;
  readonly check: Check;
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
export type ControlsResult = Result<Controls>;

export interface PublishWishes extends By {
  readonly version: number;
  /** 1 to 100; default 100. */
  readonly percent?: number | undefined;
  /** Segue's clock, epoch ms; default at once. */
  readonly from?: number | undefined;
  /** Without one, the record says that none was asked. */
  readonly gate?: Gate | undefined;
}

/** So often a change is decided anew because somebody else was quicker. */
const MAX_ROUNDS = 12;

export class JourneyRegistry {
  readonly #ports: RegistryPorts;

  constructor(ports: RegistryPorts) {
    this.#ports = ports;
  }

  // Reading

  /** In order of id. */
  async releases(): Promise<ReleaseRecord[]> {
    const { bucket } = this.#ports;
    const keys = await bucket.keys(definitionKeys.releases);
    const all = await Promise.all(keys.map((key) => bucket.get(key)));
    return all.flatMap((entry) => (entry ? [releaseRecordV1.parse(JSON.parse(entry.text))] : []));
  }

  async release(journey: string): Promise<ReleaseRecord | undefined> {
    const entry = await this.#ports.bucket.get(definitionKeys.release(journey));
    return entry && releaseRecordV1.parse(JSON.parse(entry.text));
  }

  async controls(): Promise<Controls | ControlsRecord> {
    const entry = await this.#ports.bucket.get(definitionKeys.controls);
    return entry ? controlsRecordV1.parse(JSON.parse(entry.text)) : NO_CONTROLS;
  }

  /** A version, published or proposed. */
  async definition(journey: string, version: number): Promise<JourneyDefinition | undefined> {
    const { bucket } = this.#ports;
    const entry =
      (await bucket.get(definitionKeys.journey(journey, version))) ??
      (await bucket.get(definitionKeys.proposal(journey, version)));
    return entry && journeyV1.parse(JSON.parse(entry.text));
  }

  /** Everything that was done to a journey (`""`: the kill switch), oldest first. */
  history(journey: string): Promise<GovernanceRecord[]> {
    return this.#ports.bucket.chain(journey);
  }

  // Two people

  /** Stores a version as a proposal; checks say no. */
  async propose(definition: JourneyDefinition, by: By): Promise<ReleaseResult> {
    const { bucket, clock, check } = this.#ports;
    const problems = check(definition);
    if (problems.length > 0) return invalid(definition, problems);
    const text = definitionText(definition);
    const wish = {
      version: definition.version,
      digest: digestOf(text),
      by: by.by,
      why: by.why,
      at: clock.now(),
    };
    return this.#change(definition.id, by, "new", async (release) => {
      const decision = propose(release, wish);
      // Before the release names it: a publication that meets another text than the named one is refused.
      if (decision.kind === "changed")
        await bucket.replace(definitionKeys.proposal(definition.id, definition.version), text);
      return decision;
    });
  }

  /** Makes a proposed version live, or widens the share of the newest one. */
  async publish(journey: string, wishes: PublishWishes): Promise<ReleaseResult> {
    const { bucket, clock, check } = this.#ports;
    const { gate } = wishes;
    const wish = { ...wishes, percent: wishes.percent ?? 100, at: clock.now(), gated: gate !== undefined };
    /** The gate takes its time; it judges one content once. */
    let judged: string | undefined;
    return this.#change(journey, wishes, "known", async (release) => {
      const refusal = publishRefusal(release, wish);
      if (refusal) return refusal;
      const entry = versionOf(release, wish.version)!;
      const decision = publish(release, wish);
      if (decision.kind !== "changed" || decision.change.kind !== "published") return decision;
      const text = await this.#text(journey, wish.version, isPublished(entry));
      if (text === undefined || digestOf(text) !== entry.digest)
        return refused(
          "changed_meanwhile",
          `version ${wish.version} of ${journey} is being proposed anew: look at it again before you approve it`,
        );
      const definition = journeyV1.parse(JSON.parse(text));
      const problems = check(definition);
      if (problems.length > 0) return invalid(definition, problems);
      if (gate && judged !== entry.digest) {
        const live = release.live[0];
        const broken = await gate(definition, live && (await this.definition(journey, live.version)));
        if (broken.length > 0)
          return refused(
            "gate_failed",
            `the simulation of ${journey} version ${wish.version} breaks the gate's limits`,
            broken,
          );
        judged = entry.digest;
      }
      const key = definitionKeys.journey(journey, wish.version);
      if ((await bucket.put(key, text, 0)) === "conflict" && (await bucket.get(key))?.text !== text)
        return refused(
          "version_taken",
          `${journey} version ${wish.version} is stored already with another content: give the file another version`,
        );
      return decision;
    });
  }

  // One person

  rollback(journey: string, wish: By & { readonly version?: number | undefined }): Promise<ReleaseResult> {
    return this.#change(journey, wish, "known", (release) => rollback(release, wish));
  }

  pause(journey: string, by: By): Promise<ReleaseResult> {
    return this.#change(journey, by, "known", (release) => changeState(release, "paused"));
  }

  /** After a pause, or a stop: new customers enter again. Sends of the journey are released. */
  async resume(journey: string, by: By): Promise<ReleaseResult> {
    const result = await this.#change(journey, by, "known", (release) => changeState(release, "resumed"));
    if (result.kind !== "refused") await this.#switch({ kind: "journey", journey }, by, false);
    return result;
  }

  /** Nothing more is sent (first, because it counts in seconds), nobody enters, open instances end. */
  async stop(journey: string, by: By): Promise<ReleaseResult> {
    const known = await this.release(journey);
    if (!known) return unknown(journey);
    if (by.expectRevision !== undefined && known.revision !== by.expectRevision) return meanwhile(known);
    await this.#switch({ kind: "journey", journey }, by, true);
    return this.#change(journey, by, "known", (release) => changeState(release, "stopped"));
  }

  /** Checked mapping of the steps of one published version to those of another. */
  async migrate(journey: string, migration: Migration, by: By): Promise<ReleaseResult> {
    return this.#change(journey, by, "known", async (release) => {
      const decision = migrate(release, migration);
      if (decision.kind !== "changed") return decision;
      const [from, to] = await Promise.all([
        this.definition(journey, migration.from),
        this.definition(journey, migration.to),
      ]);
      if (!from || !to) throw new Error(`a published version of ${journey} is not in the bucket`);
      const problems = checkMigration(from, to, migration.steps).map((p) => p.cause);
      return problems.length === 0
        ? decision
        : refused("bad_mapping", `this mapping of ${journey} would lose instances`, problems);
    });
  }

  // The kill switch

  /** From the moment this resolves, no send of the target starts later than a second (I7). */
  stopSends(target: StopTarget, by: By): Promise<ControlsResult> {
    return this.#switch(target, by, true);
  }

  releaseSends(target: StopTarget, by: By): Promise<ControlsResult> {
    return this.#switch(target, by, false);
  }

  async #text(journey: string, version: number, published: boolean): Promise<string | undefined> {
    const key = published ? definitionKeys.journey : definitionKeys.proposal;
    return (await this.#ports.bucket.get(key(journey, version)))?.text;
  }

  async #switch(target: StopTarget, by: By, stopped: boolean): Promise<ControlsResult> {
    const { bucket } = this.#ports;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const entry = await bucket.get(definitionKeys.controls);
      const stored = entry && controlsRecordV1.parse(JSON.parse(entry.text));
      const now = stored ?? NO_CONTROLS;
      const decision = switchSends(now, target, stopped);
      if (decision.kind === "refused") return decision;
      if (decision.kind === "unchanged") return { ...decision, now };
      const record = this.#seal("", stored?.head, by, decision);
      const next: ControlsRecord = { revision: record.n, ...switches(decision.next), head: record };
      if (await this.#write(definitionKeys.controls, next, entry?.seq ?? 0, stored?.head))
        return { kind: "changed", now: next, record };
    }
    throw new Error("the kill switch kept changing while it was being changed: try again");
  }

  async #change(
    journey: string,
    by: By,
    which: "known" | "new",
    decide: (release: Release) => Decision<Release> | Promise<Decision<Release>>,
  ): Promise<ReleaseResult> {
    const { bucket } = this.#ports;
    const key = definitionKeys.release(journey);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const entry = await bucket.get(key);
      const stored = entry && releaseRecordV1.parse(JSON.parse(entry.text));
      if (!stored && which === "known") return unknown(journey);
      if (by.expectRevision !== undefined && (stored?.revision ?? 0) !== by.expectRevision)
        return meanwhile(stored ?? { journey, revision: 0 });
      const decision = await decide(stored ?? emptyRelease(journey));
      if (decision.kind === "refused") return decision;
      if (decision.kind === "unchanged") {
        if (!stored) throw new Error("nothing was unchanged");
        return { ...decision, now: stored };
      }
      const record = this.#seal(journey, stored?.head, by, decision);
      const next: ReleaseRecord = { ...decision.next, revision: record.n, head: record };
      if (await this.#write(key, next, entry?.seq ?? 0, stored?.head))
        return { kind: "changed", now: next, record };
    }
    throw new Error(`${journey} kept changing while it was being changed: try again`);
  }

  #seal(
    journey: string,
    head: GovernanceRecord | undefined,
    { by, why }: By,
    { change }: { readonly change: Deed["change"] },
  ): GovernanceRecord {
    return seal(journey, head, { at: this.#ports.clock.now(), by, why, change });
  }

  /** False when somebody else was quicker. */
  async #write(
    key: string,
    next: { readonly head: GovernanceRecord },
    seq: number,
    before: GovernanceRecord | undefined,
  ): Promise<boolean> {
    const { bucket } = this.#ports;
    if (before) await bucket.relay(before);
    const text = JSON.stringify(next);
    // After an acknowledgement that was lost, our own write looks like somebody else's.
    if ((await bucket.put(key, text, seq)) === "conflict" && (await bucket.get(key))?.text !== text)
      return false;
    await bucket.relay(next.head);
    return true;
  }
}

function switches({ all, channels, journeys }: Omit<Controls, "revision">): Omit<Controls, "revision"> {
  return { all, channels, journeys };
}

function unknown(journey: string): Refused {
  return refused(
    "unknown_journey",
    `there is no journey ${JSON.stringify(journey)}: segue journeys lists them`,
  );
}

function meanwhile({ journey, revision }: Pick<ReleaseRecord, "journey" | "revision">): Refused {
  return refused(
    "changed_meanwhile",
    `${journey} has revision ${revision} by now: look again before you change it`,
  );
}

function invalid({ id, version }: JourneyDefinition, problems: readonly string[]): Refused {
  return refused("invalid_definition", `${id} version ${version} does not pass the checks`, problems);
}
