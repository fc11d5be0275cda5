import fc from "fast-check";
import { CALENDARS } from "#contracts";
import { zoneOf } from "../time/zone.js";
import { calendarWindow, LONGEST_MS } from "./calendar-window.js";

const prague = zoneOf("Europe/Prague")!;
const utc = (text: string): number => Date.parse(text);
const shown = (calendar: (typeof CALENDARS)[number], at: string, zones = [prague]): string[] => {
  const { from, to } = calendarWindow(calendar, utc(at), zones);
  return [from, to].map((t) => new Date(t).toISOString());
};

describe("calendar windows", () => {
  it.each([
    ["day", "2026-07-01T22:30:00Z", "2026-07-01T22:00:00.000Z", "2026-07-02T22:00:00.000Z"],
    ["day", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"],
    ["day", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"],
    ["week", "2026-07-05T21:59:59Z", "2026-06-28T22:00:00.000Z", "2026-07-05T22:00:00.000Z"],
    ["month", "2026-12-31T22:59:59Z", "2026-11-30T23:00:00.000Z", "2026-12-31T23:00:00.000Z"],
    ["month", "2026-12-31T23:00:00Z", "2026-12-31T23:00:00.000Z", "2027-01-31T23:00:00.000Z"],
  ] as const)("has the %s of %s in Prague from %s to %s", (calendar, at, from, to) => {
    expect(shown(calendar, at)).toEqual([from, to]);
  });

  it("reaches over every zone that is possible", () => {
    const zones = [zoneOf("America/New_York")!, zoneOf("America/Los_Angeles")!];
    expect(shown("day", "2026-07-01T12:00:00Z", zones)).toEqual([
      "2026-07-01T04:00:00.000Z",
      "2026-07-02T07:00:00.000Z",
    ]);
    expect(shown("day", "2026-07-01T12:00:00Z", [])).toEqual([
      "2026-06-30T10:00:00.000Z",
      "2026-07-02T14:00:00.000Z",
    ]);
  });

  it("holds the time asked for, is not longer than said, and is the same for all times in it", () => {
    const names = [
      "Europe/Prague",
      "America/Havana",
      "Australia/Lord_Howe",
      "America/Asuncion",
      "Pacific/Apia",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...CALENDARS),
        fc.constantFrom(...names),
        fc.integer({ min: utc("2010-01-01T00:00:00Z"), max: utc("2030-01-01T00:00:00Z") }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (calendar, name, at, part) => {
          const zones = [zoneOf(name)!];
          const { from, to } = calendarWindow(calendar, at, zones);
          expect(from <= at && at < to).toBe(true);
          expect(to - from).toBeLessThanOrEqual(LONGEST_MS[calendar]);
          const other = from + Math.floor((to - from) * part);
          expect(calendarWindow(calendar, other, zones)).toEqual({ from, to });
          const anywhere = calendarWindow(calendar, at, []);
          expect(anywhere.from <= from && to <= anywhere.to).toBe(true);
          expect(anywhere.to - anywhere.from).toBeLessThanOrEqual(LONGEST_MS[calendar]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
