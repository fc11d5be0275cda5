/**
 * Random journeys and random events of one customer, for properties. Steps lead on to later ones, so that no circle is
 * without a wait; what a wait leads to may be anywhere.
 */
import fc from "fast-check";
import { journeyV1, type JourneyDefinition } from "#contracts";
import type { Answering } from "./journey-specification.js";
import { permitAll } from "./journey-specification.js";

const HOUR_MS = 3_600_000;
const EVENTS = ["a.a", "b.b", "c.c"] as const;
const event = fc.constantFrom(...EVENTS);

interface AnyStep {
  readonly type: string;
  /** Where its ways lead, as numbers that are mapped onto the steps there are. */
  readonly ways: readonly [number, number, number];
  readonly event: string;
  readonly hours: number;
  readonly any: boolean;
}

const anyStep: fc.Arbitrary<AnyStep> = fc.record({
  type: fc.constantFrom(
    "decide",
    "send",
    "route",
    "wait",
    "wait",
    "clock",
    "days",
    "date",
    "parallel",
    "decide",
    "send",
    "branch",
    "parallel",
    "update",
    "exit",
  ),
  ways: fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30)),
  event,
  hours: fc.integer({ min: 12, max: 60 }),
  any: fc.boolean(),
});

function stepOf(s: AnyStep, i: number, n: number): object {
  const later = (way: number): string | undefined =>
    i + 1 + (way % 4) < n ? `s${i + 1 + (way % 4)}` : undefined;
  const anywhere = (way: number): string => `s${way % n}`;
  const id = `s${i}`;
  const next = later(s.ways[0]);
  const otherwise = later(s.ways[1]) ?? "end";
  const on = next === undefined ? {} : { next };
  const cases = {
    for: [{ event: s.event, ...(s.any ? { when: "event.data.n > 3" } : {}), goto: anywhere(s.ways[2]) }],
  };
  const parallel = (): object => ({
    id,
    type: "parallel",
    branches: [
      { id: "x", first: later(s.ways[1]) ?? "end" },
      { id: "y", first: later(s.ways[2]) ?? "end" },
    ],
    join: s.any ? "any" : "all",
    atMost: `${s.hours}h`,
    ...on,
  });
  switch (s.type) {
    case "decide":
      return { id, type: "decide", actions: [`act${i}`, "other"], defer: s.any, ...on, otherwise };
    case "send":
      return { id, type: "send", action: `act${i}`, anotherChannel: s.any, ...on, otherwise };
    case "route":
      return { id, type: "route", action: "case", ...on, otherwise };
    case "wait":
      return { id, type: "wait", ...cases, atMost: `${s.hours}h`, onTimeout: anywhere(s.ways[1]) };
    case "clock":
      return { id, type: "wait", ...cases, until: { timeOfDay: "02:30" }, ...on };
    case "days":
      return {
        id,
        type: "wait",
        until: { businessDays: 1 + (s.hours % 3), at: "09:00", calendar: "target" },
        ...on,
      };
    case "date":
      return {
        id,
        type: "wait",
        until: { date: `trigger.time + ${s.hours * HOUR_MS}`, limit: "40h" },
        ...on,
      };
    case "branch":
      return {
        id,
        type: "branch",
        cases: [{ when: "trigger.data.n > 3", goto: otherwise }],
        otherwise: next ?? "end",
      };
    case "parallel":
      return parallel();
    case "update":
      return { id, type: "update", set: { points: `trigger.data.n + ${i}` }, ...on };
    default:
      return { id, type: "exit", reason: `exit-${i}` };
  }
}

const anyEntry = fc.constantFrom(
  { rule: "once" },
  { rule: "once-per", period: "3d" },
  { rule: "after-exit" },
  { rule: "per-key", key: "event.data.key" },
  { rule: "per-key", key: "event.data.key", again: "after-exit" },
  { rule: "per-key", key: "event.data.key", again: "2d" },
);

const anyJourney = fc.record({
  steps: fc.array(anyStep, { minLength: 2, maxLength: 8 }),
  purpose: fc.constantFrom("marketing", "marketing", "service"),
  priority: fc.constantFrom(undefined, 20, 80),
  group: fc.constantFrom(undefined, undefined, "g"),
  concurrency: fc.constantFrom(undefined, 1, 2),
  trigger: fc.uniqueArray(event, { minLength: 2, maxLength: 3 }),
  entry: anyEntry,
  exitOn: fc.option(event, { nil: undefined }),
  goal: fc.option(event, { nil: undefined }),
});

/** Two to five journeys, valid by their schema. */
export const anyJourneys: fc.Arbitrary<readonly JourneyDefinition[]> = fc
  .array(anyJourney, { minLength: 2, maxLength: 5 })
  .map((all) =>
    all.map((j, k) => {
      const n = j.steps.length;
      const definition = {
        kind: "Journey",
        id: `j${k}`,
        version: 1,
        description: "any",
        purpose: j.purpose,
        priority: j.priority,
        group: j.group,
        concurrency: j.entry.rule === "per-key" ? j.concurrency : undefined,
        trigger: { event: j.trigger },
        entry: j.entry,
        exitOn:
          j.exitOn === undefined
            ? undefined
            : [{ event: j.exitOn, when: "event.data.n == 5.0", reason: "exit-event" }],
        goal: j.goal === undefined ? undefined : { event: j.goal, when: "event.data.n == 4.0", goto: "end" },
        steps: [...j.steps.map((s, i) => stepOf(s, i, n)), { id: "end", type: "exit", reason: "end" }],
      };
      return journeyV1.parse(JSON.parse(JSON.stringify(definition)));
    }),
  );

export interface AnyEvent {
  readonly type: string;
  readonly gapMs: number;
  readonly data: { readonly n: number; readonly key: string };
}

/** Times are whole hours and an odd rest, so that no event meets the instant of a due time. */
export const anyEvents: fc.Arbitrary<readonly AnyEvent[]> = fc.array(
  fc.record({
    type: fc.constantFrom(...EVENTS, "nothing.of-interest"),
    gapMs: fc.integer({ min: 0, max: 40 }).map((hours) => hours * HOUR_MS + 7),
    data: fc.record({ n: fc.nat(5), key: fc.constantFrom("k1", "k2", "k3") }),
  }),
  { minLength: 3, maxLength: 25 },
);

/** Acts, puts off and declines by what is asked and when, not by ids: the same however fast events are handled. */
export const byOccasion: Answering = (request) => {
  const { decisionId, at, journey } = request;
  const luck =
    (Math.floor(at / HOUR_MS) * 31 + journey.id.charCodeAt(1) * 7 + journey.step.charCodeAt(1)) % 10;
  if (luck < 5) return permitAll(request);
  if (luck < 7) return { kind: "none", decisionId, reason: "cap_reached" };
  if (luck < 9) return { kind: "defer", decisionId, until: at + 9 * HOUR_MS, reason: "quiet_hours" };
  return { kind: "unavailable", reason: "decision_unavailable" };
};
