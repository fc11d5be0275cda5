/** What holds and opt-outs do to open journeys, and pausing to the millisecond. */
import fc from "fast-check";
import {
  CHANNELS,
  contextV1,
  journeyV1,
  type HoldKind,
  type JourneyDefinition,
  type Purpose,
} from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { CustomerScript, permitAll, type Answering } from "#testing";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function journey(purpose: Purpose, more: object = {}): JourneyDefinition {
  return journeyV1.parse({
    kind: "Journey",
    id: purpose,
    version: 1,
    description: "test",
    purpose,
    trigger: { event: "start" },
    entry: { rule: "after-exit" },
    exitOn: [{ event: "leave", reason: "left" }],
    goal: { event: "bought", goto: "thank" },
    steps: [
      { id: "say", type: "send", action: purpose, next: "watch", otherwise: "watch" },
      {
        id: "watch",
        type: "wait",
        for: [
          { event: "clicked", goto: "again" },
          { outcome: ["converted"], goto: "done" },
        ],
        atMost: "2d",
        onTimeout: "again",
      },
      { id: "again", type: "send", action: purpose, next: "done", otherwise: "done" },
      { id: "thank", type: "send", action: purpose, next: "done", otherwise: "done" },
      { id: "done", type: "exit", reason: "done" },
    ],
    ...more,
  });
}

/** Says yes to everything, under the purpose of the journey that asks: what stops it is the engine alone. */
const permitUnderOwn: Answering = (request) => {
  const reply = permitAll(request);
  return "purpose" in reply ? { ...reply, purpose: request.journey.id as Purpose } : reply;
};

function customer(...definitions: JourneyDefinition[]): CustomerScript {
  const c = new CustomerScript(new Journeys(definitions, createExpressions()));
  c.answering = permitUnderOwn;
  return c;
}

const hold = (kind: HoldKind): [string, Record<string, unknown>] => ["hold.placed", { kind }];
const all = (purpose: Purpose, granted: boolean): Record<string, unknown> => ({
  purpose,
  channel: "*",
  granted,
});

describe("a hold on journeys of each purpose", () => {
  it.each<[HoldKind, Purpose, string]>([
    ["fraud", "marketing", "paused"],
    ["fraud", "collections", "paused"],
    ["fraud", "service", "waiting"],
    ["complaint", "marketing", "paused"],
    ["complaint", "collections", "paused"],
    ["complaint", "service", "waiting"],
    ["hardship", "marketing", "hold_hardship"],
    ["hardship", "collections", "paused"],
    ["hardship", "service", "waiting"],
    ["vulnerable", "marketing", "paused"],
    ["vulnerable", "collections", "paused"],
    ["vulnerable", "service", "waiting"],
    ["moratorium", "marketing", "paused"],
    ["moratorium", "collections", "paused"],
    ["moratorium", "service", "waiting"],
    ["litigation", "marketing", "paused"],
    ["litigation", "collections", "waiting"],
    ["litigation", "service", "waiting"],
    ["deceased", "marketing", "hold_deceased"],
    ["deceased", "collections", "hold_deceased"],
    ["deceased", "service", "hold_deceased"],
    ["opt-out", "marketing", "opted_out"],
    ["opt-out", "collections", "waiting"],
    ["opt-out", "service", "waiting"],
  ])("%s: %s is %s", (kind, purpose, expected) => {
    const c = customer(journey(purpose)).event("start").later(HOUR);
    c.event(...hold(kind));
    expect(c.context.journeys[0]?.status ?? c.exits[0]).toBe(expected);
    contextV1.parse(JSON.parse(JSON.stringify(c.context)));
    const said = c.said.length;
    c.later(3 * DAY).event("nothing");
    expect(c.said.length > said).toBe(expected === "waiting");
  });

  it.each<[HoldKind, Purpose, string | undefined]>([
    ["fraud", "marketing", "hold_fraud"],
    ["hardship", "collections", "hold_hardship"],
    ["opt-out", "marketing", "opted_out"],
    ["fraud", "service", undefined],
    ["hardship", "service", undefined],
  ])("%s: entering %s is refused as %p", (kind, purpose, reason) => {
    const c = customer(journey(purpose)).event(...hold(kind));
    c.event("start");
    expect(c.refusals[0]).toBe(reason);
    expect(c.context.journeys).toHaveLength(reason === undefined ? 1 : 0);
    c.event("hold.lifted", { kind }).event("start");
    expect(c.context.journeys).toHaveLength(1);
  });

  it("keeps the journey's own exit before it pauses", () => {
    const exits = { exitOn: [{ event: "hold.placed", reason: "own" }] };
    const c = customer(journey("marketing", exits))
      .event("start")
      .event(...hold("fraud"));
    expect(c.exits).toEqual(["own"]);
    expect(c.entries.some((e) => e.kind === "journey-paused")).toBe(false);
  });
});

describe("a hold that has an end", () => {
  const until = (c: CustomerScript, inMs: number, kind: HoldKind = "moratorium"): CustomerScript =>
    c.event("hold.placed", { kind, until: new Date(c.now + inMs).toISOString() });
  const timersOf = (c: CustomerScript): number[] =>
    c.intents.flatMap((i) => (i.kind === "set-timer" && i.wait === "look" ? i.dueAt : []));

  it("lets a paused journey look again at that time, and go on with the time that it had left", () => {
    const c = customer(journey("collections")).event("start").later(HOUR);
    until(c, 60 * DAY);
    expect(timersOf(c)).toEqual([c.now + 60 * DAY]);
    c.later(60 * DAY - 1).event("nothing");
    expect(c.context.journeys[0]?.status).toBe("paused");
    c.later(1).timer();
    expect(c.context.journeys[0]).toMatchObject({
      status: "waiting",
      wait: { dueAt: c.now + 2 * DAY - HOUR },
    });
    expect(c.entries.at(-1)).toMatchObject({ kind: "journey-resumed", reason: "hold_moratorium" });
  });

  it("ends for the next event too, where the timer is late", () => {
    const c = customer(journey("collections")).event("start");
    until(c, DAY).later(DAY).event("nothing");
    expect(c.context.journeys[0]?.status).toBe("waiting");
  });

  it("stands longer when it is placed again, and the timer asks again then", () => {
    const c = customer(journey("collections")).event("start");
    until(until(c, DAY), 3 * DAY);
    c.later(DAY).timer();
    expect(c.context.journeys[0]?.status).toBe("paused");
    expect(timersOf(c).at(-1)).toBe(c.now + 2 * DAY);
    c.later(2 * DAY).timer();
    expect(c.context.journeys[0]?.status).toBe("waiting");
  });

  it("hands over to the next that stands", () => {
    const c = customer(journey("collections")).event("start");
    until(until(c, DAY), 3 * DAY, "vulnerable");
    c.later(DAY).timer();
    expect(c.context.journeys[0]?.paused).toMatchObject({ reason: "hold_vulnerable" });
    c.later(2 * DAY).timer();
    expect(c.context.journeys[0]?.status).toBe("waiting");
  });

  it("keeps nobody out any more, nor does it end a journey that was entered since", () => {
    const c = customer(journey("marketing"));
    until(c, DAY, "hardship").event("start");
    expect(c.refusals).toEqual(["hold_hardship"]);
    c.later(DAY).event("start");
    expect(c.context.journeys).toHaveLength(1);
    expect(until(c, DAY, "hardship").exits).toEqual(["hold_hardship"]);
  });
});

describe("a STOP in a reply", () => {
  const reply = (text: string, more: object = {}): [string, Record<string, unknown>] => [
    "message.received",
    { channel: "sms", text, ...more },
  ];

  it("ends the marketing journeys, over whatever channel they go on, and no others", () => {
    const c = customer(journey("marketing"), journey("service"), journey("collections")).event("start");
    c.event(...reply("STOP"));
    expect(c.exits).toEqual(["opted_out"]);
    expect(c.context.journeys.map((j) => j.journey).sort()).toEqual(["collections", "service"]);
    expect(c.entries).toContainEqual({
      kind: "profile-changed",
      event: "message.received",
      changes: [
        { what: "consent", purpose: "marketing", channel: "sms", granted: false },
        { what: "consent", purpose: "marketing", channel: "ivr", granted: false },
      ],
    });
  });

  it("comes before a wait that was due, and counts again where the channel was refused already", () => {
    const c = customer(journey("marketing")).event(...reply("stop"));
    c.event("start").later(3 * DAY);
    expect(c.context.journeys).toHaveLength(1);
    c.event(...reply("stop"));
    expect(c.said).toHaveLength(1);
    expect(c.exits).toEqual(["opted_out"]);
  });

  it("is one word alone: what has to be read by a person ends nothing", () => {
    const c = customer(journey("marketing")).event("start");
    c.event(...reply("please don't stop"));
    expect(c.context.journeys).toHaveLength(1);
  });
});

describe("a wait that fell due before a hold was known", () => {
  it("goes on under the hold all the same: what it asks is judged with it", () => {
    const c = customer(journey("service"))
      .event("start")
      .later(3 * DAY)
      .event(...hold("hardship"));
    expect(c.requests.map((r) => r.profile.holds.map((h) => h.kind))).toEqual([[], ["hardship"]]);
    expect(c.entries.filter((e) => e.kind === "profile-changed")).toHaveLength(1);
  });

  it("waits for the end of the hold where the journey is paused by it, and goes on then at once", () => {
    const c = customer(journey("marketing"))
      .event("start")
      .later(3 * DAY)
      .event(...hold("fraud"));
    expect(c.context.journeys[0]?.paused?.wait?.remainingMs).toBe(0);
    c.later(DAY).event("hold.lifted", { kind: "fraud" }).timer();
    expect(c.said).toHaveLength(2);
    expect(c.commands[1]?.at).toBe(c.now);
  });
});

describe("a paused journey", () => {
  const paused = (): CustomerScript => {
    const c = customer(journey("marketing")).event("start").later(HOUR);
    return c.event(...hold("fraud"));
  };

  it("says in the audit why it stands still, and that it goes on", () => {
    const c = paused().later(DAY).event("hold.lifted", { kind: "fraud" });
    const about = { journey: "marketing", version: 1, instance: "marketing-1", reason: "hold_fraud" };
    expect(c.entries.filter((e) => e.kind === "journey-paused" || e.kind === "journey-resumed")).toEqual([
      { kind: "journey-paused", ...about },
      { kind: "journey-resumed", ...about },
    ]);
  });

  it("has no timer, and does not hear the one that was on its way", () => {
    const c = paused();
    const cancelled = c.intents.filter((i) => i.kind === "cancel-timer");
    expect(cancelled).toMatchObject([{ instance: "marketing-1" }]);
    expect(c.context.journeys[0]).not.toHaveProperty("wait");
    c.timer();
    expect(c.said).toHaveLength(1);
    c.event("hold.lifted", { kind: "fraud" });
    // The old timer's id is not used again: cancelling it late must not take the new one down.
    const set = c.intents.filter((i) => i.kind === "set-timer");
    expect(new Set(set.map((i) => (i.kind === "set-timer" ? i.wait : ""))).size).toBe(2);
  });

  it("stands still until nothing holds it any more", () => {
    const c = paused().event(...hold("complaint"));
    c.event("hold.lifted", { kind: "fraud" }).later(DAY).event("nothing");
    expect(c.context.journeys[0]).toMatchObject({ status: "paused", paused: { reason: "hold_complaint" } });
    c.event("hold.lifted", { kind: "complaint" });
    expect(c.context.journeys[0]?.status).toBe("waiting");
  });

  it("leaves at an exit event, and ends when hardship or an opt-out comes", () => {
    expect(paused().event("leave").exits).toEqual(["left"]);
    expect(paused().event(...hold("hardship")).exits).toEqual(["hold_hardship"]);
    expect(paused().event("consent.changed", all("marketing", false)).exits).toEqual(["opted_out"]);
  });

  it("reaches its goal, and says so once it may", () => {
    const c = paused().event("bought");
    expect(c.entries.filter((e) => e.kind === "goal-reached")).toHaveLength(1);
    expect(c.said).toHaveLength(1);
    c.event("hold.lifted", { kind: "fraud" });
    expect(c.said).toHaveLength(2);
    expect(c.exits).toEqual(["done"]);
  });

  it("does not lose what it waits for", () => {
    const c = paused().event("clicked");
    expect(c.context.journeys[0]).toMatchObject({ status: "paused", step: "again" });
    expect(c.said).toHaveLength(1);
    c.later(9 * DAY).event("hold.lifted", { kind: "fraud" });
    expect(c.said).toHaveLength(2);
    expect(paused().outcome("converted").exits).toEqual(["done"]);
  });

  it("asks anew after the hold when it was put off before", () => {
    const c = customer(journey("marketing"));
    const until = c.now + DAY;
    c.answering = (r) => ({ kind: "defer", decisionId: r.decisionId, until, reason: "quiet_hours" });
    c.event("start")
      .later(HOUR)
      .event(...hold("fraud"));
    c.answering = permitUnderOwn;
    c.later(HOUR).event("hold.lifted", { kind: "fraud" });
    expect(c.said).toEqual(["marketing/push"]);
  });

  it("keeps the time that its wait had left exactly, however often it is held", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20 * HOUR), fc.nat(90 * DAY)), { maxLength: 6 }), (holds) => {
        const c = customer(journey("marketing")).event("start");
        let left = 2 * DAY;
        for (const [running, held] of holds) {
          if (running >= left) break;
          c.later(running).event(...hold("fraud"));
          left -= running;
          expect(c.context.journeys[0]?.paused?.wait?.remainingMs).toBe(left);
          c.later(held).event("hold.lifted", { kind: "fraud" });
          expect(c.context.journeys[0]?.wait?.dueAt).toBe(c.now + left);
          expect(c.intents.at(-1)).toMatchObject({ kind: "set-timer", dueAt: c.now + left });
        }
        c.later(left - 1).event("nothing");
        expect(c.said).toHaveLength(1);
        c.later(1).event("nothing");
        expect(c.said).toHaveLength(2);
      }),
    );
  });
});

describe("a paused journey with branches", () => {
  const branching = (join: "all" | "any"): JourneyDefinition =>
    journey("marketing", {
      goal: undefined,
      steps: [
        {
          id: "both",
          type: "parallel",
          branches: [
            { id: "a", first: "wait-a" },
            { id: "b", first: "wait-b" },
          ],
          join,
          atMost: "9d",
          next: "say",
          onTimeout: "late",
        },
        { id: "wait-a", type: "wait", for: [{ event: "a", goto: "end-a" }], atMost: "2d" },
        { id: "wait-b", type: "wait", for: [{ event: "b", goto: "end-b" }], atMost: "3d" },
        { id: "end-a", type: "exit", reason: "a" },
        { id: "end-b", type: "exit", reason: "b" },
        { id: "say", type: "send", action: "marketing", next: "done", otherwise: "done" },
        { id: "late", type: "exit", reason: "late" },
        { id: "done", type: "exit", reason: "done" },
      ],
    });
  const paused = (join: "all" | "any"): CustomerScript =>
    customer(branching(join))
      .event("start")
      .later(DAY)
      .event(...hold("fraud"));
  const lift = (c: CustomerScript): CustomerScript => c.event("hold.lifted", { kind: "fraud" });

  it("stands still with all of them, and goes on with all of them", () => {
    const c = paused("all").later(30 * DAY);
    expect(c.context.journeys.map((j) => j.status)).toEqual(["paused", "paused", "paused"]);
    lift(c);
    expect(c.context.journeys.map((j) => (j.wait?.dueAt ?? 0) - c.now)).toEqual([8 * DAY, DAY, 2 * DAY]);
    c.later(DAY).event("nothing");
    expect(c.said).toEqual([]);
    c.later(DAY).event("nothing");
    expect(c.said).toEqual(["marketing/push"]);
    expect(c.context.journeys).toEqual([]);
  });

  it.each([
    ["any", ["a"], 1],
    ["any", [], 0],
    ["all", ["a"], 0],
    ["all", ["a", "b"], 1],
  ] as const)("joins %s when it goes on, after %j came meanwhile: %d said", (join, events, said) => {
    const c = paused(join);
    for (const e of events) c.event(e);
    expect(c.said).toEqual([]);
    expect(lift(c).said).toHaveLength(said);
    contextV1.parse(JSON.parse(JSON.stringify(c.context)));
    if (said === 0) c.event("b");
    expect(c.event("a").said).toHaveLength(1);
    expect(c.context.journeys).toEqual([]);
  });

  it("leaves with all of them", () => {
    expect(paused("all").event("leave").context.journeys).toEqual([]);
    expect(paused("all").event(...hold("opt-out")).context.journeys).toEqual([]);
  });
});

describe("an opt-out", () => {
  type Move = (c: CustomerScript) => unknown;
  const move: fc.Arbitrary<Move> = fc.oneof(
    fc.constantFrom<Move>(
      (c) => c.event("start"),
      (c) => c.event("clicked"),
      (c) => c.event("bought"),
      (c) => c.event("leave"),
      (c) => c.event(...hold("fraud")),
      (c) => c.event("hold.lifted", { kind: "fraud" }),
      (c) => c.event("hold.lifted", { kind: "hardship" }),
      (c) => c.commands.length > 0 && c.outcome("delivered"),
      (c) => c.commands.length > 0 && c.outcome("converted"),
      (c) => c.intents.some((i) => i.kind === "set-timer") && c.timer(),
    ),
    fc.nat(3 * DAY).map<Move>((ms) => (c) => c.later(ms)),
  );
  const refuse =
    (channel: string): Move =>
    (c) =>
      c.event("consent.changed", { purpose: "marketing", channel, granted: false });
  /** The last of the events is the one that makes it full. */
  const optOut = fc.constantFrom<Move[]>(
    [(c) => c.event(...hold("opt-out"))],
    [refuse("*")],
    CHANNELS.map((channel) => refuse(channel)),
  );
  const marketing = (c: CustomerScript): number => c.commands.filter((x) => x.purpose === "marketing").length;

  it("wins any race: from its turn on nothing of marketing is ordered, however the events fall (I7)", () => {
    fc.assert(
      fc.property(
        fc.array(move, { maxLength: 15 }),
        fc.nat(4 * DAY),
        optOut,
        fc.array(move, { maxLength: 15 }),
        (before, pause, out, after) => {
          const second = journey("marketing", { id: "second", goal: { event: "never" } });
          const c = customer(journey("marketing"), second, journey("service"));
          c.answering = (r) => {
            const reply = permitAll(r);
            return "purpose" in reply
              ? { ...reply, purpose: r.journey.id === "service" ? "service" : "marketing" }
              : reply;
          };
          for (const m of [...before, ...out.slice(0, -1)]) m(c);
          // Waits that fall due in this time meet the opt-out in its own turn.
          c.later(pause);
          const ordered = marketing(c);
          out.at(-1)!(c);
          expect(c.context.journeys.every((j) => j.journey === "service")).toBe(true);
          for (const m of after) m(c);
          expect(marketing(c)).toBe(ordered);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("of one channel ends nothing, and of one purpose not the others", () => {
    const c = customer(journey("marketing"), journey("collections")).event("start");
    c.event("consent.changed", { purpose: "marketing", channel: "sms", granted: false });
    c.event("consent.changed", all("collections", false));
    expect(c.exits).toEqual([]);
    c.event("consent.changed", all("marketing", false));
    expect(c.exits).toEqual(["opted_out"]);
  });

  it("is over when marketing is allowed again", () => {
    const c = customer(journey("marketing")).event("consent.changed", all("marketing", false));
    expect(c.event("start").refusals).toEqual(["opted_out"]);
    c.event("consent.changed", { purpose: "marketing", channel: "push", granted: true }).event("start");
    expect(c.said).toEqual(["marketing/push"]);
  });
});
