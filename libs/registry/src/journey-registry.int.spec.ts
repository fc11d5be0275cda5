/** On a real nats-server: what is written, that two at one time both count, and what a restart does not undo. */
import { jetstreamManager } from "@nats-io/jetstream";
import { wallClock } from "#clock";
import {
  GOVERNANCE_STREAM,
  type GovernanceRecord,
  INSTALLATION,
  subjects,
  type JourneyDefinition,
} from "#contracts";
import { eventually, startServers, type TestServers } from "#testing";
import {
  checkGovernanceChain,
  DefinitionsBucket,
  followPublished,
  installJourneys,
  JourneyRegistry,
  readPublished,
  type Gate,
  type ReleaseResult,
} from "./index.js";

const definition = (
  id: string,
  version: number,
  more: Partial<JourneyDefinition> = {},
): JourneyDefinition => ({
  kind: "Journey",
  id,
  version,
  description: `version ${version}`,
  purpose: "service",
  trigger: { event: "account.overdrawn" },
  entry: { rule: "once" },
  steps: [
    { id: "pause", type: "wait", atMost: "1d", next: "end" },
    { id: "end", type: "exit", reason: "done" },
  ],
  ...more,
});
const ANNA = { by: "anna", why: "test" };
const PETR = { by: "petr", why: "test" };

describe("the registry of journeys, on real NATS", () => {
  let servers: TestServers;
  let bucket: DefinitionsBucket;
  let registry: JourneyRegistry;
  beforeAll(async () => {
    servers = await startServers();
    bucket = new DefinitionsBucket(servers.nc);
    registry = new JourneyRegistry({ bucket, clock: wallClock, check: () => [] });
  });
  afterAll(() => servers.stop());

  const changed = (result: ReleaseResult): Extract<ReleaseResult, { kind: "changed" }> => {
    if (result.kind !== "changed") throw new Error(JSON.stringify(result));
    return result;
  };
  const code = (result: ReleaseResult): string => (result.kind === "refused" ? result.code : result.kind);
  const live = async (id: string): Promise<number[]> =>
    (await registry.release(id))!.live.map((l) => l.version);
  const release = async (id: string, version: number): Promise<void> => {
    changed(await registry.propose(definition(id, version), ANNA));
    changed(await registry.publish(id, { ...PETR, version }));
  };
  const isWhole = async (id: string): Promise<void> =>
    expect(checkGovernanceChain(await registry.history(id), (await registry.release(id))?.head)).toEqual([]);

  it("publishes what was proposed, on record with who, what and why", async () => {
    changed(await registry.propose(definition("first", 1), ANNA));
    expect((await readPublished(bucket)).definitions.map((d) => d.id)).not.toContain("first");
    expect(code(await registry.publish("first", { by: "Anna", why: "alone", version: 1 }))).toBe("four_eyes");
    const { now } = changed(await registry.publish("first", { ...PETR, version: 1, percent: 10, from: 5 }));
    expect(now.live).toEqual([{ version: 1, percent: 10, from: 5 }]);
    expect(now.versions[0]).toMatchObject({ author: "anna", approver: "petr" });
    expect((await readPublished(bucket)).definitions).toContainEqual(definition("first", 1));
    expect((await registry.history("first")).map((r) => [r.n, r.by, r.change.kind])).toEqual([
      [1, "anna", "proposed"],
      [2, "petr", "published"],
    ]);
    await isWhole("first");
  });

  it("refuses what does not pass the checks, and what the gate finds harmful", async () => {
    const gate: Gate = (d, before) => [
      `${d.version} against ${before?.version ?? "nothing"}: contacts everyone daily`,
    ];
    const strict = new JourneyRegistry({
      bucket,
      clock: wallClock,
      check: (d) => (d.description === "bad" ? ["steps[0]: is bad"] : []),
    });
    expect(await strict.propose(definition("gated", 1, { description: "bad" }), ANNA)).toMatchObject({
      code: "invalid_definition",
      problems: ["steps[0]: is bad"],
    });
    await release("gated", 1);
    changed(await strict.propose(definition("gated", 2), ANNA));
    expect(await strict.publish("gated", { ...PETR, version: 2, gate })).toMatchObject({
      code: "gate_failed",
      problems: ["2 against 1: contacts everyone daily"],
    });
    expect(await live("gated")).toEqual([1]);
    const { record } = changed(await strict.publish("gated", { ...PETR, version: 2, gate: () => [] }));
    expect(record.change).toMatchObject({ kind: "published", gate: "kept" });
    expect((await registry.history("gated"))[1]?.change).toMatchObject({ gate: "not-asked" });
  });

  it("takes both of two publications at one time, one after the other", async () => {
    await release("race", 1);
    changed(await registry.propose(definition("race", 2), ANNA));
    changed(await registry.propose(definition("race", 3), ANNA));
    const other = new JourneyRegistry({
      bucket: new DefinitionsBucket(servers.nc),
      clock: wallClock,
      check: () => [],
    });
    const results = await Promise.all([
      registry.publish("race", { ...PETR, version: 2, percent: 50 }),
      other.publish("race", { by: "eva", why: "test", version: 3, percent: 10 }),
      ...Array.from({ length: 4 }, (_, i) => registry.pause("race", { by: `p${i}`, why: "test" })),
    ]);
    expect(results.slice(0, 2).map((r) => r.kind)).toEqual(["changed", "changed"]);
    expect(results.filter((r) => r.kind === "changed")).toHaveLength(3);
    expect(new Set(await live("race"))).toEqual(new Set([1, 2, 3]));
    await isWhole("race");
  });

  it("refuses a change of a release that is not as its author saw it", async () => {
    await release("seen", 1);
    const { revision } = (await registry.release("seen"))!;
    changed(await registry.pause("seen", { ...ANNA, expectRevision: revision }));
    expect(code(await registry.resume("seen", { ...PETR, expectRevision: revision }))).toBe(
      "changed_meanwhile",
    );
  });

  it("rolls back in one go, and migrates only over a mapping that leads somewhere (I10)", async () => {
    await release("back", 1);
    await release("back", 2);
    changed(await registry.rollback("back", PETR));
    expect(await live("back")).toEqual([1]);
    const mapping = (steps: Record<string, string>) =>
      registry.migrate("back", { from: 2, to: 1, steps }, PETR);
    expect(await mapping({ pause: "end", gone: "pause" })).toMatchObject({ code: "bad_mapping" });
    changed(await mapping({ pause: "pause" }));
    expect(code(await registry.rollback("back", PETR))).toBe("nothing_before");
    expect(code(await registry.rollback("nowhere", PETR))).toBe("unknown_journey");
    await isWhole("back");
  });

  it("stops a journey with its sends, and releases both", async () => {
    await release("stopped", 1);
    changed(await registry.stop("stopped", PETR));
    expect((await registry.controls()).journeys).toEqual(["stopped"]);
    changed(await registry.resume("stopped", PETR));
    expect((await registry.controls()).journeys).toEqual([]);
    await registry.stopSends({ kind: "channel", channel: "sms" }, ANNA);
    expect((await registry.stopSends({ kind: "channel", channel: "sms" }, PETR)).kind).toBe("unchanged");
    await registry.releaseSends({ kind: "channel", channel: "sms" }, ANNA);
    const records = await registry.history("");
    expect(records.map((r) => r.change.kind)).toEqual([
      "sends-stopped",
      "sends-released",
      "sends-stopped",
      "sends-released",
    ]);
    expect(checkGovernanceChain(records, records.at(-1))).toEqual([]);
  });

  it("shows a publication that was changed in the stream, and one that is gone", async () => {
    await release("tampered", 1);
    await release("tampered", 2);
    const { head } = (await registry.release("tampered"))!;
    const subject = subjects.auditOfJourney("tampered");
    const records = await registry.history("tampered");
    const jsm = await jetstreamManager(servers.nc);
    await jsm.streams.purge(GOVERNANCE_STREAM, { filter: subject });
    for (const r of records)
      servers.nc.publish(subject, JSON.stringify(r.n === 2 ? { ...r, by: "somebody-else" } : r));
    await eventually("the records", async () => (await registry.history("tampered")).length === 4);
    expect(checkGovernanceChain(await registry.history("tampered"), head)).toEqual([
      "record 2 was changed: its content does not have the hash that it carries",
    ]);
    await jsm.streams.purge(GOVERNANCE_STREAM, { filter: subject });
    expect(checkGovernanceChain(await registry.history("tampered"), head)).toEqual([
      "records 1 to 4 are missing: the release has seen 4",
    ]);
  });

  it("relays the record of a change whose author crashed before AUDIT had it", async () => {
    class Crashing extends DefinitionsBucket {
      override relay(record: GovernanceRecord): Promise<void> {
        return record.n === 2 ? Promise.reject(new Error("the process ended")) : super.relay(record);
      }
    }
    const crashing = new JourneyRegistry({
      bucket: new Crashing(servers.nc),
      clock: wallClock,
      check: () => [],
    });
    changed(await crashing.propose(definition("crash", 1), ANNA));
    await expect(crashing.publish("crash", { ...PETR, version: 1 })).rejects.toThrow("the process ended");
    expect(await live("crash")).toEqual([1]);
    expect(await registry.history("crash")).toHaveLength(1);
    // Whoever starts next.
    await installJourneys(bucket, wallClock, []);
    expect((await registry.history("crash")).map((r) => r.n)).toEqual([1, 2]);
    await isWhole("crash");
  });

  describe("the files of a build", () => {
    it("are live in a fresh installation, on record as published by it", async () => {
      expect(await installJourneys(bucket, wallClock, [definition("shipped", 1)])).toEqual([
        { id: "shipped", version: 1, as: "published" },
      ]);
      expect(await registry.release("shipped")).toMatchObject({
        governed: false,
        live: [{ version: 1, percent: 100, from: 0 }],
        versions: [{ version: 1, author: INSTALLATION, approver: INSTALLATION }],
      });
      // Again, by another instance and after a restart: nothing.
      expect(await installJourneys(bucket, wallClock, [definition("shipped", 1)])).toEqual([]);
      await isWhole("shipped");
    });

    it("bring their next version, while nobody else has released one", async () => {
      await installJourneys(bucket, wallClock, [definition("shipped", 1), definition("shipped", 2)]);
      expect((await live("shipped"))[0]).toBe(2);
    });

    it("never undo a release made by people: they only propose", async () => {
      changed(await registry.rollback("shipped", PETR));
      await installJourneys(bucket, wallClock, [definition("shipped", 1), definition("shipped", 2)]);
      expect(await live("shipped")).toEqual([1]);
      expect(await installJourneys(bucket, wallClock, [definition("shipped", 3)])).toEqual([
        { id: "shipped", version: 3, as: "proposed" },
      ]);
      expect(await live("shipped")).toEqual([1]);
      changed(await registry.publish("shipped", { ...PETR, version: 3 }));
      expect(await live("shipped")).toEqual([3, 1]);
      await isWhole("shipped");
    });

    it("may not change a published version", async () => {
      await expect(
        installJourneys(bucket, wallClock, [definition("shipped", 1, { description: "changed" })]),
      ).rejects.toThrow(/shipped version 1 is published already with another content/);
    });

    it("are installed once by two instances that start together", async () => {
      const files = [definition("together", 1), definition("together", 2)];
      await Promise.all([
        installJourneys(bucket, wallClock, files),
        installJourneys(new DefinitionsBucket(servers.nc), wallClock, files),
      ]);
      expect(await live("together")).toEqual([2, 1]);
      await isWhole("together");
    });
  });

  it("tells followers of every change, and again when reading failed", async () => {
    let told = 0;
    let seen: readonly number[] = [];
    const stop = await followPublished(
      servers.nc,
      async () => {
        if (told++ === 0) throw new Error("the server was away");
        seen = (await readPublished(bucket)).releases
          .find((r) => r.journey === "followed")!
          .live.map((l) => l.version);
      },
      () => undefined,
    );
    await release("followed", 1);
    await release("followed", 2);
    await eventually("the follower to know both", () => seen.join() === "2,1");
    stop();
  });
});
