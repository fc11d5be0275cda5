/** Releases: who enters which version, and what open instances do when something changes (I10). */
import fc from "fast-check";
import { contextV1, journeyV1, type JourneyDefinition, type JourneyRelease } from "#contracts";
import { createExpressions } from "#definitions";
import { checkMigration, Journeys, shareOf } from "#domain";
import { CustomerScript } from "#testing";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function version(n: number, more: object = {}): JourneyDefinition {
  return journeyV1.parse({
    kind: "Journey",
    id: "offer",
    version: n,
    description: "test",
    purpose: "service",
    trigger: { event: "start" },
    entry: { rule: "after-exit" },
    steps: [
      { id: "say", type: "send", action: `say-${n}`, next: "watch", otherwise: "watch" },
      {
        id: "watch",
        type: "wait",
        for: [{ event: `click-${n}`, goto: "again" }],
        atMost: "2d",
        onTimeout: "again",
      },
      { id: "again", type: "send", action: `again-${n}`, next: "done", otherwise: "done" },
      { id: "done", type: "exit", reason: `done-${n}` },
    ],
    ...more,
  });
}

function release(more: Partial<JourneyRelease> = {}): JourneyRelease {
  return {
    journey: "offer",
    revision: 1,
    state: "live",
    live: [{ version: 1, percent: 100, from: 0 }],
    rolledBack: [],
    migrations: [],
    ...more,
  };
}

const journeysOf = (
  definitions: readonly JourneyDefinition[],
  r?: JourneyRelease,
  stopped: string[] = [],
): Journeys =>
  new Journeys(definitions, createExpressions(), {
    ...(r ? { releases: [r] } : {}),
    controls: { revision: 1, all: false, channels: [], journeys: stopped },
  });

/** A script whose releases change: the same customer under other journeys. */
function under(c: CustomerScript, journeys: Journeys): CustomerScript {
  return Object.assign(c, { journeys });
}

describe("who enters which version", () => {
  const enteredBy = (journeys: Journeys, customerId: string, at: string): number | undefined =>
    new CustomerScript(journeys, customerId).at(at).event("start").context.journeys[0]?.version;
  const NOW = "2026-03-01T12:00:00Z";

  it("is the newest without a release record, and the live one with it", () => {
    expect(enteredBy(journeysOf([version(1), version(2)]), "c1", NOW)).toBe(2);
    expect(enteredBy(journeysOf([version(1), version(2)], release()), "c1", NOW)).toBe(1);
    expect(enteredBy(journeysOf([version(1)], release({ live: [] })), "c1", NOW)).toBeUndefined();
  });

  it("counts from the time of its release on", () => {
    const from = Date.parse(NOW);
    const r = release({
      live: [
        { version: 2, percent: 100, from },
        { version: 1, percent: 100, from: 0 },
      ],
    });
    const journeys = journeysOf([version(1), version(2)], r);
    expect(enteredBy(journeys, "c1", "2026-03-01T11:59:59.999Z")).toBe(1);
    expect(enteredBy(journeys, "c1", NOW)).toBe(2);
  });

  it("starts on the events of the version that the customer is to enter, and on no others", () => {
    const r = release({
      live: [
        { version: 2, percent: 50, from: 0 },
        { version: 1, percent: 100, from: 0 },
      ],
    });
    const journeys = journeysOf([version(1), version(2, { trigger: { event: "other" } })], r);
    const ids = Array.from({ length: 40 }, (_, i) => `c${i}`);
    const inTwo = ids.filter((id) => shareOf("offer", id) < 50);
    expect(inTwo.length).toBeGreaterThan(5);
    for (const id of ids) {
      const entered = (type: string): number[] => journeys.entering(type, id, 1).map((d) => d.version);
      expect([entered("start"), entered("other")]).toEqual(inTwo.includes(id) ? [[], [2]] : [[1], []]);
    }
  });

  it.each([
    ["paused", [], "journey_paused"],
    ["stopped", [], "journey_stopped"],
    ["live", ["offer"], "journey_stopped"],
  ] as const)("is nobody while the journey is %s, stopped by the switch: %j", (state, stopped, reason) => {
    const c = new CustomerScript(journeysOf([version(1)], release({ state }), [...stopped])).event("start");
    expect(c.refusals).toEqual([reason]);
    expect(c.context.journeys).toEqual([]);
  });

  it("stays the same for a customer, and a larger share holds everybody of a smaller one", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
        fc.stringMatching(/^[a-z]{1,20}$/),
        (customer, journey) => {
          const share = shareOf(journey, customer);
          expect(share).toBe(shareOf(journey, customer));
          expect(Number.isInteger(share) && share >= 0 && share < 100).toBe(true);
        },
      ),
    );
  });

  it.each([
    ["numbered customers", (i: number) => `customer-${i}`],
    ["numbers", (i: number) => String(1_000_000 + i)],
    ["ids of one form", (i: number) => `b2f9-${(i * 2_654_435_761) >>> 0}-x`],
  ])("comes close to the share among %s", (_, id) => {
    const n = 20_000;
    for (const journey of ["balance-leaving", "j"]) {
      const shares = Array.from({ length: n }, (_, i) => shareOf(journey, id(i)));
      for (const percent of [1, 5, 20, 50, 90]) {
        const held = shares.filter((s) => s < percent).length / n;
        // Four standard deviations of a fair draw.
        const p = percent / 100;
        expect(Math.abs(held - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));
      }
    }
  });

  it("is drawn anew for every journey", () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
    const both = ids.filter((id) => shareOf("a", id) < 50 && shareOf("b", id) < 50).length;
    expect(Math.abs(both / ids.length - 0.25)).toBeLessThan(0.02);
  });
});

describe("open instances when their journey's release changes", () => {
  const definitions = [version(1), version(2)];
  const open = (ds: readonly JourneyDefinition[] = definitions): CustomerScript =>
    new CustomerScript(journeysOf(ds, release())).event("start").later(HOUR);

  it("keep their version while another goes live (I10)", () => {
    const c = open();
    const dueAt = c.context.journeys[0]?.wait?.dueAt;
    under(c, journeysOf(definitions, release({ live: [{ version: 2, percent: 100, from: 0 }] })));
    c.event("nothing");
    expect(c.context.journeys[0]).toMatchObject({ version: 1, wait: { dueAt } });
    expect(c.timer().exits).toEqual(["done-1"]);
  });

  it("stand still while it is paused, with the time left at the next event, and go on after", () => {
    const c = open();
    under(c, journeysOf(definitions, release({ state: "paused" }))).event("nothing");
    expect(c.context.journeys[0]).toMatchObject({
      status: "paused",
      paused: { reason: "journey_paused", wait: { remainingMs: 2 * DAY - HOUR } },
    });
    c.later(30 * DAY).event("nothing");
    expect(c.said).toEqual(["say-1/push"]);
    under(c, journeysOf(definitions, release())).event("nothing");
    expect(c.context.journeys[0]?.wait?.dueAt).toBe(c.now + 2 * DAY - HOUR);
  });

  it("do not fire the timer that tells them of the pause", () => {
    const c = open();
    under(c, journeysOf(definitions, release({ state: "paused" }))).timer();
    expect(c.said).toEqual(["say-1/push"]);
    expect(c.context.journeys[0]?.paused?.wait?.remainingMs).toBe(0);
    under(c, journeysOf(definitions, release())).later(DAY).event("nothing").timer();
    expect(c.said).toEqual(["say-1/push", "again-1/push"]);
  });

  it("look every hour whether it goes on, also when the customer is not heard of", () => {
    const c = open();
    under(c, journeysOf(definitions, release({ state: "paused" }))).event("nothing");
    const paused = c.now;
    c.timer().timer();
    expect(c.now).toBe(paused + 2 * HOUR);
    expect(c.context.journeys[0]?.paused?.wait?.remainingMs).toBe(2 * DAY - HOUR);
    under(c, journeysOf(definitions, release())).timer();
    expect(c.context.journeys[0]?.wait?.dueAt).toBe(paused + 3 * HOUR + 2 * DAY - HOUR);
    expect(c.timer().exits).toEqual(["done-1"]);
  });

  it("are not looked at when a hold pauses them: its end is an event", () => {
    const c = new CustomerScript(journeysOf([version(1, { purpose: "marketing" })])).event("start");
    const set = c.intents.filter((i) => i.kind === "set-timer").length;
    c.event("hold.placed", { kind: "fraud" });
    expect(c.intents.filter((i) => i.kind === "set-timer")).toHaveLength(set);
  });

  it.each(["event", "timer"] as const)("end at the next %s when it is stopped", (by) => {
    const c = open();
    under(c, journeysOf(definitions, release({ state: "stopped" })));
    if (by === "event") c.event("click-1");
    else c.timer();
    expect(c.exits).toEqual(["stopped"]);
    expect(c.said).toEqual(["say-1/push"]);
  });

  const other = version(1, {
    steps: [
      { id: "say", type: "send", action: "say-1", next: "done", otherwise: "done" },
      { id: "watch", type: "exit", reason: "watched" },
      { id: "done", type: "exit", reason: "done-1" },
    ],
  });
  it.each([
    ["stay", [version(1)], 2, []],
    ["exit", [version(1)], undefined, ["rolled_back"]],
    ["to-previous", [version(1)], 1, []],
    ["to-previous", [other], undefined, ["rolled_back"]],
    ["to-previous", [], undefined, ["rolled_back"]],
  ] as const)("of a version that was rolled back follow its rule: %s", (onRollback, before, to, exits) => {
    const definitions = [...before, version(2, { onRollback })];
    const c = new CustomerScript(
      journeysOf(definitions, release({ live: [{ version: 2, percent: 100, from: 0 }] })),
    ).event("start");
    const dueAt = c.context.journeys[0]?.wait?.dueAt;
    under(c, journeysOf(definitions, release({ rolledBack: [2] })))
      .later(HOUR)
      .event("nothing");
    expect(c.exits).toEqual(exits);
    expect(c.context.journeys[0]?.version).toBe(to);
    expect(c.context.journeys[0]?.wait?.dueAt).toBe(to === undefined ? undefined : dueAt);
    if (to !== 1) return;
    expect(c.entries.at(-1)).toEqual({
      kind: "journey-migrated",
      journey: "offer",
      version: 1,
      instance: "offer-1",
      from: 2,
      step: "watch",
      reason: "rollback",
    });
    expect(c.timer().said.at(-1)).toBe("again-1/push");
  });
});

describe("a migration (I10)", () => {
  const renamed = version(2, {
    steps: [
      { id: "say", type: "send", action: "say-2", next: "look", otherwise: "look" },
      {
        id: "look",
        type: "wait",
        for: [{ event: "click-2", goto: "again" }],
        atMost: "9d",
        onTimeout: "again",
      },
      { id: "again", type: "send", action: "again-2", next: "done", otherwise: "done" },
      { id: "done", type: "exit", reason: "done-2" },
    ],
  });
  const definitions = [version(1), renamed, version(3)];
  const migrated = (...migrations: JourneyRelease["migrations"]): Journeys =>
    journeysOf(definitions, release({ migrations }));
  const oneToTwo = { from: 1, to: 2, steps: { watch: "look" } };

  it("keeps the due time of the open wait, whatever happens and whenever the customer is next heard of", () => {
    fc.assert(
      fc.property(fc.nat(2 * DAY - 2), fc.boolean(), fc.nat(40 * DAY), (heardAfter, held, heldFor) => {
        const c = new CustomerScript(journeysOf(definitions, release())).event("start");
        let dueAt = c.context.journeys[0]!.wait!.dueAt;
        if (held) {
          under(c, journeysOf(definitions, release({ state: "paused" }))).event("nothing");
          c.later(heldFor);
          dueAt += heldFor;
        }
        const timers = c.intents.length;
        under(c, migrated(oneToTwo))
          .later(held ? 0 : heardAfter)
          .event("nothing");
        expect(c.context.journeys[0]).toMatchObject({ version: 2, step: "look", wait: { dueAt } });
        if (!held) expect(c.intents).toHaveLength(timers);
        contextV1.parse(JSON.parse(JSON.stringify(c.context)));
        c.later(dueAt - c.now - 1).event("nothing");
        expect(c.said).toEqual(["say-1/push"]);
        c.later(1).event("nothing");
        expect(c.said).toEqual(["say-1/push", "again-2/push"]);
        expect(c.exits).toEqual(["done-2"]);
      }),
    );
  });

  it("takes place before the timer that tells of it fires", () => {
    const c = new CustomerScript(journeysOf(definitions, release())).event("start");
    expect(under(c, migrated(oneToTwo)).timer().said).toEqual(["say-1/push", "again-2/push"]);
  });

  it("goes on over the next one, once", () => {
    const c = new CustomerScript(journeysOf(definitions, release())).event("start");
    under(c, migrated(oneToTwo, { from: 2, to: 3, steps: { look: "watch" } }))
      .event("nothing")
      .event("nothing");
    expect(c.entries.filter((e) => e.kind === "journey-migrated")).toMatchObject([
      { from: 1, version: 2, step: "look" },
      { from: 2, version: 3, step: "watch" },
    ]);
    expect(c.event("click-3").said.at(-1)).toBe("again-3/push");
  });

  it.each([
    ["a step that is not mapped", { from: 1, to: 2, steps: { say: "say" } }],
    ["a step that is not there", { from: 1, to: 2, steps: { watch: "watch" } }],
    ["a step of another kind", { from: 1, to: 2, steps: { watch: "done" } }],
    ["a version that is not there", { from: 1, to: 9, steps: { watch: "watch" } }],
    ["another version's instances", { from: 3, to: 2, steps: { watch: "look" } }],
  ])("leaves the instance pinned for %s", (_, migration) => {
    const c = new CustomerScript(journeysOf(definitions, release())).event("start");
    under(c, migrated(migration)).event("nothing");
    expect(c.context.journeys[0]).toMatchObject({ version: 1, step: "watch" });
    expect(c.timer().exits).toEqual(["done-1"]);
  });

  it.each<[string, Record<string, string>, JourneyDefinition, string[]]>([
    ["nothing, when all is right", { watch: "look", say: "again" }, renamed, []],
    ["a mapping of nothing", {}, renamed, ["the mapping names no step"]],
    [
      "a step of the old version that is not there",
      { wach: "look" },
      renamed,
      ["offer version 1 has no step wach; it has say, watch, again, done"],
    ],
    [
      "a step of the new version that is not there",
      { watch: "watch" },
      renamed,
      ["offer version 2 has no step watch; it has say, look"],
    ],
    [
      "kinds that do not go together",
      { watch: "done" },
      renamed,
      ["watch is a wait step and done a exit step"],
    ],
    ["the same version", { watch: "watch" }, version(1), ["version 1 is on both sides"]],
    ["another journey", { watch: "look" }, { ...renamed, id: "x" }, ["these are of offer and x"]],
    [
      "another purpose",
      { watch: "look" },
      { ...renamed, purpose: "marketing" },
      ["from service to marketing"],
    ],
  ])("is checked before: %s", (_, mapping, to, expected) => {
    const problems = checkMigration(version(1), to, mapping);
    expect(problems).toHaveLength(expected.length);
    for (const [i, text] of expected.entries()) expect(problems[i]?.cause).toContain(text);
  });

  describe("of an instance with branches", () => {
    const parallel = (n: number, branches: string[]): JourneyDefinition =>
      version(n, {
        steps: [
          {
            id: "both",
            type: "parallel",
            branches: branches.map((id) => ({ id, first: `${id}-${n}` })),
            join: "all",
            atMost: "9d",
            next: "end",
          },
          ...branches.map((id) => ({ id: `${id}-${n}`, type: "wait", atMost: "2d" })),
          { id: "end", type: "exit", reason: `end-${n}` },
        ],
      });
    const two = [parallel(1, ["a", "b"]), parallel(2, ["a", "b"])];
    const whole = { both: "both", "a-1": "a-2", "b-1": "b-2" };

    it("moves all of them or none", () => {
      const c = new CustomerScript(journeysOf(two, release())).event("start");
      const { "b-1": _left, ...part } = whole;
      under(c, journeysOf(two, release({ migrations: [{ from: 1, to: 2, steps: part }] }))).event("nothing");
      expect(c.context.journeys.map((j) => j.version)).toEqual([1, 1, 1]);
      under(c, journeysOf(two, release({ migrations: [{ from: 1, to: 2, steps: whole }] }))).event("nothing");
      expect(c.context.journeys.map((j) => [j.version, j.step])).toEqual([
        [2, "both"],
        [2, "a-2"],
        [2, "b-2"],
      ]);
      expect(c.later(2 * DAY).event("nothing").exits).toEqual(["end-2"]);
    });

    it("needs the same branches", () => {
      expect(
        checkMigration(parallel(1, ["a", "b"]), parallel(2, ["a", "c"]), { both: "both" }),
      ).toMatchObject([{ step: "both", cause: expect.stringContaining("other branches") }]);
    });

    it("ends all of them when the journey is stopped or the version rolled back", () => {
      for (const more of [{ state: "stopped" as const }, { rolledBack: [1] }]) {
        const definitions = [parallel(1, ["a", "b"])].map((d) => ({ ...d, onRollback: "exit" as const }));
        const c = new CustomerScript(journeysOf(definitions, release())).event("start");
        expect(under(c, journeysOf(definitions, release(more))).event("nothing").context.journeys).toEqual(
          [],
        );
      }
    });
  });
});
