import fc from "fast-check";
import { isTimeZone } from "../time/zone.js";
import { isQuiet, quietUntil, type QuietWindow } from "./quiet-hours.js";

const MINUTE = 60_000;
const utc = (text: string): number => Date.parse(text);

/** Zones with a change of offset of one hour, of half an hour, at midnight, and with none; each around its change. */
const changes: readonly (readonly [string, string])[] = [
  ["Europe/Prague", "2026-03-29T01:00:00Z"],
  ["Europe/Prague", "2026-10-25T01:00:00Z"],
  ["America/New_York", "2026-03-08T07:00:00Z"],
  ["America/New_York", "2026-11-01T06:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
  ["Africa/Cairo", "2026-04-23T22:00:00Z"],
  ["America/Santiago", "2026-09-06T04:00:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00:00Z"],
  ["Asia/Kolkata", "2026-03-29T01:00:00Z"],
];

/** Local time of day by another way than the code under test: the zone's own formatted clock. */
function clockThere(zone: string, at: number): string {
  return new Date(at).toLocaleTimeString("sv-SE", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
}

function withinByClock(w: QuietWindow, zone: string, at: number): boolean {
  const t = clockThere(zone, at);
  return w.from < w.to ? t >= w.from && t < w.to : t >= w.from || t < w.to;
}

const time = fc
  .integer({ min: 0, max: 1439 })
  .map((m) => `${String(Math.floor(m / 60)).padStart(2, "0")}:${String(m % 60).padStart(2, "0")}`);
const window = fc.record({ from: time, to: time }).filter((w) => w.from !== w.to);
const moment = fc
  .tuple(fc.constantFrom(...changes), fc.integer({ min: -36 * 60 * MINUTE, max: 36 * 60 * MINUTE }))
  .map(([[zone, change], delta]) => ({ zone, at: utc(change) + delta }));

describe("quiet hours", () => {
  it("defers an evening in Prague to the morning there", () => {
    const at = utc("2026-07-01T19:30:00Z");
    expect(quietUntil([{ from: "21:00", to: "08:00" }], "Europe/Prague", at)).toBe(
      utc("2026-07-02T06:00:00Z"),
    );
  });

  it.each([
    ["2026-03-28T22:30:00Z", "2026-03-29T06:00:00Z"],
    ["2026-10-24T22:30:00Z", "2026-10-25T07:00:00Z"],
  ])("counts the night of a clock change right: %s to %s", (at, until) => {
    expect(quietUntil([{ from: "21:00", to: "08:00" }], "Europe/Prague", utc(at))).toBe(utc(until));
  });

  it("ends when the clock jumps over the end of the window", () => {
    const w = [{ from: "01:30", to: "02:30" }];
    expect(quietUntil(w, "Europe/Prague", utc("2026-03-29T00:45:00Z"))).toBe(utc("2026-03-29T01:00:00Z"));
  });

  it("covers the whole night when packs overlap, and knows a day without an opening", () => {
    const at = utc("2026-07-01T20:30:00Z");
    const night = { from: "21:00", to: "06:00" };
    expect(quietUntil([night, { from: "05:00", to: "09:00" }], "Europe/Prague", at)).toBe(
      utc("2026-07-02T07:00:00Z"),
    );
    expect(quietUntil([night, { from: "05:00", to: "22:00" }], "Europe/Prague", at)).toBeUndefined();
    expect(quietUntil([{ from: "08:00", to: "08:00" }], "Europe/Prague", at)).toBeUndefined();
  });

  it("knows which zones exist", () => {
    expect(isTimeZone("Europe/Prague")).toBe(true);
    expect(isTimeZone("Europe/Atlantis")).toBe(false);
    expect(() => isQuiet({ from: "21:00", to: "08:00" }, "Europe/Atlantis", 0)).toThrow("Europe/Atlantis");
  });

  it("agrees with the clock on the wall there, over every change of offset", () => {
    fc.assert(
      fc.property(window, moment, (w, { zone, at }) => {
        expect(isQuiet(w, zone, at)).toBe(withinByClock(w, zone, at));
      }),
      { numRuns: 500 },
    );
  });

  it("opens at the first instant outside: `until` is outside, the minute before and all between are inside", () => {
    fc.assert(
      fc.property(window, moment, fc.double({ min: 0, max: 1, noNaN: true }), (w, { zone, at }, share) => {
        const until = quietUntil([w], zone, at)!;
        expect(withinByClock(w, zone, until)).toBe(false);
        if (!withinByClock(w, zone, at)) return expect(until).toBe(at);
        expect(withinByClock(w, zone, until - 1)).toBe(true);
        expect(withinByClock(w, zone, until - MINUTE)).toBe(true);
        expect(withinByClock(w, zone, at + Math.floor((until - 1 - at) * share))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
