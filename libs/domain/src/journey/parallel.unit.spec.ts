import { journeyV1, LIMITS, type JourneyDefinition } from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { CustomerScript } from "#testing";

const DAY = 86_400_000;

const onboarding = (parallel: object, more: object = {}): JourneyDefinition =>
  journeyV1.parse({
    kind: "Journey",
    id: "onboarding",
    version: 1,
    description: "test",
    purpose: "service",
    trigger: { event: "account.opened" },
    entry: { rule: "after-exit" },
    steps: [
      {
        id: "both",
        type: "parallel",
        branches: [
          { id: "card", first: "card" },
          { id: "app", first: "app" },
        ],
        join: "all",
        atMost: "7d",
        next: "after",
        onTimeout: "late",
        ...parallel,
      },
      {
        id: "card",
        type: "wait",
        for: [{ event: "card.used", goto: "card-used" }],
        atMost: "30d",
      },
      { id: "card-used", type: "exit", reason: "used" },
      { id: "app", type: "wait", for: [{ event: "app.opened", goto: "app-hello" }], atMost: "30d" },
      { id: "app-hello", type: "send", action: "hello", otherwise: "after" },
      { id: "after", type: "exit", reason: "after" },
      { id: "late", type: "exit", reason: "late" },
    ],
    ...more,
  });

const script = (definition: JourneyDefinition): CustomerScript =>
  new CustomerScript(new Journeys([definition], createExpressions()));
const ends = (c: CustomerScript): string[] =>
  c.entries.flatMap((e) => (e.kind === "branch-ended" ? [`${e.branch}:${e.reason}`] : []));

describe("a parallel step", () => {
  it("runs each branch as an instance of its own, and goes on when all have ended", () => {
    const c = script(onboarding({})).event("account.opened");
    expect(c.context.journeys.map((j) => [j.id, j.parent, j.branch, j.step])).toEqual([
      ["onboarding-1", undefined, undefined, "both"],
      ["onboarding_1_0", "onboarding-1", "card", "card"],
      ["onboarding_1_1", "onboarding-1", "app", "app"],
    ]);
    c.later(DAY).event("card.used");
    expect(ends(c)).toEqual(["card:used"]);
    expect(c.exits).toEqual([]);
    c.later(DAY).event("app.opened");
    expect(c.said).toEqual(["hello/push"]);
    expect(ends(c)).toEqual(["card:used", "app:completed"]);
    expect(c.exits).toEqual(["after"]);
    expect(c.context.journeys).toEqual([]);
  });

  it("goes on with the first branch that ends where any will do, and ends the others with their timers", () => {
    const c = script(onboarding({ join: "any" }))
      .event("account.opened")
      .later(DAY)
      .event("card.used");
    expect(ends(c)).toEqual(["card:used", "app:joined"]);
    expect(c.exits).toEqual(["after"]);
    const cancelled = c.intents.filter((i) => i.kind === "cancel-timer").map((i) => i.instance);
    expect(cancelled).toEqual(expect.arrayContaining(["onboarding-1", "onboarding_1_0", "onboarding_1_1"]));
    c.later(DAY).event("app.opened");
    expect(c.said).toEqual([]);
  });

  it("ends the branches and takes the way out when its time is over", () => {
    const c = script(onboarding({})).event("account.opened").later(DAY).event("card.used");
    c.later(6 * DAY).event("anything.else");
    expect(ends(c)).toEqual(["card:used", "app:timeout"]);
    expect(c.exits).toEqual(["late"]);
  });

  it("lets branches that are due at the instant of its limit end first", () => {
    const c = script(onboarding({ atMost: "30d" }))
      .event("account.opened")
      .later(30 * DAY)
      .event("any.event");
    expect(ends(c)).toEqual(["card:completed", "app:completed"]);
    expect(c.exits).toEqual(["after"]);
  });

  it("is left with all its branches at an exit event of the journey", () => {
    const exitOn = [{ event: "account.closed", reason: "closed" }];
    const c = script(onboarding({}, { exitOn })).event("account.opened").event("account.closed");
    expect(ends(c)).toEqual(["card:closed", "app:closed"]);
    expect(c.exits).toEqual(["closed"]);
    expect(c.context.journeys).toEqual([]);
  });

  it("is left with all its branches at the goal, counted once", () => {
    const goal = { event: "app.opened", goto: "late" };
    const c = script(onboarding({}, { goal })).event("account.opened").event("app.opened");
    expect(c.entries.filter((e) => e.kind === "goal-reached")).toHaveLength(1);
    expect(ends(c)).toEqual(["card:goal", "app:goal"]);
    expect(c.exits).toEqual(["late"]);
    expect(c.said).toEqual([]);
  });

  it("does not count its branches for entry rules, but for the limit of open instances", () => {
    const keyed = { entry: { rule: "per-key", key: "event.data.id" }, concurrency: 16 };
    const c = script(onboarding({}, keyed));
    for (let i = 0; i < 9; i++) c.event("account.opened", { id: `k${i}` });
    // Five families of three; the sixth would be the 16th instance, whose branches find no room.
    expect(c.context.journeys).toHaveLength(LIMITS.journeys - 1);
    expect(c.entries.filter((e) => e.kind === "parallel-refused")).toHaveLength(4);
    expect(c.exits).toEqual(["late", "late", "late", "late"]);
  });

  it("knows afterwards on which channels its branches have spoken", () => {
    const c = script(
      onboarding(
        {},
        {
          steps: [
            ...onboarding({}).steps.map((s) => (s.id === "after" ? { ...s, id: "end" } : s)),
            { id: "after", type: "send", action: "again", anotherChannel: true, otherwise: "end" },
          ],
        },
      ),
    );
    c.event("account.opened").event("app.opened").event("card.used");
    expect(c.said).toEqual(["hello/push", "again/sms"]);
  });

  it("may stand in a branch of another; leaving the outer one ends both", () => {
    const nested = onboarding(
      {},
      {
        exitOn: [{ event: "account.closed", reason: "closed" }],
        steps: [
          ...onboarding({
            branches: [
              { id: "card", first: "inner" },
              { id: "app", first: "app" },
            ],
          }).steps,
          {
            id: "inner",
            type: "parallel",
            branches: [
              { id: "x", first: "card" },
              { id: "y", first: "app" },
            ],
            join: "all",
            atMost: "3d",
          },
        ],
      },
    );
    const c = script(nested).event("account.opened");
    expect(c.context.journeys).toHaveLength(5);
    c.event("account.closed");
    expect(c.context.journeys).toEqual([]);
    expect(ends(c)).toEqual(["x:closed", "y:closed", "card:closed", "app:closed"]);
    const again = script(nested)
      .event("account.opened")
      .event("app.opened")
      .later(3 * DAY)
      .event("x.y");
    expect(ends(again)).toEqual(["app:completed", "y:completed", "x:timeout", "card:completed"]);
    expect(again.exits).toEqual(["after"]);
  });

  it("keeps its branches while a hold pauses the journey, and goes on when they have ended meanwhile", () => {
    const c = script(onboarding({}, { purpose: "marketing" }))
      .event("account.opened")
      .event("app.opened");
    c.event("hold.placed", { kind: "fraud" });
    expect(c.context.journeys.map((j) => j.status)).toEqual(["paused", "paused"]);
    c.later(DAY)
      .event("card.used")
      .later(20 * DAY)
      .event("x.y");
    expect(c.exits).toEqual([]);
    c.event("hold.lifted", { kind: "fraud" });
    expect(ends(c)).toEqual(["app:completed", "card:used"]);
    expect(c.exits).toEqual(["after"]);
  });
});
