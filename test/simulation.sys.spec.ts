/**
 * What was simulated is what runs: the same real transactions go through the whole system as processes and through the
 * simulator, with customers who receive everything and answer nothing, and the same commands come out of both.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBerkaEvents } from "../apps/cli/src/berka/index.js";
import { CHANNELS, type CloudEvent } from "#contracts";
import { standingClockText } from "#clock";
import { FOLDERS, loadDefinitions } from "#definitions";
import { collectEvents, newestVersions, responseModelV1, runAll } from "#simulation";
import { scratch, System } from "./system.js";

const CUSTOMERS = 60;

/** Customers to whom much is said: overdrafts, failed payments, insurance, large moves. */
function slice(): CloudEvent[] {
  const events = [...readBerkaEvents({ dir: "data/berka", from: "1993-11-18", to: "1994-02-15" })];
  const weight = new Map<string, number>();
  for (const e of events) {
    const much =
      ["account.overdrawn", "payment.failed"].includes(e.type) || e.data?.["purpose"] === "insurance";
    weight.set(e.subject, (weight.get(e.subject) ?? 0) + (much ? 1 : 0));
  }
  const chosen = new Set(
    [...weight]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, CUSTOMERS)
      .map(([id]) => id),
  );
  return events.filter((e) => chosen.has(e.subject));
}

const everyChannel = <T>(of: T): Record<string, T> => Object.fromEntries(CHANNELS.map((c) => [c, of]));
const SANDBOX = everyChannel({
  reject: 0,
  lost: 0,
  late: 0,
  undelivered: 0,
  opened: 0,
  clicked: 0,
  converted: 0,
  declined: 0,
});
const RESPONSES = responseModelV1.parse({
  kind: "Responses",
  channels: everyChannel({ delivered: 1, latency: "0ms", clicked: 0, declined: 0 }),
});

/**
 * What ships, with models that try nothing out and learn of nothing within the slice: a simulation knows what is expected
 * before anything was learned, and is the same at any time.
 */
function unlearned(dir: string): string {
  for (const folder of Object.values(FOLDERS)) cpSync(folder, join(dir, folder), { recursive: true });
  for (const file of readdirSync("models")) {
    const shipped = readFileSync(join("models", file), "utf8");
    const changed = shipped
      .replace(/^horizon: .*$/m, "horizon: 90d")
      .replace(/deviations: [\d.]+/, "deviations: 0");
    expect(changed).not.toBe(shipped);
    writeFileSync(join(dir, "models", file), changed);
  }
  return dir;
}

/** Each customer's events one after the other, each when what the last one brought about has settled. */
async function replay(system: System, events: readonly CloudEvent[]): Promise<void> {
  const byCustomer = new Map<string, CloudEvent[]>();
  for (const e of events) byCustomer.set(e.subject, [...(byCustomer.get(e.subject) ?? []), e]);
  await Promise.all(
    [...byCustomer].map(async ([customer, list]) => {
      for (const e of list) await system.settled(customer, await system.publish(e), 60_000);
    }),
  );
}

describe("the simulator and the running system", () => {
  let system: System;
  const events = slice();
  beforeAll(async () => {
    // The app itself shows what a moment is answered with: no provider does.
    const { inapp: _inapp, ...sandbox } = SANDBOX;
    system = await System.start({
      clock: standingClockText(),
      sandbox,
      env: { "*": { SEGUE_DEFINITIONS_DIR: unlearned(scratch("simulation")) } },
    });
    await replay(system, events);
  }, 150_000);
  afterAll(() => system.stop());

  it("order the same commands: who, what, in which journey and step, on which channels, when", async () => {
    // To the minute: things that are done take the sandbox a second or two.
    const when = (at: number): string => new Date(at).toISOString().slice(0, 16);
    const ran = [...(await system.commands()).values()].map(
      (c) =>
        `${c.customerId} ${when(c.at)} ${c.journey.id}/${c.journey.step} ${c.action} ${c.plan[0]!.channel}`,
    );
    const definitions = loadDefinitions(".");
    const recorded = collectEvents(events);
    const simulated: string[] = [];
    for (const run of runAll(
      { ...definitions, journeys: newestVersions(definitions.journeys) },
      recorded,
      recorded.to,
      RESPONSES,
    )) {
      // With a standing clock nothing fires after a customer's last event.
      const last = Math.max(
        ...events.filter((e) => e.subject === run.customerId).map((e) => Date.parse(e.time!)),
      );
      for (const c of run.contacts)
        if (c.at <= last)
          simulated.push(`${run.customerId} ${when(c.at)} ${c.journey}/${c.step} ${c.action} ${c.channel}`);
    }
    expect(ran.length).toBeGreaterThan(50);
    expect(simulated.sort()).toEqual(ran.sort());
  });
});
