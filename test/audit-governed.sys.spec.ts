/**
 * The context of customers whose journey was paused, stopped, migrated, rolled back or split while they were in it is
 * built again from EVT, and comes out the same as what is stored: also for events that were stored before a change and
 * handled after it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replayCustomer, verifyCustomers, verifyPublications, type Finding } from "#audit";
import { wallClock } from "#clock";
import { auditRecordsV1, CHAIN_KINDS, subjects, type JourneyDefinition } from "#contracts";
import { loadJourneys } from "#definitions";
import { DefinitionsBucket, installJourneys, JourneyRegistry } from "#registry";
import { eventually } from "#testing";
import { scratch, SILENT_CUSTOMERS, System } from "./system.js";

const version = (n: number): JourneyDefinition => ({
  kind: "Journey",
  id: "pulse",
  version: n,
  description: "waits for a word, and says something",
  purpose: "service",
  onRollback: "to-previous",
  trigger: { event: "pulse.started" },
  entry: { rule: "after-exit" },
  steps: [
    {
      id: "pause",
      type: "wait",
      for: [{ event: "pulse.said", goto: "tell" }],
      atMost: "1d",
      onTimeout: "end",
    },
    { id: "tell", type: "send", action: `tell-${n}`, next: "end", otherwise: "end" },
    { id: "end", type: "exit", reason: `over-${n}` },
  ],
});
const action = (n: number): object => ({
  id: `tell-${n}`,
  description: "d",
  purpose: "service",
  value: 1,
  treatments: [{ channel: "push", title: "t", body: "b" }],
});
const FILES = {
  journeys: version(1),
  catalogue: { kind: "Catalogue", id: "c", version: 1, description: "d", actions: [1, 2, 3].map(action) },
  policies: {
    kind: "PolicyPack",
    id: "house",
    version: 1,
    description: "d",
    source: "test",
    rules: [{ purpose: "service", consent: "not-refused" }],
  },
};
const ANNA = { by: "anna", why: "test" };
const PETR = { by: "petr", why: "test" };

describe("the audit of customers whose journey was governed meanwhile", () => {
  let system: System;
  let registry: JourneyRegistry;
  beforeAll(async () => {
    const dir = scratch("audit-governed");
    for (const [folder, content] of Object.entries(FILES)) {
      mkdirSync(join(dir, folder));
      writeFileSync(join(dir, folder, "governed.yaml"), JSON.stringify(content));
    }
    system = await System.start({
      services: ["decision", "policy", "channels", "context-actor"],
      sandbox: SILENT_CUSTOMERS,
      env: { "*": { SEGUE_DEFINITIONS_DIR: dir } },
    });
    const bucket = new DefinitionsBucket(system.servers.nc);
    await installJourneys(bucket, wallClock, loadJourneys(dir));
    registry = new JourneyRegistry({ bucket, clock: wallClock, check: () => [] });
  }, 60_000);
  afterAll(() => system?.stop());

  const say = async (customer: string, type: string): Promise<void> => {
    await system.settled(customer, await system.publish(system.event(customer, type)));
  };
  const done = async (change: Promise<{ readonly kind: string }>): Promise<void> => {
    expect(await change).toMatchObject({ kind: "changed" });
  };

  /** What the chain of a customer says of journeys, and of other things nothing. */
  async function told(customer: string): Promise<string[]> {
    const found: string[] = [];
    for (const kind of CHAIN_KINDS)
      for (const { body, subject } of await system.messages("AUDIT", subjects.auditOfKind(kind)))
        if (subject.includes(`.${customer}.`))
          for (const r of auditRecordsV1.parse(body).records)
            for (const e of r.entries)
              if (e.kind.startsWith("journey-") && "version" in e) found.push(`${e.kind} ${e.version}`);
    return found;
  }

  /** Says something until an actor has heard of a change and the chain tells of it. */
  async function untilTold(customer: string, what: string, type = "page.viewed"): Promise<void> {
    for (let tries = 0; tries < 50; tries++) {
      await say(customer, type);
      if ((await told(customer)).includes(what)) return;
    }
    throw new Error(`${customer}: no ${what} in ${(await told(customer)).join(", ")}`);
  }

  async function expectSame(customers: readonly string[]): Promise<void> {
    for (const customer of customers) {
      const replay = await replayCustomer(system.servers.nc, customer);
      expect([customer, replay?.difference, replay?.equal]).toEqual([customer, undefined, true]);
    }
  }

  it("comes out the same", async () => {
    const all = ["paused", "migrated", "rolled", "stopped", "idle", "behind"];
    for (const customer of all) await say(customer, "pulse.started");

    await done(registry.pause("pulse", ANNA));
    await untilTold("paused", "journey-paused 1");
    await say("late", "pulse.started");
    await done(registry.resume("pulse", ANNA));
    await untilTold("paused", "journey-resumed 1");
    await say("paused", "pulse.said");

    await done(registry.propose(version(2), ANNA));
    await done(registry.publish("pulse", { ...PETR, version: 2, percent: 100 }));
    await done(registry.migrate("pulse", { from: 1, to: 2, steps: { pause: "pause" } }, PETR));
    await untilTold("migrated", "journey-migrated 2");
    await say("migrated", "pulse.said");
    await say("new", "pulse.started");

    await done(registry.propose(version(3), ANNA));
    await done(registry.publish("pulse", { ...PETR, version: 3, percent: 50 }));
    const many = Array.from({ length: 8 }, (_, i) => `half-${i}`);
    for (const customer of many) await say(customer, "pulse.started");
    await done(registry.publish("pulse", { ...PETR, version: 3, percent: 100 }));
    for (const customer of many) await say(customer, "page.viewed");
    await say("rolled", "pulse.said");
    await untilTold("rolled", "journey-entered 3", "pulse.started");
    await done(registry.rollback("pulse", PETR));
    for (const customer of many) await say(customer, "pulse.said");
    await untilTold("rolled", "journey-migrated 2");

    await done(registry.stop("pulse", PETR));
    await say("stopped", "page.viewed");
    await say("stopped", "pulse.started");
    await done(registry.resume("pulse", PETR));
    await say("stopped", "pulse.started");

    expect(await told("paused")).toEqual([
      "journey-entered 1",
      "journey-paused 1",
      "journey-resumed 1",
      "journey-exited 1",
    ]);
    expect(await told("migrated")).toEqual(["journey-entered 1", "journey-migrated 2", "journey-exited 2"]);
    expect(await told("rolled")).toEqual(expect.arrayContaining(["journey-entered 3", "journey-migrated 2"]));
    await expectSame([...all, "late", "new", ...many]);
  }, 60_000);

  it("also when an event was stored before a change and handled after it", async () => {
    const customers = ["later-1", "later-2"];
    for (const customer of customers) await say(customer, "pulse.started");
    await system.actors.get("actor-0")!.child.stop();
    const seqs = await Promise.all(
      customers.map(async (c) => [c, await system.publish(system.event(c, "page.viewed"))] as const),
    );
    await done(registry.pause("pulse", ANNA));
    await system.launchActor("actor-1");
    for (const [customer, seq] of seqs) await system.settled(customer, seq);
    // The last record is on its way to AUDIT when the context is committed.
    await eventually("both records", async () => (await told("later-1")).length > 1);
    expect(await told("later-1")).toEqual(["journey-entered 2", "journey-paused 2"]);
    await done(registry.resume("pulse", ANNA));
    await say("later-2", "page.viewed");
    await expectSame(customers);
    const findings: Finding[] = [];
    const onFinding = (f: Finding): void => void findings.push(f);
    await verifyCustomers(system.servers.nc, { onFinding });
    await verifyPublications(system.servers.nc, onFinding);
    expect(findings).toEqual([]);
  }, 60_000);
});
