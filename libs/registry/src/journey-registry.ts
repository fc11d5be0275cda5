/**
 * Journeys under governance, and the kill switch: what a `ReleaseLog` does, and what only journeys have, which are run
 * instance by instance. Owns `control` of the bucket `definitions` and the chain `audit.control`.
 */
import {
  controlsRecordV1,
  definitionKeys,
  NO_CONTROLS,
  type Controls,
  type ControlsRecord,
  type GovernanceRecord,
  type JourneyDefinition,
  type Migration,
  type ReleaseRecord,
  type StopTarget,
} from "#contracts";
import { checkMigration } from "#domain";
import { switchSends } from "./control-changes.js";
import { seal } from "./governance-chain.js";
import { JOURNEYS } from "./governed.js";
import { changeState, migrate, refused, rollback } from "./release-changes.js";
import {
  MAX_ROUNDS,
  meanwhile,
  ReleaseLog,
  writeWithRecord,
  type By,
  type PublishWishes,
  type ReleasePorts,
  type ReleaseResult,
  type Result,
} from "./release-log.js";

export type RegistryPorts = ReleasePorts<JourneyDefinition>;
export type ControlsResult = Result<Controls>;

export class JourneyRegistry {
  readonly #ports: RegistryPorts;
  readonly #log: ReleaseLog<JourneyDefinition>;

  constructor(ports: RegistryPorts) {
    this.#ports = ports;
    this.#log = new ReleaseLog(JOURNEYS, ports);
  }

  // Reading

  /** In order of id. */
  releases(): Promise<ReleaseRecord[]> {
    return this.#log.releases();
  }

  release(journey: string): Promise<ReleaseRecord | undefined> {
    return this.#log.release(journey);
  }

  async controls(): Promise<Controls | ControlsRecord> {
    const entry = await this.#ports.bucket.get(definitionKeys.controls);
    return entry ? controlsRecordV1.parse(JSON.parse(entry.text)) : NO_CONTROLS;
  }

  /** A version, published or proposed. */
  definition(journey: string, version: number): Promise<JourneyDefinition | undefined> {
    return this.#log.definition(journey, version);
  }

  /** Everything that was done to a journey (`""`: the kill switch), oldest first. */
  history(journey: string): Promise<GovernanceRecord[]> {
    return this.#ports.bucket.chain(journey);
  }

  // Two people

  /** Stores a version as a proposal; checks say no. */
  propose(definition: JourneyDefinition, by: By): Promise<ReleaseResult> {
    return this.#log.propose(definition, by);
  }

  /** Makes a proposed version live, or widens the share of the newest one. */
  publish(journey: string, wishes: PublishWishes<JourneyDefinition>): Promise<ReleaseResult> {
    return this.#log.publish(journey, wishes);
  }

  // One person

  rollback(journey: string, wish: By & { readonly version?: number | undefined }): Promise<ReleaseResult> {
    return this.#log.change(journey, wish, "known", (release) => rollback(release, wish));
  }

  pause(journey: string, by: By): Promise<ReleaseResult> {
    return this.#log.change(journey, by, "known", (release) => changeState(release, "paused"));
  }

  /** After a pause, or a stop: new customers enter again. Sends of the journey are released. */
  async resume(journey: string, by: By): Promise<ReleaseResult> {
    const result = await this.#log.change(journey, by, "known", (release) => changeState(release, "resumed"));
    if (result.kind !== "refused") await this.#switch({ kind: "journey", journey }, by, false);
    return result;
  }

  /** Nothing more is sent (first, because it counts in seconds), nobody enters, open instances end. */
  async stop(journey: string, by: By): Promise<ReleaseResult> {
    const known = await this.release(journey);
    if (!known) return this.#log.unknown(journey);
    if (by.expectRevision !== undefined && known.revision !== by.expectRevision) return meanwhile(known);
    await this.#switch({ kind: "journey", journey }, by, true);
    return this.#log.change(journey, by, "known", (release) => changeState(release, "stopped"));
  }

  /** Checked mapping of the steps of one published version to those of another. */
  migrate(journey: string, migration: Migration, by: By): Promise<ReleaseResult> {
    return this.#log.change(journey, by, "known", async (release) => {
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

  async #switch(target: StopTarget, { by, why }: By, stopped: boolean): Promise<ControlsResult> {
    const { bucket, clock } = this.#ports;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const entry = await bucket.get(definitionKeys.controls);
      const stored = entry && controlsRecordV1.parse(JSON.parse(entry.text));
      const now = stored ?? NO_CONTROLS;
      const decision = switchSends(now, target, stopped);
      if (decision.kind === "refused") return decision;
      if (decision.kind === "unchanged") return { ...decision, now };
      const record = seal("", stored?.head, { at: clock.now(), by, why, change: decision.change });
      const next: ControlsRecord = { revision: record.n, ...switches(decision.next), head: record };
      if (await writeWithRecord(bucket, definitionKeys.controls, next, entry?.seq ?? 0, stored?.head))
        return { kind: "changed", now: next, record };
    }
    throw new Error("the kill switch kept changing while it was being changed: try again");
  }
}

function switches({ all, channels, journeys }: Omit<Controls, "revision">): Omit<Controls, "revision"> {
  return { all, channels, journeys };
}
