import fc from "fast-check";
import { journeyV1, LIMITS, type JourneyDefinition } from "#contracts";
import { createExpressions } from "#definitions";
import { CustomerScript, permitAll } from "#testing";
import { emptyContext, Journeys, step } from "#domain";

const DAY = 86_400_000;

function journey(more: object): JourneyDefinition {
  return journeyV1.parse({
    kind: "Journey",
    id: "rescue",
    version: 1,
    description: "test",
    purpose: "service",
    trigger: { event: "account.overdrawn" },
    entry: { rule: "after-exit" },
    steps: [
      { id: "explain", type: "send", action: "explain", next: "watch" },
      {
        id: "watch",
        type: "wait",
        for: [{ event: "account.recovered", goto: "thank" }],
        atMost: "2d",
        onTimeout: "human",
      },
      { id: "thank", type: "send", action: "thank", next: "done" },
      { id: "human", type: "route", action: "case", next: "done" },
      { id: "done", type: "exit", reason: "done" },
    ],
    ...more,
  });
}

const journeys = (...definitions: JourneyDefinition[]): Journeys =>
  new Journeys(definitions, createExpressions());

describe("a journey, step by step", () => {
  it("says, waits, and goes on at the event it waits for", () => {
    const c = new CustomerScript(journeys(journey({}))).event("account.overdrawn");
    expect(c.said).toEqual(["explain/push"]);
    expect(c.context.journeys[0]).toMatchObject({ status: "waiting", step: "watch" });
    c.later(DAY).event("account.recovered");
    expect(c.said).toEqual(["explain/push", "thank/push"]);
    expect(c.exits).toEqual(["done"]);
    expect(c.intents.at(-1)?.kind).not.toBe("set-timer");
    expect(c.intents.some((i) => i.kind === "cancel-timer")).toBe(true);
  });

  it("keeps once-per for its whole period, however many keys other journeys are entered under", () => {
    const steps = [{ id: "done", type: "exit", reason: "done" }];
    const offer = journey({
      id: "offer",
      trigger: { event: "payment.sent" },
      entry: { rule: "once-per", period: "90d" },
      steps,
    });
    const failure = journey({
      id: "failure",
      trigger: { event: "payment.failed" },
      entry: { rule: "per-key", key: "event.data.paymentId" },
      steps,
    });
    const c = new CustomerScript(journeys(offer, failure)).event("payment.sent");
    for (let n = 0; n <= LIMITS.entries; n++) c.later(1_000).event("payment.failed", { paymentId: `p-${n}` });
    c.later(DAY).event("payment.sent");
    expect(c.entries.at(-1)).toMatchObject({ kind: "journey-refused", reason: "entered_too_recently" });
    expect(Object.keys(c.context.entries)).toHaveLength(LIMITS.entries);
  });

  it("goes on by time when nothing happens, at the due time", () => {
    const c = new CustomerScript(journeys(journey({}))).event("account.overdrawn").timer();
    expect(c.said).toEqual(["explain/push", "case/push"]);
    expect(c.commands[1]?.at).toBe(c.commands[0]!.at + 2 * DAY);
  });

  it("hands a case over with what is known of the customer, and nothing else with it", () => {
    const c = new CustomerScript(journeys(journey({}))).event("account.overdrawn", { balanceMinor: -500 });
    c.outcome("delivered").event("account.debited", { balanceMinor: -900 }).timer();
    const [message, agentCase] = c.commands;
    expect(agentCase?.context).toMatchObject({
      attributes: { balanceMinor: -900 },
      signals: { "account.overdrawn": { n: 1 }, "account.debited": { n: 1 } },
      contacts: [{ action: "explain", channel: "push", outcome: "delivered" }],
    });
    expect(message).not.toHaveProperty("context");
  });

  it("fires a wait that fell due before an event's time first, at its own due time", () => {
    const c = new CustomerScript(journeys(journey({})))
      .event("account.overdrawn")
      .later(5 * DAY)
      .event("account.recovered");
    expect(c.said).toEqual(["explain/push", "case/push"]);
    expect(c.requests[1]?.at).toBe(c.requests[0]!.at + 2 * DAY);
    expect(c.exits).toEqual(["done"]);
  });

  it("ends the same whether the timer's message comes before or after that event", () => {
    const early = new CustomerScript(journeys(journey({})))
      .event("account.overdrawn")
      .timer()
      .later(3 * DAY)
      .event("account.recovered");
    const late = new CustomerScript(journeys(journey({})))
      .event("account.overdrawn")
      .later(5 * DAY)
      .event("account.recovered");
    expect(late.said).toEqual(early.said);
    expect(late.context.journeys).toEqual(early.context.journeys);
  });

  it("sets a timer again that fires too early", () => {
    const c = new CustomerScript(journeys(journey({}))).event("account.overdrawn");
    const set = c.intents.find((i) => i.kind === "set-timer");
    if (set?.kind !== "set-timer") throw new Error("no timer");
    c.later(1_000).apply({
      id: "t",
      source: "segue",
      type: `timer.${set.instance}.${set.wait}`,
      customerId: "c1",
      time: set.dueAt,
      data: {},
    });
    expect(c.intents.at(-1)).toEqual(set);
    expect(c.said).toEqual(["explain/push"]);
  });

  it("leaves at once on an exit event, from any step", () => {
    const exitOn = [{ event: "consent.changed", when: "event.data.granted == false", reason: "opted_out" }];
    const c = new CustomerScript(journeys(journey({ exitOn }))).event("account.overdrawn");
    c.event("consent.changed", { purpose: "service", channel: "*", granted: true });
    expect(c.exits).toEqual([]);
    c.event("consent.changed", { purpose: "service", channel: "*", granted: false })
      .later(3 * DAY)
      .event("account.credited");
    expect(c.exits).toEqual(["opted_out"]);
    expect(c.said).toEqual(["explain/push"]);
  });

  it("ends every marketing journey at a full opt-out, whatever its definition says", () => {
    const c = new CustomerScript(journeys(journey({ purpose: "marketing" }))).event("account.overdrawn");
    c.event("consent.changed", { purpose: "marketing", channel: "*", granted: false });
    expect(c.exits).toEqual(["opted_out"]);
  });

  it("counts a goal once and goes where it says", () => {
    const goal = { event: "account.recovered", within: "2d", goto: "thank" };
    const c = new CustomerScript(journeys(journey({ goal })))
      .event("account.overdrawn")
      .later(DAY)
      .event("account.recovered");
    expect(c.entries.filter((e) => e.kind === "goal-reached")).toHaveLength(1);
    expect(c.said).toEqual(["explain/push", "thank/push"]);
  });

  it("does not count a goal after its time", () => {
    const goal = { event: "account.recovered", within: "1d", goto: "thank" };
    const late = journey({
      goal,
      steps: [
        { id: "w", type: "wait", atMost: "9d", onTimeout: "thank" },
        { id: "thank", type: "send", action: "thank" },
      ],
    });
    const c = new CustomerScript(journeys(late))
      .event("account.overdrawn")
      .later(DAY + 1)
      .event("account.recovered");
    expect(c.entries.some((e) => e.kind === "goal-reached")).toBe(false);
  });

  it("takes the fallback when no decision can be had, and says so", () => {
    const steps = [
      { id: "explain", type: "send", action: "explain", otherwise: "human" },
      { id: "never", type: "exit", reason: "never" },
      { id: "human", type: "route", action: "case" },
    ];
    const c = new CustomerScript(journeys(journey({ steps })));
    c.answering = (r) =>
      r.candidates[0] === "explain" ? { kind: "unavailable", reason: "decision_unavailable" } : permitAll(r);
    c.event("account.overdrawn");
    expect(c.said).toEqual(["case/push"]);
    expect(c.entries).toContainEqual(
      expect.objectContaining({ kind: "decision", answer: "unavailable", reason: "decision_unavailable" }),
    );
  });

  it("waits until the window opens when the answer is deferred, then asks again", () => {
    const c = new CustomerScript(journeys(journey({})));
    const until = c.now + 3_600_000;
    c.answering = (r) =>
      r.at < until ? { kind: "defer", decisionId: r.decisionId, until, reason: "quiet_hours" } : permitAll(r);
    c.event("account.overdrawn");
    expect(c.said).toEqual([]);
    c.timer();
    expect(c.said).toEqual(["explain/push"]);
    expect(c.requests.map((r) => r.decisionId)).toEqual(["c1.1.0", "c1.2.0"]);
  });

  it("does not wait for the window where the step says so: that moment is over then", () => {
    const steps = [
      { id: "d", type: "decide", actions: ["explain", "offer"], defer: false, otherwise: "x" },
      { id: "x", type: "exit", reason: "not-said" },
    ];
    const c = new CustomerScript(journeys(journey({ steps })));
    c.answering = (r) => ({
      kind: "defer",
      decisionId: r.decisionId,
      until: r.at + 3_600_000,
      reason: "quiet_hours",
    });
    c.event("account.overdrawn");
    expect(c.exits).toEqual(["not-said"]);
    expect(c.context.journeys).toEqual([]);
    expect(c.intents).toEqual([]);
  });

  it("tries another channel the second time, the one that carried it counting", () => {
    const steps = [
      { id: "a", type: "send", action: "offer", channels: ["push", "sms", "email"], next: "w" },
      { id: "w", type: "wait", for: [{ outcome: ["clicked"], goto: "done" }], atMost: "2d", onTimeout: "b" },
      { id: "b", type: "send", action: "offer", channels: ["push", "sms", "email"], anotherChannel: true },
      { id: "done", type: "exit", reason: "done" },
    ];
    const c = new CustomerScript(journeys(journey({ steps }))).event("account.overdrawn");
    c.outcome("delivered", { channel: "sms", tried: [{ channel: "push", reason: "rejected" }] });
    c.timer();
    expect(c.said).toEqual(["offer/push", "offer/email"]);
  });

  it("reacts to an outcome of its own command only, and to the first terminal one (I8)", () => {
    const steps = [
      { id: "a", type: "execute", action: "retry", next: "w" },
      {
        id: "w",
        type: "wait",
        for: [
          { outcome: ["delivered"], goto: "yes" },
          { outcome: ["failed", "unknown"], goto: "no" },
        ],
        atMost: "10m",
        onTimeout: "no",
      },
      { id: "yes", type: "exit", reason: "yes" },
      { id: "no", type: "exit", reason: "no" },
    ];
    const c = new CustomerScript(journeys(journey({ steps }))).event("account.overdrawn");
    c.outcome("failed", { commandId: "c1.77.0.c" });
    expect(c.exits).toEqual([]);
    c.outcome("delivered").outcome("unknown");
    expect(c.exits).toEqual(["yes"]);
    const late = new CustomerScript(
      journeys(
        journey({
          steps: [
            { id: "a", type: "execute", action: "retry", next: "p" },
            { id: "p", type: "wait", for: [{ event: "x.y", goto: "w" }], atMost: "9d" },
            ...steps.slice(1),
          ],
        }),
      ),
    ).event("account.overdrawn");
    late.outcome("delivered").event("x.y").outcome("failed");
    expect(late.exits).toEqual([]);
    expect(c.context.contacts[0]?.outcome).toBe("delivered");
    expect(
      c.entries.filter((e) => e.kind === "outcome" && e.commandId === c.commands[0]!.commandId),
    ).toHaveLength(1);
  });

  it("branches on a condition; one that fails at run time is false, and the audit says where", () => {
    const steps = [
      {
        id: "b",
        type: "branch",
        cases: [
          { when: "trigger.data.missing > 3", goto: "no" },
          { when: "trigger.data.amountMinor >= 100", goto: "yes" },
        ],
        otherwise: "no",
      },
      { id: "yes", type: "exit", reason: "yes" },
      { id: "no", type: "exit", reason: "no" },
    ];
    const c = new CustomerScript(journeys(journey({ steps }))).event("account.overdrawn", {
      amountMinor: 100,
    });
    expect(c.exits).toEqual(["yes"]);
    expect(c.entries).toContainEqual(
      expect.objectContaining({ kind: "expression-failed", where: "rescue@1/b/cases/0" }),
    );
  });

  it("stops a definition that runs in a circle instead of hanging", () => {
    const steps = [
      { id: "a", type: "branch", cases: [{ when: "true", goto: "b" }], otherwise: "b" },
      { id: "b", type: "branch", cases: [{ when: "true", goto: "a" }], otherwise: "a" },
    ];
    expect(() => new CustomerScript(journeys(journey({ steps }))).event("account.overdrawn")).toThrow(
      /more than 256 steps/,
    );
  });
});

describe("entry rules", () => {
  const short = { steps: [{ id: "x", type: "exit", reason: "x" }] };
  const entering = (entry: object): CustomerScript =>
    new CustomerScript(journeys(journey({ ...short, entry })));

  it("once: never again", () => {
    const c = entering({ rule: "once" })
      .event("account.overdrawn")
      .later(400 * DAY)
      .event("account.overdrawn");
    expect(c.refusals).toEqual(["entered_before"]);
  });
  it("once per period: again when it has passed", () => {
    const c = entering({ rule: "once-per", period: "90d" })
      .event("account.overdrawn")
      .later(90 * DAY - 1)
      .event("account.overdrawn");
    expect(c.refusals).toEqual(["entered_too_recently"]);
    c.later(1).event("account.overdrawn");
    expect(c.exits).toEqual(["x", "x"]);
  });
  it("after exit: not while one is open", () => {
    const c = new CustomerScript(journeys(journey({}))).event("account.overdrawn").event("account.overdrawn");
    expect(c.refusals).toEqual(["already_in_journey"]);
  });
  it("after exit: again when the goal is reached, while the thanks still wait for the morning", () => {
    const goal = { event: "account.recovered", within: "2d", goto: "thank" };
    const c = new CustomerScript(journeys(journey({ goal }))).event("account.overdrawn");
    c.answering = (request) =>
      request.candidates[0] === "thank"
        ? { kind: "defer", decisionId: request.decisionId, until: c.now + DAY / 3, reason: "quiet_hours" }
        : permitAll(request);
    c.later(3_600_000).event("account.recovered").later(3_600_000).event("account.overdrawn");
    expect(c.refusals).toEqual([]);
    expect(c.said).toEqual(["explain/push", "explain/push"]);
  });
  it("per key: side by side, once for each", () => {
    const c = new CustomerScript(
      journeys(journey({ entry: { rule: "per-key", key: "event.data.paymentId" } })),
    );
    c.event("account.overdrawn", { paymentId: "p1" })
      .event("account.overdrawn", { paymentId: "p2" })
      .event("account.overdrawn", { paymentId: "p1" });
    expect(c.context.journeys).toHaveLength(2);
    expect(c.refusals).toEqual(["key_entered_before"]);
  });
});

describe("versions", () => {
  it("keeps a running instance on its version; new customers enter the newest (I10)", () => {
    const v1 = journey({});
    const v2 = journey({ version: 2, steps: [{ id: "other", type: "send", action: "other" }] });
    const c = new CustomerScript(journeys(v1)).event("account.overdrawn");
    const after = new CustomerScript(journeys(v1, v2));
    after.context = c.context;
    after.at("2026-01-06T10:00:00Z").apply({
      id: "r",
      source: "core",
      type: "account.recovered",
      customerId: "c1",
      time: after.now,
      data: {},
    });
    expect(after.said).toEqual(["thank/push"]);
    after.event("account.overdrawn");
    expect(after.said).toEqual(["thank/push", "other/push"]);
  });
});

describe("properties", () => {
  const types = [
    "account.overdrawn",
    "account.recovered",
    "account.credited",
    "consent.changed",
    "weird.type",
  ];
  const script = fc.array(
    fc.record({ type: fc.constantFrom(...types), gapMs: fc.integer({ min: 0, max: 3 * DAY }) }),
    { maxLength: 60 },
  );
  const definition = journeys(journey({ goal: { event: "account.recovered", within: "2d", goto: "thank" } }));
  const play = (events: ReadonlyArray<{ type: string; gapMs: number }>): CustomerScript => {
    const c = new CustomerScript(definition);
    for (const { type, gapMs } of events)
      c.later(gapMs).event(type, { purpose: "service", channel: "*", granted: false });
    return c;
  };

  it("is deterministic: the same events give the same bytes (I9)", () => {
    fc.assert(
      fc.property(script, (events) =>
        expect(JSON.stringify(play(events))).toBe(JSON.stringify(play(events))),
      ),
    );
  });

  it("leaves no instance ready, and no due wait behind the clock", () => {
    fc.assert(
      fc.property(script, (events) => {
        const { context } = play(events);
        for (const j of context.journeys) {
          expect(j.status).toBe("waiting");
          expect(j.wait!.dueAt).toBeGreaterThan(context.now);
        }
      }),
    );
  });

  it("never changes the context it is given, and stays within its bounds", () => {
    fc.assert(
      fc.property(script, (events) => {
        const c = play(events);
        const frozen = JSON.stringify(c.context);
        step(
          c.context,
          {
            id: "x",
            source: "core",
            type: "account.overdrawn",
            customerId: "c1",
            time: c.now,
            data: {},
            seq: 10_000,
          },
          c.now,
          definition,
        );
        expect(JSON.stringify(c.context)).toBe(frozen);
        expect(c.context.recent.length).toBeLessThanOrEqual(LIMITS.recent);
        expect(c.context.contacts.length).toBeLessThanOrEqual(LIMITS.contacts);
        expect(c.context.applied).toBe(events.length);
      }),
    );
  });

  it("gives every decision an id of its own", () => {
    fc.assert(
      fc.property(script, (events) => {
        const ids = play(events).requests.map((r) => r.decisionId);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it("counts types and attributes that are named like what objects inherit", () => {
    const c = new CustomerScript(journeys(journey({ id: "constructor", trigger: { event: "constructor" } })));
    c.event("constructor", { attributes: { toString: 1, constructor: "x" } })
      .event("__proto__")
      .event("constructor");
    expect(c.context.signals).toMatchObject({ constructor: { n: 2 }, other: { n: 1 } });
    expect(c.context.attributes).toEqual({ toString: 1, constructor: "x" });
    expect(c.said).toEqual(["explain/push"]);
    expect(c.refusals).toEqual(["already_in_journey"]);
  });

  it("keeps counters bounded whatever types come", () => {
    const c = new CustomerScript(definition);
    for (let i = 0; i < 300; i++)
      c.event(`type.n${i}`, { [`balanceMinor`]: i, attributes: { [`a${i}`]: i } });
    expect(Object.keys(c.context.signals).length).toBeLessThanOrEqual(LIMITS.signalTypes);
    expect(Object.keys(c.context.attributes).length).toBeLessThanOrEqual(LIMITS.attributes);
    expect(Object.values(c.context.signals).reduce((n, s) => n + s.n, 0)).toBe(300);
    expect(JSON.stringify(emptyContext("c1")).length).toBeLessThan(600);
  });
});
