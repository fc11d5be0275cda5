import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { outcomeEventId, type CustomerEvent, type JourneyDefinition } from "#contracts";
import { PolicyRules } from "./customer-policy.js";
import { collectEvents, readNdjson, TooManyEvents } from "./events.js";
import { ResponseModel, responseModelV1 } from "./response-model.js";
import { simulateCustomer, type CustomerRun, type World } from "./simulate-customer.js";
import { compareVersions, SimulationTooLong } from "./simulate.js";
import { busiestWeek } from "./totals.js";
import {
  consenting,
  customerEvent,
  DAY_MS,
  event,
  harmful,
  installation,
  journey,
  registered,
  someCustomers,
  START,
} from "./given-simulation.js";

const silent = responseModelV1.parse({
  kind: "Responses",
  channels: {
    push: { delivered: 1, clicked: 0, declined: 0 },
    email: { delivered: 1, clicked: 0, declined: 0 },
  },
});

function world(definition: JourneyDefinition, responses = silent): World {
  const expressions = createExpressions();
  return {
    journeys: new Journeys([definition], expressions),
    expressions,
    catalogue: installation.catalogue,
    rules: new PolicyRules(installation.policyPacks),
    responses: new ResponseModel(responses),
  };
}

function run(
  definition: JourneyDefinition,
  events: readonly CustomerEvent[],
  days = 30,
  responses = silent,
): CustomerRun {
  return simulateCustomer(
    { customerId: "c1", events, profile: consenting },
    world(definition, responses),
    START + days * DAY_MS,
  );
}

const leaves = (at = START): CustomerEvent => customerEvent("c1", "transfer.sent", at);
const summary = (r: CustomerRun): string[] =>
  r.contacts.map((c) => `${(c.at - START) / DAY_MS} ${c.action} ${c.channel} ${c.outcome}`);

describe("the simulator: one customer", () => {
  it("fires timers at their due times although nothing else happens, up to the final time", () => {
    expect(summary(run(journey(), [leaves()]))).toEqual([
      "0 offer push delivered",
      "2 offer email delivered",
    ]);
    expect(summary(run(journey(), [leaves()], 1))).toEqual(["0 offer push delivered"]);
  });

  it("tells an outcome before the wait for it runs out, also when the next event is far off", () => {
    const clicks = responseModelV1.parse({
      kind: "Responses",
      channels: { push: { delivered: 1, clicked: 1 } },
    });
    const r = run(
      journey(),
      [leaves(), customerEvent("c1", "account.debited", START + 20 * DAY_MS)],
      30,
      clicks,
    );
    expect(summary(r)).toEqual(["0 offer push delivered"]);
    expect(r.contacts[0]!.responses).toEqual(["clicked"]);
  });

  it("goes on to the next channel where one does not deliver, and gives back what reached nobody (I6)", () => {
    const lost = responseModelV1.parse({
      kind: "Responses",
      channels: { push: { delivered: 0 }, email: { delivered: 0 } },
    });
    const daily = journey({
      steps: [
        { id: "say", type: "send", action: "offer", next: "sleep", otherwise: "sleep" },
        { id: "sleep", type: "wait", atMost: "1d", onTimeout: "say" },
      ],
    });
    const failing = run(daily, [leaves()], 6.5, lost);
    expect(failing.contacts).toHaveLength(7);
    expect(failing.contacts.every((c) => c.outcome === "failed")).toBe(true);
    expect(failing.decisions.flatMap((d) => d.caps)).toEqual([]);
    const half = responseModelV1.parse({
      kind: "Responses",
      channels: { push: { delivered: 0 }, email: { delivered: 1 } },
    });
    expect(run(journey(), [leaves()], 1, half).contacts[0]).toMatchObject({
      channel: "email",
      outcome: "delivered",
    });
  });

  it("keeps the caps (I6): a fourth marketing contact in 7 days is not sent, and the cap is named", () => {
    const daily = journey({
      steps: [
        { id: "say", type: "send", action: "offer", next: "sleep", otherwise: "sleep" },
        { id: "sleep", type: "wait", atMost: "1d", onTimeout: "say" },
      ],
    });
    const r = run(daily, [leaves()], 13.5);
    expect(r.contacts.map((c) => (c.at - START) / DAY_MS)).toEqual([0, 1, 2, 7, 8, 9]);
    expect(r.decisions[3]).toMatchObject({
      answer: "none",
      reason: "cap_reached",
      rule: "default/marketing/caps/0",
      caps: ["default/marketing/caps/0"],
    });
  });

  it("does not count what is no contact: a case for an agent takes no room (as the policy service counts)", () => {
    const daily = journey({
      steps: [
        { id: "call", type: "send", action: "case", next: "sleep", otherwise: "sleep" },
        { id: "sleep", type: "wait", atMost: "1d", onTimeout: "say" },
        { id: "say", type: "send", action: "offer", next: "rest", otherwise: "rest" },
        { id: "rest", type: "wait", atMost: "1h", onTimeout: "call" },
      ],
    });
    const days = run(daily, [leaves()], 4).contacts.filter((c) => c.counts);
    expect(days).toHaveLength(3);
  });

  it("judges consent, holds and quiet hours as the policy service does", () => {
    const night = Date.parse("2026-03-02T22:30:00Z");
    const deferred = run(journey(), [leaves(night)]);
    expect(deferred.decisions[0]).toMatchObject({ answer: "defer", reason: "quiet_hours" });
    expect(new Date(deferred.contacts[0]!.at).toISOString()).toBe("2026-03-03T07:00:00.000Z");
    const stranger = simulateCustomer(
      { customerId: "c1", events: [leaves()] },
      world(journey()),
      START + DAY_MS,
    );
    expect(stranger.decisions[0]).toMatchObject({ answer: "none", reason: "no_consent_record" });
  });

  it("drops a repeated event, and counts one that the engine cannot handle", () => {
    expect(run(journey(), [leaves(), leaves()], 1).contacts).toHaveLength(1);
    const endless = journey({
      steps: [
        { id: "a", type: "branch", cases: [{ when: "true", goto: "b" }], otherwise: "b" },
        { id: "b", type: "branch", cases: [{ when: "true", goto: "a" }], otherwise: "a" },
      ],
    });
    const r = run(endless, [leaves()]);
    expect(r).toMatchObject({ failed: 1 });
    expect(r.failure).toMatch(/more than 256 steps/);
  });

  it("ends a run that does not come to rest", () => {
    const spinning = journey({
      entry: { rule: "after-exit" },
      steps: [{ id: "w", type: "wait", atMost: "1ms", onTimeout: "w" }],
      trigger: { event: ["transfer.sent", "outcome.delivered"] },
    });
    const r = run(
      spinning,
      Array.from({ length: 20 }, (_, i) => leaves(START + i * DAY_MS)),
    );
    expect(r.turns).toBeLessThanOrEqual(20 + 5_001);
    expect(r.cut).toBe(true);
  });

  it("uses recorded outcomes for the contact that they belong to, and the model for others", () => {
    const outcome = (command: string, kind: "delivered" | "clicked", at: number): CustomerEvent => ({
      ...customerEvent("c1", `outcome.${kind}`, at, {
        commandId: command,
        decisionId: "c1.1.0",
        reservationId: "c1.1.0",
        action: "offer",
        kind,
        channel: "push",
        tried: [],
        reason: "receipt",
      }),
      id: outcomeEventId(command, kind),
      source: "segue",
    });
    const recorded = [
      leaves(),
      outcome("c1.1.0.c", "delivered", START + 1_000),
      outcome("c1.1.0.c", "clicked", START + 60_000),
    ];
    const r = run(journey(), recorded);
    expect(r).toMatchObject({ recordedOutcomes: 1, claimedOutcomes: 1 });
    expect(r.contacts).toHaveLength(1);
    expect(r.contacts[0]).toMatchObject({ recorded: true, responses: ["clicked"] });
    // Another action has no recorded outcome, and nobody clicks in this model: it is said twice.
    const other = journey({
      version: 2,
      steps: journey().steps.map((s) => (s.type === "decide" ? { ...s, actions: ["better-offer"] } : s)),
    });
    expect(run(other, recorded).contacts.map((c) => c.recorded)).toEqual([false, false]);
  });
});

describe("the difference between two versions", () => {
  it("of an identical version is empty, and the same every time", () => {
    const input = { installation, candidate: { ...journey(), version: 2 }, recorded: someCustomers() };
    const result = compareVersions(input);
    expect(result.difference).toMatchObject({
      gained: 0,
      lost: 0,
      changed: 0,
      silentOnly: 0,
      customersConcerned: 0,
      examples: [],
    });
    expect(result.difference.same).toBeGreaterThan(20);
    expect(result.after).toEqual(result.before);
    expect(compareVersions(input)).toEqual(result);
  });

  it("names what is gained, lost and changed, with customer, event, before, after and why", () => {
    const [first, answer, , end] = journey().steps;
    const recorded = someCustomers();
    const without = compareVersions({
      installation,
      candidate: journey({ version: 2, steps: [first, { ...answer, onTimeout: "end" }, end] }),
      recorded,
    });
    expect(without.difference).toMatchObject({ gained: 0, changed: 0 });
    expect(without.difference.lost).toBe(
      without.before.contacts +
        without.before.undelivered -
        without.after.contacts -
        without.after.undelivered,
    );
    expect(without.difference.examples[0]).toMatchObject({
      kind: "lost",
      journey: "leaving",
      event: { type: "transfer.sent" },
      before: { decided: "act", step: "again" },
      after: { decided: "not-asked" },
      why: "the step is gone: again",
    });
    const better = compareVersions({
      installation,
      candidate: journey({
        version: 2,
        steps: [{ ...first, actions: ["offer", "better-offer"], next: "end" }, end],
      }),
      recorded,
    });
    expect(better.difference.changed).toBeGreaterThan(0);
    expect(better.difference.examples.find((e) => e.kind === "changed")).toMatchObject({
      before: { text: "offer on push" },
      after: { text: "better-offer on push" },
      why: "another action is best (highest_score)",
    });
    const wider = compareVersions({
      installation,
      candidate: journey({ version: 2, trigger: { event: "account.credited" } }),
      recorded,
    });
    expect(wider.difference.gained).toBeGreaterThan(0);
    expect(wider.after.customersContacted).toBeGreaterThan(wider.before.customersContacted);
    const { before, after, customerId } = wider.difference.mostConcerned[0]!;
    expect(after).toBeGreaterThan(before);
    expect(customerId).toMatch(/^c\d{3}$/);
  });

  it("answers in time or not at all", () => {
    expect(() =>
      compareVersions({ installation, candidate: harmful, recorded: someCustomers() }, { withinMs: -1 }),
    ).toThrow(SimulationTooLong);
  });
});

describe("recorded events", () => {
  it("are read from lines; what cannot be read is counted with its cause", async () => {
    const lines = [
      JSON.stringify(registered("c1")),
      "",
      "{",
      JSON.stringify({ ...event("c1", "transfer.sent", START), time: undefined }),
      JSON.stringify({ ...event("c1", "transfer.sent", START), type: "not a type" }),
      JSON.stringify(event("c1", "transfer.sent", START)),
    ];
    const r = await readNdjson(lines);
    expect(r).toMatchObject({ events: 2, unreadable: 3, from: START - DAY_MS, to: START });
    expect(r.problems[0]).toMatch(/^line 3: not JSON/);
    expect(r.problems[1]).toMatch(/^line 4: has no time/);
    expect(r.problems[2]).toMatch(/^line 5: not a CloudEvent: type/);
  });

  it("are bounded", () => {
    expect(() => collectEvents([event("c1", "a", START), event("c1", "b", START)], 1)).toThrow(TooManyEvents);
  });
});

it("the busiest week looks at every 7 days, not at calendar weeks", () => {
  expect(busiestWeek([])).toBe(0);
  expect(busiestWeek([0, 1, 2, 7, 8].map((d) => d * DAY_MS))).toBe(3);
  expect(busiestWeek([0, 5, 6, 6.5, 9].map((d) => d * DAY_MS))).toBe(4);
});
