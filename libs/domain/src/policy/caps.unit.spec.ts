import fc from "fast-check";
import { CHANNELS, PURPOSES, isContact, policyPackV1, type ContactAbout } from "#contracts";
import { zoneOf } from "../time/zone.js";
import { calendarWindow } from "./calendar-window.js";
import { capReached, countedBy, journeyCap, packCaps, type Cap, type CountedContact } from "./caps.js";

const DAY = 86_400_000;
const packOf = (...caps: object[]) =>
  policyPackV1.parse({
    kind: "PolicyPack",
    id: "house",
    version: 1,
    description: "",
    source: "",
    rules: [
      { purpose: "marketing", consent: "required", caps },
      { purpose: "service", consent: "ignored" },
    ],
  });
const pack = packOf({ count: 2, period: "7d" }, { count: 1, period: "1d", channel: "sms" });
const caps = packCaps([pack], "marketing");
const only = (cap: object): Cap => packCaps([packOf(cap)], "marketing")[0]!;
const contact = (at: number, c: Partial<CountedContact> = {}): CountedContact => ({
  at,
  purpose: "marketing",
  channels: ["push"],
  ...c,
});

describe("caps", () => {
  it("names the cap that is full", () => {
    expect(capReached(caps, [contact(0), contact(DAY)], { channel: "email", at: 2 * DAY })?.rule).toBe(
      "house/marketing/caps/0",
    );
    expect(capReached(caps, [contact(0, { channels: ["sms"] })], { channel: "sms", at: DAY - 1 })?.rule).toBe(
      "house/marketing/caps/1",
    );
    expect(
      capReached(caps, [contact(0, { channels: ["sms"] })], { channel: "push", at: DAY - 1 }),
    ).toBeUndefined();
  });

  it("frees a place exactly one period later", () => {
    const two = [contact(0), contact(0)];
    expect(capReached(caps, two, { channel: "push", at: 7 * DAY - 1 })).toBeDefined();
    expect(capReached(caps, two, { channel: "push", at: 7 * DAY })).toBeUndefined();
  });

  it("counts a journey's own contacts, whatever the purpose, and never what is no contact", () => {
    const cap = journeyCap({ journey: "rescue", count: 1, periodMs: DAY });
    const before = [contact(0, { purpose: "service", journey: "rescue" })];
    expect(capReached([cap], before, { channel: "push", at: 1 })?.reason).toBe("journey_cap_reached");
    expect(capReached([cap], [contact(0)], { channel: "push", at: 1 })).toBeUndefined();
    expect(capReached([cap], before, { channel: "agent", at: 1 })).toBeUndefined();
  });

  it.each([
    ["purpose, as without a scope", {}, 2],
    ["purpose", { scope: "purpose" }, 2],
    ["journey", { scope: "journey" }, 2],
    ["all", { scope: "all" }, 3],
  ])("counts in the scope of %s", (_, scope, expected) => {
    const before = [
      contact(0, { journey: "a" }),
      contact(0, { purpose: "service", journey: "a" }),
      contact(0, { journey: "b" }),
    ];
    expect(countedBy(only({ count: 9, period: "1d", ...scope }), before, { at: 1, journey: "a" })).toBe(
      expected,
    );
  });

  it("counts a contact with its fallbacks once, and each of its attempts on a cap of certain channels", () => {
    const before = [contact(0, { channels: ["ivr", "sms", "email"] })];
    expect(countedBy(only({ count: 1, period: "1d" }), before, { at: 1 })).toBe(1);
    expect(countedBy(only({ count: 1, period: "1d", channels: ["ivr", "sms"] }), before, { at: 1 })).toBe(2);
  });

  it("bounds cases for agents where a cap names their channel, and nowhere else", () => {
    const calls = only({ count: 1, period: "7d", channels: ["ivr", "agent"] });
    const before = [contact(0, { channels: ["agent"] })];
    expect(capReached([calls], before, { channel: "ivr", at: 1 })).toBe(calls);
    expect(capReached([calls], before, { channel: "agent", at: 1 })).toBe(calls);
    expect(countedBy(only({ count: 1, period: "7d" }), before, { at: 1 })).toBe(0);
  });

  const about = (a: ContactAbout) => contact(0, { about: a });
  it.each<[string, "debt" | "event", CountedContact[], ContactAbout | undefined, number]>([
    ["the same debt", "debt", [about({ debt: "a" }), about({ debt: "b" })], { debt: "a" }, 1],
    ["the same event", "event", [about({ event: "a" }), about({ event: "b" })], { event: "b" }, 1],
    ["those of which it is not known", "debt", [about({ event: "a" }), contact(0)], { debt: "a" }, 2],
    ["all, when it is not known now", "debt", [about({ debt: "a" }), about({ debt: "b" })], undefined, 2],
  ])("counts contacts about %s", (_, per, before, next, expected) => {
    expect(countedBy(only({ count: 9, period: "1d", per }), before, { at: 1, about: next })).toBe(expected);
  });

  it("leaves out a cap of channels with which its rule has nothing to do", () => {
    const rules = [{ purpose: "marketing", consent: "ignored", channels: ["email"] }];
    const of = (cap: object): readonly Cap[] =>
      packCaps([policyPackV1.parse({ ...pack, rules: [{ ...rules[0], caps: [cap] }] })], "marketing");
    expect(of({ count: 1, period: "1d", channel: "sms" })).toEqual([]);
    expect(of({ count: 1, period: "1d" })).toMatchObject([{ channels: ["email"] }]);
  });

  it("says what a cap lacks", () => {
    expect(() => packOf({ count: 1 })).toThrow("a cap has a period or a calendar: one of the two");
    expect(() => packOf({ count: 1, period: "1d", calendar: "day" })).toThrow("one of the two");
    expect(() => packOf({ count: 1, period: "1d", channel: "sms", channels: ["sms"] })).toThrow("not both");
    const service = {
      purpose: "service",
      consent: "ignored",
      caps: [{ count: 9, period: "1d", scope: "all" }],
    };
    expect(() => policyPackV1.parse({ ...pack, rules: [service] })).toThrow("would block service messages");
  });

  it("lets no window rise above a cap, rolling or of the calendar, per debt, in whatever order the requests come (I6)", () => {
    const zones = [zoneOf("Europe/Prague")!];
    const hour = 3_600_000;
    // Around the night in which the clocks change.
    const start = Date.parse("2026-03-28T00:00:00Z");
    const debts = fc.constantFrom<ContactAbout>({}, { debt: "a" }, { debt: "b" });
    const count = fc.integer({ min: 1, max: 4 });
    const window = fc.oneof(
      fc.record({ periodMs: fc.integer({ min: 1, max: 60 }).map((h) => h * hour) }),
      fc
        .constantFrom("day" as const, "week" as const, "month" as const)
        .map((calendar) => ({ calendar, periodMs: 34 * DAY })),
    );
    const extra = fc.record(
      {
        purpose: fc.constantFrom(...PURPOSES),
        channels: fc.uniqueArray(fc.constantFrom(...CHANNELS), { minLength: 1, maxLength: 2 }),
        per: fc.constant("debt" as const),
      },
      { requiredKeys: [] },
    );
    const someCaps = fc.array(
      fc
        .tuple(count, window, extra)
        .map(([n, w, e]): Cap => ({ rule: "r", reason: "cap_reached", count: n, ...w, ...e })),
      { minLength: 1, maxLength: 4 },
    );
    const request = fc.record({
      at: fc.nat(100).map((h) => start + h * hour),
      purpose: fc.constantFrom(...PURPOSES),
      channel: fc.constantFrom(...CHANNELS),
      about: debts,
    });
    fc.assert(
      fc.property(someCaps, fc.array(request, { maxLength: 60 }), (all, requests) => {
        const taken: CountedContact[] = [];
        for (const { at, purpose, channel, about: what } of requests) {
          const apply = all.filter((c) => c.purpose === undefined || c.purpose === purpose);
          if (capReached(apply, taken, { channel, at, about: what, zones })) continue;
          taken.push({ at, purpose, channels: [channel], about: what });
        }
        for (const c of all) {
          for (const debt of c.per ? ["a", "b"] : [undefined]) {
            const counted = taken.filter(
              (t) =>
                (c.purpose === undefined || t.purpose === c.purpose) &&
                (c.channels ? c.channels.includes(t.channels[0]!) : isContact(t.channels[0]!)) &&
                (debt === undefined || t.about?.debt === debt),
            );
            for (const { at } of counted) {
              const { from, to } = c.calendar
                ? calendarWindow(c.calendar, at, zones)
                : { from: at, to: at + c.periodMs };
              expect(counted.filter((t) => t.at >= from && t.at < to).length).toBeLessThanOrEqual(c.count);
            }
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
