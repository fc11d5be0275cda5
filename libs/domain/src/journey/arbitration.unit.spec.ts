import { journeyV1, type DecisionRequest, type JourneyDefinition } from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { CustomerScript, permitAll, type Answering } from "#testing";

const DAY = 86_400_000;

/** Offers at a purchase, then a day later at the same instant as the others. */
const offer = (id: string, more: object = {}): JourneyDefinition =>
  journeyV1.parse({
    kind: "Journey",
    id,
    version: 1,
    description: "test",
    purpose: "marketing",
    trigger: { event: "purchase.made" },
    entry: { rule: "after-exit" },
    steps: [
      { id: "offer", type: "send", action: id, next: "day", otherwise: "lost" },
      { id: "day", type: "wait", atMost: "1d", onTimeout: "again" },
      { id: "again", type: "send", action: `${id}-again`, next: "end", otherwise: "lost" },
      { id: "lost", type: "exit", reason: `${id}-lost` },
      { id: "end", type: "exit", reason: `${id}-end` },
    ],
    ...more,
  });

const script = (definitions: JourneyDefinition[], engine?: number): CustomerScript =>
  new CustomerScript(new Journeys(definitions, createExpressions(), { engine }));
const actions = (c: CustomerScript): string[] => c.commands.map((x) => x.action);
const asked = (c: CustomerScript): string[] => c.requests.map((r) => r.journey.id);
const none = (...ids: string[]): Answering => {
  return (r: DecisionRequest) =>
    ids.includes(r.journey.id)
      ? { kind: "none", decisionId: r.decisionId, reason: "cap_reached" }
      : permitAll(r);
};

describe("one best next action", () => {
  it("lets the journey of the highest priority speak; the others are not even asked about", () => {
    const c = script([offer("a"), offer("b", { priority: 90 }), offer("c", { priority: 60 })]);
    c.event("purchase.made");
    expect(actions(c)).toEqual(["b"]);
    expect(asked(c)).toEqual(["b"]);
    expect(c.entries.filter((e) => e.kind === "journey-outranked")).toEqual([
      { kind: "journey-outranked", journey: "c", version: 1, instance: "c-1", step: "offer", by: "b" },
      { kind: "journey-outranked", journey: "a", version: 1, instance: "a-1", step: "offer", by: "b" },
    ]);
    expect(c.exits).toEqual(["c-lost", "a-lost"]);
  });

  it("goes by the journey's id among equals", () => {
    expect(actions(script([offer("b"), offer("a")]).event("purchase.made"))).toEqual(["a"]);
  });

  it("gives the word to the next when the best says nothing", () => {
    const c = script([offer("a"), offer("b", { priority: 90 }), offer("c")]);
    c.answering = none("b");
    c.event("purchase.made");
    expect(asked(c)).toEqual(["b", "a"]);
    expect(actions(c)).toEqual(["a"]);
  });

  it("counts for marketing alone: service journeys speak, and before", () => {
    const c = script([offer("a"), offer("z", { purpose: "service" }), offer("y", { purpose: "service" })]);
    c.event("purchase.made");
    expect(actions(c)).toEqual(["y", "z", "a"]);
  });

  it("looks at what is ordered, not at what is asked: work for an agent is no contact", () => {
    const c = script([offer("a"), offer("b")]);
    c.answering = (r) => {
      const reply = permitAll(r);
      if (reply.kind !== "act" || r.journey.id !== "a") return reply;
      return { ...reply, plan: [{ ...reply.plan[0]!, channel: "agent" as const }] };
    };
    expect(actions(c.event("purchase.made"))).toEqual(["a", "b"]);
  });

  it("lets waits that end at the same instant compete, however late they are noticed", () => {
    const wait = { id: "day", type: "wait", atMost: "1d", onTimeout: "again" };
    const later = (id: string, priority: number): JourneyDefinition =>
      offer(id, { priority, steps: [wait, ...offer(id).steps.slice(2)] });
    const c = script([later("a", 10), later("b", 20)]).event("purchase.made");
    c.later(5 * DAY).event("any.event");
    expect(actions(c)).toEqual(["b-again"]);
    expect(c.exits).toEqual(["b-end", "a-lost"]);
    expect(c.commands[0]!.at).toBe(c.now - 4 * DAY);
  });

  it("knows moments apart: what was said at a due time does not silence the event that comes later", () => {
    const c = script([offer("a"), offer("b", { trigger: { event: "salary.received" } })]);
    c.event("purchase.made")
      .later(3 * DAY)
      .event("salary.received");
    expect(actions(c)).toEqual(["a", "a-again", "b"]);
  });

  it("is no matter between branches of one journey", () => {
    const both = offer("a", {
      steps: [
        {
          id: "both",
          type: "parallel",
          branches: [
            { id: "x", first: "say" },
            { id: "y", first: "too" },
          ],
          join: "all",
          atMost: "1d",
        },
        { id: "say", type: "send", action: "say", otherwise: "end" },
        { id: "too", type: "send", action: "too", otherwise: "end" },
        { id: "end", type: "exit", reason: "end" },
      ],
    });
    const c = script([both, offer("b")]).event("purchase.made");
    expect(actions(c)).toEqual(["say", "too"]);
    expect(c.exits).toEqual(["completed", "b-lost"]);
  });

  it("does not change instances that an older engine began (flag 1)", () => {
    const before = script([offer("a"), offer("b", { priority: 90 })], 0).event("purchase.made");
    expect(actions(before).sort()).toEqual(["a", "b"]);
    expect(before.context.journeys[0]).not.toHaveProperty("engine");
    const now = script([offer("a"), offer("b", { priority: 90 })]);
    now.context = before.context;
    now.later(DAY).event("any.event");
    expect(actions(now).sort()).toEqual(["a-again", "b-again"]);
  });
});

describe("exclusion groups", () => {
  const saving = { group: "savings" };
  it("refuse a journey of equal or lower priority while one is open, and say which", () => {
    const c = script([
      offer("a", { ...saving, priority: 60 }),
      offer("b", { ...saving, trigger: { event: "salary.received" }, priority: 60 }),
    ]);
    c.event("purchase.made").event("salary.received");
    expect(c.entries.at(-1)).toEqual({
      kind: "journey-refused",
      journey: "b",
      version: 1,
      reason: "group_occupied",
      by: "a-1",
    });
  });

  it("let a higher priority displace the open one with its timer", () => {
    const c = script([
      offer("a", saving),
      offer("b", { ...saving, trigger: { event: "salary.received" }, priority: 60 }),
    ]);
    c.event("purchase.made").event("salary.received");
    expect(c.entries).toContainEqual({
      kind: "journey-exited",
      journey: "a",
      version: 1,
      instance: "a-1",
      reason: "displaced",
      by: "b",
    });
    expect(c.context.journeys.map((j) => j.journey)).toEqual(["b"]);
    expect(c.intents).toContainEqual({ kind: "cancel-timer", instance: "a-1", wait: "day-2-0" });
  });

  it("let the strongest in first when one event starts several", () => {
    const c = script([offer("a", saving), offer("b", { ...saving, priority: 60 })]).event("purchase.made");
    expect(c.refusals).toEqual(["group_occupied"]);
    expect(c.context.journeys.map((j) => j.journey)).toEqual(["b"]);
    expect(c.entries.some((e) => e.kind === "journey-exited")).toBe(false);
  });

  it("are free again when the open one has ended, or has reached its goal", () => {
    const goal = { event: "savings.opened", goto: "day" };
    const c = script([
      offer("a", { ...saving, goal }),
      offer("b", { ...saving, trigger: { event: "salary.received" } }),
    ]);
    c.event("purchase.made").event("savings.opened").event("salary.received");
    expect(c.refusals).toEqual([]);
    expect(c.context.journeys.map((j) => j.journey)).toEqual(["a", "b"]);
  });

  it("do not displace for a journey that its own rules keep out", () => {
    const c = script([
      offer("a", saving),
      offer("b", { ...saving, trigger: { event: "salary.received" }, priority: 60, entry: { rule: "once" } }),
    ]);
    c.event("salary.received")
      .later(2 * DAY)
      .event("purchase.made")
      .event("salary.received");
    expect(c.refusals).toEqual(["entered_before"]);
    expect(c.context.journeys.map((j) => j.journey)).toEqual(["a"]);
  });
});
