/** A running context actor follows what people publish, roll back, pause and stop; none of it needs a restart. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { wallClock } from "#clock";
import { contextV1, subjects, type Context, type JourneyDefinition } from "#contracts";
import { Publisher } from "#messaging";
import { DefinitionsBucket, JourneyRegistry } from "#registry";
import { eventually, startServers, startService, type RunningService, type TestServers } from "#testing";

const version = (n: number): JourneyDefinition => ({
  kind: "Journey",
  id: "follow",
  version: n,
  description: "waits",
  purpose: "service",
  trigger: { event: "go.now" },
  entry: { rule: "once" },
  steps: [
    { id: "pause", type: "wait", atMost: "1d", next: "end" },
    { id: "end", type: "exit", reason: "done" },
  ],
});
const CATALOGUE = `
kind: Catalogue
id: test
version: 1
description: for this test
actions:
  - { id: explain, description: d, purpose: service, value: 1, treatments: [{ channel: push, title: t, body: b }] }
`;
const ANNA = { by: "anna", why: "test" };
const PETR = { by: "petr", why: "test" };

describe("releases, followed by a running actor", () => {
  let servers: TestServers;
  let actor: RunningService;
  let registry: JourneyRegistry;
  let dir: string;
  let n = 0;

  const start = (): Promise<RunningService> =>
    startService("context-actor", {
      natsUrl: servers.nats.url,
      redisUrl: servers.redis.url,
      env: { SEGUE_DEFINITIONS_DIR: dir },
    });
  beforeAll(async () => {
    servers = await startServers();
    dir = join(servers.dir, "definitions");
    for (const [folder, text] of [
      ["journeys", JSON.stringify(version(1))],
      ["catalogue", CATALOGUE],
    ] as const) {
      mkdirSync(join(dir, folder), { recursive: true });
      writeFileSync(join(dir, folder, "follow.yaml"), text);
    }
    actor = await start();
    registry = new JourneyRegistry({
      bucket: new DefinitionsBucket(servers.nc),
      clock: wallClock,
      check: () => [],
    });
  }, 40_000);
  afterAll(async () => {
    await actor?.child.stop();
    await servers?.stop();
  });

  /** The version that a new customer enters; 0 for none. */
  async function entered(): Promise<number> {
    const customer = `f${++n}`;
    const event = { specversion: "1.0", id: customer, source: "core", type: "go.now", subject: customer };
    const { direct } = await jetstreamManager(servers.nc);
    await new Publisher(servers.nc).publish(
      subjects.bank("core", customer, "go.now"),
      JSON.stringify(event),
      {
        msgId: customer,
      },
    );
    const context = await eventually(`the context of ${customer}`, async (): Promise<Context | undefined> => {
      const m = await direct
        .getMessage("CTX", { last_by_subj: subjects.ctx(customer) })
        .catch(() => undefined);
      return m ? contextV1.parse(m.json()) : undefined;
    });
    return context.journeys[0]?.version ?? 0;
  }
  const release = async (v: number, more: { percent?: number; from?: number } = {}): Promise<void> => {
    await registry.propose(version(v), ANNA);
    expect(await registry.publish("follow", { ...PETR, version: v, ...more })).toMatchObject({
      kind: "changed",
    });
  };

  it("lets new customers enter what was published last, at once", async () => {
    expect(await entered()).toBe(1);
    await release(2);
    await eventually("version 2 to be entered", async () => (await entered()) === 2);
  });

  it("keeps to the share, and to the time from which a version is live", async () => {
    await release(3, { from: Date.now() + 3_600_000 });
    await release(4, { percent: 30 });
    await eventually("version 4 to be entered", async () => (await entered()) === 4, 20_000);
    const versions: number[] = [];
    for (let i = 0; i < 40; i++) versions.push(await entered());
    expect(new Set(versions)).toEqual(new Set([2, 4]));
    const share = versions.filter((v) => v === 4).length / versions.length;
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.65);
  }, 40_000);

  it("goes back at a rollback, lets nobody enter a paused journey, and a restart undoes nothing of it", async () => {
    await registry.rollback("follow", PETR);
    await registry.rollback("follow", PETR);
    await eventually("version 4 to be gone", async () => {
      const versions = [await entered(), await entered(), await entered(), await entered()];
      return versions.every((v) => v === 2);
    });
    await registry.pause("follow", PETR);
    await eventually("nobody to enter", async () => (await entered()) === 0);
    await actor.child.stop();
    actor = await start();
    expect(await entered()).toBe(0);
    await registry.resume("follow", PETR);
    await eventually("version 2 to be entered again", async () => (await entered()) === 2);
    expect((await registry.release("follow"))?.rolledBack).toEqual([4, 3]);
  }, 40_000);
});
