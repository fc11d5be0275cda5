/**
 * A version is published to half of the customers, widened and rolled back while events stream in and timers are
 * pending: no event and no timer is lost (I1, I10), nobody is told twice or not at all (I8), and no process restarts.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wallClock } from "#clock";
import {
  auditRecordsV1,
  CHAIN_KINDS,
  subjects,
  type AuditEntry,
  type AuditRecord,
  type JourneyDefinition,
} from "#contracts";
import { checkGovernanceChain, DefinitionsBucket, JourneyRegistry } from "#registry";
import { eventually } from "#testing";
import { scratch, SILENT_CUSTOMERS, System } from "./system.js";

const CUSTOMERS = 160;
const NOISE = 3;
const PAUSE_MS = 4_000;

const version = (n: number): JourneyDefinition => ({
  kind: "Journey",
  id: "pulse",
  version: n,
  description: "says something a little after it has begun",
  purpose: "service",
  onRollback: "to-previous",
  trigger: { event: "pulse.started" },
  entry: { rule: "once" },
  steps: [
    { id: "pause", type: "wait", atMost: `${PAUSE_MS / 1_000}s`, onTimeout: "tell" },
    { id: "tell", type: "send", action: `tell-${n}`, next: "end", otherwise: "nobody" },
    { id: "end", type: "exit", reason: "told" },
    { id: "nobody", type: "exit", reason: "nobody-told" },
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
  catalogue: { kind: "Catalogue", id: "c", version: 1, description: "d", actions: [action(1), action(2)] },
  policies: {
    kind: "PolicyPack",
    id: "house",
    version: 1,
    description: "d",
    source: "test",
    rules: [{ purpose: "service", consent: "not-refused" }],
  },
};

describe("a release that is rolled back under load", () => {
  let system: System;
  let registry: JourneyRegistry;
  beforeAll(async () => {
    const dir = scratch("governed");
    for (const [folder, content] of Object.entries(FILES)) {
      mkdirSync(join(dir, folder));
      writeFileSync(join(dir, folder, "governed.yaml"), JSON.stringify(content));
    }
    system = await System.start({
      actors: 2,
      services: ["decision", "policy", "channels", "context-actor"],
      sandbox: SILENT_CUSTOMERS,
      env: { "*": { SEGUE_DEFINITIONS_DIR: dir } },
    });
    registry = new JourneyRegistry({
      bucket: new DefinitionsBucket(system.servers.nc),
      clock: wallClock,
      check: () => [],
    });
  }, 60_000);
  afterAll(() => system.stop());

  it("loses no event and no timer, and tells everybody once (I1, I8, I10)", async () => {
    const anna = { by: "anna", why: "test" };
    const petr = { by: "petr", why: "test" };
    await registry.propose(version(2), anna);
    const governed: Readonly<Record<number, () => Promise<{ readonly kind: string }>>> = {
      40: () => registry.publish("pulse", { ...petr, version: 2, percent: 50 }),
      80: () => registry.publish("pulse", { ...petr, version: 2, percent: 100 }),
      120: () => registry.rollback("pulse", petr),
    };
    const acts: Promise<{ readonly kind: string }>[] = [];
    const last = new Map<string, number>();
    for (let i = 0; i < CUSTOMERS; i++) {
      const act = governed[i];
      if (act) acts.push(act());
      const customer = `gov-${i}`;
      const events = [
        system.event(customer, "pulse.started"),
        ...Array.from({ length: NOISE }, (_, n) =>
          system.event(customer, "account.debited", { amountMinor: n }),
        ),
      ];
      for (const event of events) last.set(customer, await system.publish(event));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect((await Promise.all(acts)).map((a) => a.kind)).toEqual(["changed", "changed", "changed"]);

    for (const [customer, seq] of last) {
      // The timer has fired, too.
      await eventually(
        `${customer} to be told`,
        () => (system.contextOf(customer)?.contacts.length ?? 0) > 0,
        PAUSE_MS + 15_000,
      );
      const context = await system.settled(customer, seq);
      expect(context.journeys).toEqual([]);
      expect(context.deadLettered + context.duplicates).toBe(0);
      expect(context.signals["account.debited"]?.n).toBe(NOISE);
    }
    const commands = [...(await system.commands()).values()];
    expect(commands.map((c) => c.customerId).sort()).toEqual([...last.keys()].sort());
    const outcomes = await system.outcomes();
    for (const { commandId } of commands) expect(outcomes.get(commandId) ?? []).toHaveLength(1);
    const calls = system.providerCalls().map((c) => `${c.commandId} ${c.attempt}`);
    expect(new Set(calls).size).toBe(calls.length);

    // It was a rollback worth the name: some had entered version 2 and went on in version 1, with the time they had.
    const records = await recordsByCustomer();
    const entries = new Map([...records].map(([c, of]) => [c, of.flatMap((r) => r.entries)]));
    const kinds = (kind: AuditEntry["kind"], v: number): string[] =>
      [...entries]
        .filter(([, of]) => of.some((e) => e.kind === kind && "version" in e && e.version === v))
        .map(([c]) => c);
    expect(kinds("journey-entered", 1).length + kinds("journey-entered", 2).length).toBe(CUSTOMERS);
    expect(kinds("journey-entered", 2).length).toBeGreaterThan(10);
    const moved = kinds("journey-migrated", 1);
    // How many is a matter of how busy the machine is.
    expect(moved.length).toBeGreaterThan(3);
    for (const command of commands) {
      const stayed =
        kinds("journey-entered", 2).includes(command.customerId) && !moved.includes(command.customerId);
      expect([command.customerId, command.action]).toEqual([
        command.customerId,
        stayed ? "tell-2" : "tell-1",
      ]);
    }
    for (const [customer, of] of records) {
      const entered = of.find((r) => r.entries.some((e) => e.kind === "journey-entered"));
      const fired = of.find((r) => r.event.type.startsWith("timer."));
      expect([customer, fired!.event.time - entered!.at]).toEqual([customer, PAUSE_MS]);
    }
    const after = [...entries].filter(([c]) => Number(c.split("-")[1]) >= CUSTOMERS - 10);
    expect(after.every(([, of]) => of.some((e) => e.kind === "journey-entered" && e.version === 1))).toBe(
      true,
    );
    const { head } = (await registry.release("pulse"))!;
    expect(checkGovernanceChain(await registry.history("pulse"), head)).toEqual([]);
  }, 60_000);

  async function recordsByCustomer(): Promise<Map<string, AuditRecord[]>> {
    const found = new Map<string, AuditRecord[]>();
    for (const kind of CHAIN_KINDS) {
      for (const { body } of await system.messages("AUDIT", subjects.auditOfKind(kind))) {
        for (const record of auditRecordsV1.parse(body).records)
          found.set(record.customerId, [...(found.get(record.customerId) ?? []), record]);
      }
    }
    return found;
  }
});
