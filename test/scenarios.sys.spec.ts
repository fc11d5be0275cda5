/**
 * The shipped journeys, each moment end to end on real servers and services: the sequence of commands and their outcomes,
 * waits over months included, and what must come when something is in the way. The clock stands; the events carry the time,
 * and every wait falls due at its own.
 */
import { replayClockText, standingClockText } from "#clock";
import { sleep } from "#messaging";
import { eventually, pause, resume } from "#testing";
import { auditOf } from "../apps/cli/src/scenario/customer-streams.js";
import { differences } from "../apps/cli/src/scenario/differences.js";
import { play, type Played } from "../apps/cli/src/scenario/play.js";
import { consentsOf, readScenarios, scenarioV1 } from "../apps/cli/src/scenario/scenario-file.js";
import { CASES } from "./scenario-cases/index.js";
import {
  bought,
  calculated,
  declined,
  issued,
  later,
  leaving,
  left,
  lending,
  page,
} from "./scenario-cases/events.js";
import { System } from "./system.js";

const shipped = readScenarios("scenarios");
const START = "2024-03-04T09:00:00Z";

describe("the moments on a running system", () => {
  let system: System;
  let runs = 0;
  beforeAll(async () => {
    system = await System.start({
      clock: standingClockText(),
      env: { "context-actor": { ACTOR_DECISION_BUDGET_MS: "700" } },
    });
  }, 60_000);
  afterAll(() => system.stop());

  const stage = () => ({ nc: system.servers.nc, gatewayUrl: system.gateway, run: `r${++runs}` });

  function wrong(played: readonly Played[]): string[] {
    return played.flatMap((p) => differences(p).map((d) => `${p.name}: ${d}`));
  }

  /** A scenario of one customer. */
  function one(customer: object): ReturnType<typeof scenarioV1.parse> {
    return scenarioV1.parse({
      kind: "Scenario",
      id: "test",
      title: "t",
      description: "d",
      start: START,
      customers: { one: { shows: "s", ...customer } },
    });
  }

  it.each([...shipped.keys()])(
    "%s goes as it says",
    async (id) => {
      expect(wrong(await play(shipped.get(id)!, stage()))).toEqual([]);
    },
    40_000,
  );

  describe.each(Object.entries(CASES))("%s", (_moment, cases) => {
    it.each(cases)(
      "%s",
      async (_what, customer) => {
        expect(wrong(await play(one(customer), stage()))).toEqual([]);
      },
      30_000,
    );
  });

  it("five payments by one card: no more tries than the scheme allows, whichever payment asks", async () => {
    const payments = [1, 2, 3, 4, 5].map((n) =>
      declined({ paymentId: `p${n}`, cardId: "test-decline-limit", scheme: "visa" }),
    );
    const [played] = await play(one({ timeline: [...payments, later("20d")], expect: {} }), stage());
    const retries = played!.commands.filter((c) => c.action === "card-payment-retry");
    const asked = system.providerCalls().filter((c) => c.commandId.startsWith(`${played!.customerId}.`));
    const tries = asked.filter((c) => c.channel === "execute").length;
    // The five payments were tried once each before Segue heard of them.
    expect(tries).toBe(20 - 5);
    expect(retries.length).toBeGreaterThan(tries);
    expect(played!.records.flatMap((r) => r.entries)).toContainEqual(
      expect.objectContaining({ kind: "outcome", action: "card-payment-retry", reason: "retry_limit" }),
    );
  }, 40_000);

  it("the deadline is missed: the transfer goes, and what came too late counts as not shown (I12)", async () => {
    const customer = "scenario-deadline-missed";
    const consents = consentsOf("all");
    const registered = system.event(customer, "customer.registered", { consents }, { time: START });
    await system.settled(customer, await system.publish(registered));
    const { asks, data } = leaving("0m", null) as { asks: string; data: Record<string, unknown> };
    const channels = system.services.get("channels")!.child;
    await pause(channels);
    try {
      const response = await fetch(`${system.gateway}/v1/moments?deadlineMs=400`, {
        method: "POST",
        headers: { "content-type": "application/cloudevents+json" },
        body: JSON.stringify(system.event(customer, asks, data, { time: START })),
      });
      expect(await response.json()).toMatchObject({ decision: null, reason: "deadline" });
    } finally {
      resume(channels);
    }
    const left = await eventually("the journey to end", () => {
      const c = system.contextOf(customer);
      return c?.contacts.length && c.journeys.length === 0 ? c : undefined;
    });
    expect(left.contacts).toMatchObject([{ action: "keep-savings-rate", outcome: "expired" }]);
    const records = await auditOf(system.servers.nc, customer, left.audit.n);
    expect(records.flatMap((r) => r.entries)).toContainEqual(
      expect.objectContaining({ kind: "journey-exited", reason: "not-shown" }),
    );
  }, 30_000);

  describe("while the decision service is away", () => {
    beforeAll(() => pause(system.services.get("decision")!.child));
    afterAll(() => resume(system.services.get("decision")!.child));

    it("every journey takes its own way out, says nothing, and the caller of a moment is answered", async () => {
      const away: Readonly<Record<string, object>> = {
        payment: {
          timeline: [declined(), later("5d")],
          expect: { ends: ["card-payment-rescue not-handed-over"] },
        },
        lending: {
          ...lending,
          timeline: [page, calculated("5m"), left, later("40d")],
          expect: { ends: ["loan-interest gone-quiet"] },
        },
        purchase: {
          timeline: [bought("0m", "5541"), later("20d")],
          expect: { ends: ["purchase-cross-sell not-offered"] },
        },
        card: { timeline: [issued(), later("60d")], expect: { ends: ["card-onboarding not-activated"] } },
        transfer: {
          timeline: [leaving("0m", null), later("1d")],
          expect: { ends: ["transfer-interception not-offered"] },
        },
      };
      const played = await Promise.all(Object.values(away).map((c) => play(one(c), stage())));
      expect(wrong(played.flat())).toEqual([]);
      const entries = played.flat().flatMap((p) => p.records.flatMap((r) => r.entries));
      expect(entries.filter((e) => e.kind === "decision").every((e) => e.answer === "unavailable")).toBe(
        true,
      );
    }, 60_000);
  });
});

describe("timers over days on a clock that runs", () => {
  let system: System;
  let startTime: number;
  beforeAll(async () => {
    // Two days a second, beginning when the services are up.
    startTime = Date.parse(START);
    const startWall = Date.now() + 12_000;
    system = await System.start({ clock: replayClockText({ startWall, startTime, speed: 2 * 86_400 }) });
    await sleep(startWall - Date.now());
  }, 60_000);
  afterAll(() => system.stop());

  it("what does not happen is noticed by the server's own timers, each at its time: two nudges, a week apart", async () => {
    const customer = "scenario-timers";
    const event = (type: string, at: number, data: Record<string, unknown>) =>
      system.event(customer, type, data, { time: new Date(at).toISOString() });
    const profile = { timezone: "Europe/Amsterdam", consents: consentsOf("all") };
    await system.publish(event("customer.registered", startTime - 1_000, profile));
    await system.publish(event("card.issued", startTime, { cardId: "k1" }));
    // Nothing is published from here on.
    const context = await eventually(
      "the second nudge",
      () => {
        const c = system.contextOf(customer);
        return c?.contacts.length === 2 && c.contacts.every((x) => x.outcome === "delivered") ? c : undefined;
      },
      20_000,
    );
    const day = (at: number): number => Math.round((at - startTime) / 86_400_000);
    expect(context.contacts.map((c) => [day(c.at), c.action, c.channel])).toEqual([
      [5, "card-activation-reminder", "push"],
      [12, "card-activation-reminder", "email"],
    ]);
  }, 40_000);
});
