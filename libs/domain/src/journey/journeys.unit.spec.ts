/** What holds of every journey and every sequence of events. */
import fc from "fast-check";
import { contextV1, durationMs, LIMITS, type JourneyDefinition, type JourneyInstance } from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { anyEvents, anyJourneys, byOccasion, CustomerScript, type AnyEvent } from "#testing";

type Definitions = readonly JourneyDefinition[];

function customer(definitions: Definitions): CustomerScript {
  const c = new CustomerScript(new Journeys(definitions, createExpressions()));
  c.answering = byOccasion;
  return c.at("2026-03-20T10:00:00Z").event("customer.registered", { timezone: "Europe/Prague" });
}

function play(
  definitions: Definitions,
  events: readonly AnyEvent[],
  after = (_: CustomerScript): void => {},
): CustomerScript {
  const c = customer(definitions);
  for (const { type, gapMs, data } of events) {
    c.later(gapMs).event(type, data);
    after(c);
  }
  return c;
}

const always = (check: (definitions: Definitions, events: readonly AnyEvent[]) => void): void => {
  fc.assert(fc.property(anyJourneys, anyEvents, check), { numRuns: 100 });
};
const everyMoment = (check: (c: CustomerScript, definitions: Definitions) => void): void =>
  always((definitions, events) => {
    play(definitions, events, (c) => check(c, definitions));
  });
const isRoot = (j: JourneyInstance): boolean => j.parent === undefined;

describe("of all journeys and events it holds that", () => {
  it("the same events give the same bytes (I9)", () => {
    always((definitions, events) => {
      const [once, again] = [play(definitions, events), play(definitions, events)];
      for (const what of ["context", "entries", "intents", "requests"] as const)
        expect(JSON.stringify(once[what])).toBe(JSON.stringify(again[what]));
    });
  });

  it("events handled in one go give the same as one by one, the context stored and read between", () => {
    always((definitions, events) => {
      const kept = play(definitions, events);
      const stored = play(definitions, events, (c) => {
        c.context = contextV1.parse(JSON.parse(JSON.stringify(c.context)));
      });
      expect(stored.context).toEqual(kept.context);
      expect(stored.intents).toEqual(kept.intents);
    });
  });

  it("timers in time and timers that are late lead to the same", () => {
    always((definitions, events) => {
      const late = play(definitions, events);
      const inTime = customer(definitions);
      for (const { type, gapMs, data } of events) {
        const until = inTime.now + gapMs;
        for (let due = nextDue(inTime); due !== undefined && due <= until; due = nextDue(inTime)) {
          inTime.now = due;
          inTime.event("nothing.of-interest");
        }
        inTime.now = until;
        inTime.event(type, data);
      }
      expect(inTime.said).toEqual(late.said);
      expect(inTime.commands.map((x) => x.at)).toEqual(late.commands.map((x) => x.at));
      expect(inTime.exits).toEqual(late.exits);
      expect(inTime.refusals).toEqual(late.refusals);
      expect(inTime.context.attributes).toEqual(late.context.attributes);
    });
  });

  it("an instance does nothing after it has ended", () => {
    always((definitions, events) => {
      const c = play(definitions, events);
      const ended = new Set<string>();
      for (const e of c.entries) {
        if (e.kind === "branch-started") expect(ended.has(e.parent)).toBe(false);
        if ("instance" in e && ended.has(e.instance)) throw new Error(`after its end: ${JSON.stringify(e)}`);
        if (e.kind === "journey-exited" || e.kind === "branch-ended") ended.add(e.instance);
      }
      for (const j of c.context.journeys) expect(ended.has(j.id)).toBe(false);
    });
  });

  it("timers are set for what is open, and taken down or fired with what ends", () => {
    everyMoment((c) => {
      const set = new Map<string, number>();
      for (const i of c.intents) {
        if (i.kind === "set-timer") set.set(`${i.instance}/${i.wait}`, i.dueAt);
        if (i.kind === "cancel-timer") set.delete(`${i.instance}/${i.wait}`);
      }
      const waiting = c.context.journeys.map((j) => [`${j.id}/${j.wait!.id}`, j.wait!.dueAt] as const);
      expect([...set].sort()).toEqual(waiting.sort());
    });
  });

  it("every wait has an end, and ends then", () => {
    always((definitions, events) => {
      const c = play(definitions, events);
      const open = c.context.journeys.map((j) => ({ id: j.id, wait: j.wait!.id, dueAt: j.wait!.dueAt }));
      for (const j of c.context.journeys) {
        expect(j.status).toBe("waiting");
        expect(j.wait!.dueAt).toBeGreaterThan(c.now);
        expect(j.wait!.dueAt).toBeLessThanOrEqual(c.now + 8 * 86_400_000);
      }
      c.now = Math.max(c.now, ...open.map((j) => j.dueAt));
      c.event("nothing.of-interest");
      for (const { id, wait } of open)
        expect(c.context.journeys.some((j) => j.id === id && j.wait?.id === wait)).toBe(false);
    });
  });

  it("entry rules hold", () => {
    always((definitions, events) => {
      const entered: { journey: string; key: string; at: number }[] = [];
      let seen = 0;
      play(definitions, events, (c) => {
        for (const e of c.entries.slice(seen)) {
          if (e.kind !== "journey-entered") continue;
          const { entry } = definitions.find((d) => d.id === e.journey)!;
          const { data } = events[c.context.applied - 2]!;
          entered.push({ journey: e.journey, key: entry.rule === "per-key" ? data.key : "", at: c.now });
        }
        seen = c.entries.length;
        for (const { id, entry, concurrency } of definitions) {
          const open = c.context.journeys.filter((j) => j.journey === id && isRoot(j) && !j.goalReached);
          if (entry.rule !== "per-key") expect(open.length).toBeLessThanOrEqual(1);
          else if (entry.again !== undefined) expect(new Set(open.map((j) => j.key)).size).toBe(open.length);
          if (concurrency !== undefined) expect(open.length).toBeLessThanOrEqual(concurrency);
        }
      });
      for (const { id, entry } of definitions) {
        for (const key of ["", "k1", "k2", "k3"]) {
          const times = entered.filter((e) => e.journey === id && e.key === key).map((e) => e.at);
          const never = entry.rule === "once" || (entry.rule === "per-key" && entry.again === undefined);
          if (never) expect(times.length).toBeLessThanOrEqual(1);
          const period =
            entry.rule === "once-per" ? entry.period : entry.rule === "per-key" ? entry.again : undefined;
          if (period === undefined || period === "after-exit" || period === "never") continue;
          for (const [i, at] of times.slice(1).entries())
            expect(at - times[i]!).toBeGreaterThanOrEqual(durationMs(period));
        }
      }
    });
  });

  it("a group has one open journey at most", () => {
    everyMoment((c, definitions) => {
      const grouped = new Set(definitions.filter((d) => d.group !== undefined).map((d) => d.id));
      const open = c.context.journeys.filter((j) => isRoot(j) && !j.goalReached && grouped.has(j.journey));
      expect(open.length).toBeLessThanOrEqual(1);
    });
  });

  it("one marketing journey speaks in one moment", () => {
    always((definitions, events) => {
      const marketing = new Set(definitions.filter((d) => d.purpose === "marketing").map((d) => d.id));
      const parents = new Map<string, string>();
      const c = play(definitions, events, (now) => {
        for (const e of now.entries) if (e.kind === "branch-started") parents.set(e.instance, e.parent);
      });
      const rootOf = (id: string): string => (parents.has(id) ? rootOf(parents.get(id)!) : id);
      const spoken = new Map<number, string>();
      for (const { at, journey, plan } of c.commands) {
        if (!marketing.has(journey.id) || plan[0]!.channel === "agent") continue;
        const step = definitions.find((d) => d.id === journey.id)!.steps.find((s) => s.id === journey.step)!;
        if (step.type !== "decide" && step.type !== "send") continue;
        const before = spoken.get(at);
        if (before === undefined) spoken.set(at, rootOf(journey.instance));
        else expect(rootOf(journey.instance)).toBe(before);
      }
    });
  });

  it("a parallel step stands while its branches do, and no longer", () => {
    everyMoment((c, definitions) => {
      const { journeys } = c.context;
      expect(journeys.length).toBeLessThanOrEqual(LIMITS.journeys);
      for (const j of journeys) {
        if (j.parent !== undefined) {
          const parent = journeys.find((p) => p.id === j.parent);
          expect(parent?.wait?.kind).toBe("join");
        }
        if (j.wait?.kind !== "join") continue;
        const step = definitions.find((d) => d.id === j.journey)!.steps.find((s) => s.id === j.step);
        if (step?.type !== "parallel") throw new Error(`${j.id} joins at ${j.step}`);
        const open = journeys.filter((b) => b.parent === j.id).length;
        if (step.join === "any") expect(open).toBe(step.branches.length);
        else expect(open).toBeGreaterThan(0);
      }
      for (const e of c.entries) {
        if (e.kind !== "branch-ended" || e.reason !== "joined") continue;
        const { steps } = definitions.find((d) => d.id === e.journey)!;
        expect(steps.some((s) => s.type === "parallel" && s.join === "any")).toBe(true);
      }
      const started = c.entries.filter((e) => e.kind === "branch-started").length;
      const ended = c.entries.filter((e) => e.kind === "branch-ended").length;
      expect(started - ended).toBe(journeys.filter((j) => !isRoot(j)).length);
    });
  });
});

function nextDue(c: CustomerScript): number | undefined {
  const due = c.context.journeys.flatMap((j) => (j.wait ? [j.wait.dueAt] : []));
  return due.length > 0 ? Math.min(...due) : undefined;
}
