/**
 * A rolling restart under load: SIGTERM → not ready → stop pulling → finish → give up leases → exit within 10 s.
 * Nothing is lost or doubled (I1, I8), and the other instance takes over at once, not when a lease runs out.
 */
import type { CloudEvent } from "#contracts";
import { LEASE_TTL_MS } from "#messaging";
import { eventually, untilReady } from "#testing";
import { standingClockText } from "#clock";
import { SILENT_CUSTOMERS, System } from "./system.js";

const DAY_MS = 86_400_000;
const START = Date.UTC(1995, 0, 2, 9);

describe("rolling restart", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({ actors: 2, clock: standingClockText(), sandbox: SILENT_CUSTOMERS });
  }, 60_000);
  afterAll(() => system.stop());

  const event = (customer: number, i: number): CloudEvent => ({
    specversion: "1.0",
    id: `${customer}-${i}`,
    source: "core",
    type: i % 2 === 0 ? "account.overdrawn" : "account.recovered",
    subject: `roll-${customer}`,
    time: new Date(START + i * 4 * DAY_MS).toISOString(),
    data: { amountMinor: 1_000, balanceMinor: i % 2 === 0 ? -1_000 : 1_000, currency: "CZK" },
  });

  it("stops every service in order within 10 s, status 0, and loses nothing", async () => {
    const CUSTOMERS = 40;
    const PER_CUSTOMER = 12;
    let publishing = true;
    const last = new Map<number, number>();
    const load = (async () => {
      for (let i = 0; i < PER_CUSTOMER; i++) {
        for (let c = 0; c < CUSTOMERS; c++) last.set(c, await system.publish(event(c, i)));
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      publishing = false;
    })();

    const restart = async (name: "decision" | "policy" | "channels" | "gateway"): Promise<void> => {
      const service = system.services.get(name)!;
      const since = performance.now();
      await service.child.stop(12_000);
      expect(performance.now() - since).toBeLessThan(10_000);
      expect(await service.child.exited).toEqual({ code: 0, signal: null });
      system.services.set(name, await untilReady(await system.launch(name)));
    };
    for (const name of ["policy", "decision", "channels", "gateway"] as const) await restart(name);
    for (const id of ["actor-0", "actor-1"]) {
      const actor = system.actors.get(id)!;
      const since = performance.now();
      await actor.child.stop(12_000);
      expect(performance.now() - since).toBeLessThan(10_000);
      expect(await actor.child.exited).toEqual({ code: 0, signal: null });
      system.actors.delete(id);
      // The lease was given up: no waiting until it runs out.
      const probe = performance.now();
      const seq = await system.publish(event(CUSTOMERS + Number(id.at(-1)), 0));
      await eventually(
        "the other instance to take over",
        () => (system.contextOf(`roll-${CUSTOMERS + Number(id.at(-1))}`)?.watermark ?? 0) >= seq,
      );
      expect(performance.now() - probe).toBeLessThan(LEASE_TTL_MS - 1_000);
      await untilReady(await system.launchActor(id));
    }
    await load;
    expect(publishing).toBe(false);
    for (let c = 0; c < CUSTOMERS; c++) {
      const context = await system.settled(`roll-${c}`, last.get(c)!, 60_000);
      expect(context.duplicates + context.deadLettered).toBe(0);
      expect(context.recent.filter((r) => r.source === "core").map((r) => r.id)).toEqual(
        Array.from({ length: PER_CUSTOMER }, (_, i) => `${c}-${i}`).slice(
          -context.recent.filter((r) => r.source === "core").length,
        ),
      );
    }
    const commands = await system.commands();
    const outcomes = await system.outcomes();
    expect(commands.size).toBeGreaterThan(CUSTOMERS);
    for (const id of commands.keys()) expect(outcomes.get(id) ?? []).toHaveLength(1);
    const calls = system.providerCalls().map((p) => `${p.commandId} ${p.attempt}`);
    expect(new Set(calls).size).toBe(calls.length);
  }, 120_000);
});
