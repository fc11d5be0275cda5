import fc from "fast-check";
import { WEEKDAYS, contactTimesV1, type ContactTimes, type Weekday } from "#contracts";
import { isPublicHoliday } from "../time/public-holidays.js";
import { DAY_MS, zoneOf, type Zone } from "../time/zone.js";
import { closesAt, isClosed, opensAt, outside, quietHours, type QuietWindow } from "./closed-times.js";

const MINUTE = 60_000;
const utc = (text: string): number => Date.parse(text);
const zone = (name: string): Zone => zoneOf(name)!;

/** Thirty zones: changes of an hour and of half an hour, at midnight, by day, over the date line, and none. */
const ZONES = `
  Europe/Prague Europe/London Europe/Lisbon Europe/Helsinki Europe/Dublin Europe/Chisinau America/New_York America/Chicago
  America/Denver America/Phoenix America/Los_Angeles America/Anchorage America/Adak America/St_Johns America/Havana
  America/Santiago America/Asuncion America/Sao_Paulo America/Nuuk Atlantic/Azores Africa/Casablanca Africa/Cairo
  Asia/Beirut Asia/Jerusalem Asia/Kolkata Asia/Kathmandu Australia/Sydney Australia/Lord_Howe Pacific/Auckland
  Pacific/Chatham`
  .trim()
  .split(/\s+/);

/** Local weekday and time of day by another way than the code under test: the zone's own formatted clock. */
class Wall {
  readonly #format: Intl.DateTimeFormat;
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-GB", {
      timeZone: name,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  }
  at(ms: number): { day: Weekday; time: string } {
    const [day = "", time = ""] = this.#format.format(ms).split(/,? /);
    return { day: day.toLowerCase() as Weekday, time };
  }
}

const quietByWall = (w: QuietWindow, time: string): boolean =>
  w.from < w.to ? time >= w.from && time < w.to : time >= w.from || time < w.to;
const outsideByWall = ({ open }: ContactTimes, { day, time }: { day: Weekday; time: string }): boolean =>
  !open.some((o) => o.days.includes(day) && time >= o.from && time < o.to);

/** The changes of a zone's offset in 2026, found by the formatted clock: none, or two, or four. */
function changesOf(name: string): number[] {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: name,
    timeZoneName: "longOffset",
    hour: "2-digit",
  });
  const offset = (at: number): string => format.format(at).split(" ").at(-1)!;
  const changes: number[] = [];
  const hour = 3_600_000;
  let before = offset(Date.UTC(2026, 0, 1));
  for (let day = Date.UTC(2026, 0, 1); day < Date.UTC(2027, 0, 1); day += DAY_MS) {
    if (offset(day + DAY_MS) === before) continue;
    for (let at = day; at < day + DAY_MS; at += hour)
      if (offset(at) !== offset(at + hour)) changes.push(at + hour);
    before = offset(day + DAY_MS);
  }
  return changes;
}

const NIGHT = { from: "21:00", to: "08:00" };
const SMALL_HOURS = { from: "01:30", to: "02:30" };
const FRANCE = contactTimesV1.parse({
  open: [
    { days: ["mon", "tue", "wed", "thu", "fri"], from: "10:00", to: "13:00" },
    { days: ["mon", "tue", "wed", "thu", "fri"], from: "14:00", to: "20:00" },
  ],
});
const SUNDAYS = contactTimesV1.parse({
  open: [
    { days: ["sat"], from: "22:30", to: "24:00" },
    { days: ["sun"], from: "00:00", to: "02:30" },
  ],
});

describe("closed times", () => {
  it("are right in every minute of the days on which clocks change, in thirty zones", () => {
    const wrong: string[] = [];
    let checked = 0;
    for (const name of ZONES) {
      const wall = new Wall(name);
      const there = zone(name);
      const changes = changesOf(name);
      const days = changes.length > 0 ? changes : [utc("2026-03-29T01:00:00Z"), utc("2026-10-25T01:00:00Z")];
      const [night, small] = [quietHours(NIGHT), quietHours(SMALL_HOURS)];
      const [france, sundays] = [outside(FRANCE), outside(SUNDAYS)];
      for (const change of days) {
        // The whole local day, whatever its length, and some of the next.
        const before = wall
          .at(change - 1)
          .time.split(":")
          .map(Number);
        const midnight = change - (before[0]! * 60 + before[1]! + 1) * MINUTE;
        for (let at = midnight; at < midnight + 26 * 60 * MINUTE; at += MINUTE) {
          const now = wall.at(at);
          const expected = [
            quietByWall(NIGHT, now.time),
            quietByWall(SMALL_HOURS, now.time),
            outsideByWall(FRANCE, now),
            outsideByWall(SUNDAYS, now),
          ];
          const found = [night, small, france, sundays].map((times) => isClosed(times, there, at));
          if (found.join() !== expected.join()) wrong.push(`${name} ${new Date(at).toISOString()}`);
          checked++;
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(new Set(ZONES).size).toBe(30);
    // Most of them change their clocks twice a year.
    expect(checked).toBeGreaterThan(2 * 30 * 25 * 60);
  });

  it("defer an evening in Prague to the morning there", () => {
    expect(opensAt([quietHours(NIGHT)], [zone("Europe/Prague")], utc("2026-07-01T19:30:00Z"))).toBe(
      utc("2026-07-02T06:00:00Z"),
    );
  });

  it.each([
    ["2026-03-28T22:30:00Z", "2026-03-29T06:00:00Z"],
    ["2026-10-24T22:30:00Z", "2026-10-25T07:00:00Z"],
  ])("count the night of a clock change right: %s to %s", (at, until) => {
    expect(opensAt([quietHours(NIGHT)], [zone("Europe/Prague")], utc(at))).toBe(utc(until));
  });

  it("end when the clock jumps over their end", () => {
    expect(opensAt([quietHours(SMALL_HOURS)], [zone("Europe/Prague")], utc("2026-03-29T00:45:00Z"))).toBe(
      utc("2026-03-29T01:00:00Z"),
    );
  });

  it("cover the whole night when packs overlap, and know when nothing ever opens", () => {
    const prague = [zone("Europe/Prague")];
    const at = utc("2026-07-01T20:30:00Z");
    const night = quietHours({ from: "21:00", to: "06:00" });
    expect(opensAt([night, quietHours({ from: "05:00", to: "09:00" })], prague, at)).toBe(
      utc("2026-07-02T07:00:00Z"),
    );
    expect(opensAt([night, quietHours({ from: "05:00", to: "22:00" })], prague, at)).toBeUndefined();
    expect(opensAt([quietHours({ from: "08:00", to: "08:00" })], prague, at)).toBeUndefined();
    const sundays = outside(contactTimesV1.parse({ open: [{ days: ["sun"], from: "10:00", to: "12:00" }] }));
    expect(opensAt([outside(FRANCE), sundays], prague, at)).toBeUndefined();
  });

  it("run over a weekend, over holidays, and over Christmas", () => {
    const paris = [zone("Europe/Paris")];
    const french = [outside({ ...FRANCE, closedOn: "FR" })];
    expect(opensAt(french, paris, utc("2026-11-20T19:30:00Z"))).toBe(utc("2026-11-23T09:00:00Z"));
    expect(opensAt(french, paris, utc("2026-05-13T18:30:00Z"))).toBe(utc("2026-05-15T08:00:00Z"));
    // Noon belongs to nobody: closed from 13 to 14.
    expect(opensAt(french, paris, utc("2026-11-23T12:00:00Z"))).toBe(utc("2026-11-23T13:00:00Z"));
    expect(isPublicHoliday(utc("2026-12-25T00:00:00Z") / DAY_MS, "FR")).toBe(true);
    expect(opensAt(french, paris, utc("2026-12-24T19:00:00Z"))).toBe(utc("2026-12-28T09:00:00Z"));
  });

  it("of several zones, are over only when they are in each", () => {
    const usa = ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu"].map(zone);
    const day = quietHours(NIGHT);
    // 08:00 in Honolulu is 14:00 in New York, where 21:00 ends it.
    expect(opensAt([day], usa, utc("2026-07-01T13:00:00Z"))).toBe(utc("2026-07-01T18:00:00Z"));
    expect(opensAt([day], usa, utc("2026-07-01T18:00:00Z"))).toBe(utc("2026-07-01T18:00:00Z"));
    expect(opensAt([day], usa, utc("2026-07-02T01:00:00Z"))).toBe(utc("2026-07-02T18:00:00Z"));
    expect(closesAt([day], usa, utc("2026-07-01T18:00:00Z"), utc("2026-07-03T00:00:00Z"))).toBe(
      utc("2026-07-02T01:00:00Z"),
    );
  });

  const time = fc
    .integer({ min: 0, max: 1439 })
    .map((m) => `${String(Math.floor(m / 60)).padStart(2, "0")}:${String(m % 60).padStart(2, "0")}`);
  const window = fc.record({ from: time, to: time }).filter((w) => w.from !== w.to);
  const weekly = fc
    .array(
      fc.record({
        days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }),
        from: time,
        to: time,
      }),
      { minLength: 1, maxLength: 4 },
    )
    .map((open) => open.filter((o) => o.from < o.to))
    .filter((open) => open.length > 0)
    .map((open): ContactTimes => ({ open }));
  const moment = fc
    .tuple(
      fc.constantFrom(...ZONES),
      fc.integer({ min: utc("2026-01-01T00:00:00Z"), max: utc("2027-12-31T00:00:00Z") }),
    )
    .map(([name, at]) => ({ name, at }));

  it("open at the first instant outside: before it all is inside, at it all is open", () => {
    fc.assert(
      fc.property(
        fc.array(window, { maxLength: 2 }),
        fc.option(weekly, { nil: undefined }),
        moment,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (windows, week, { name, at }, share) => {
          const wall = new Wall(name);
          const closedByWall = (t: number): boolean => {
            const now = wall.at(t);
            return windows.some((w) => quietByWall(w, now.time)) || (!!week && outsideByWall(week, now));
          };
          const all = [...windows.map(quietHours), ...(week ? [outside(week)] : [])];
          const opens = opensAt(all, [zone(name)], at);
          if (opens === undefined) {
            for (let t = at; t < at + 8 * DAY_MS; t += 37 * MINUTE) expect(closedByWall(t)).toBe(true);
            return;
          }
          expect(closedByWall(opens)).toBe(false);
          if (opens === at) return;
          expect(closedByWall(opens - 1)).toBe(true);
          expect(closedByWall(at + Math.floor((opens - 1 - at) * share))).toBe(true);
          const closes = closesAt(all, [zone(name)], opens, opens + DAY_MS);
          expect(closedByWall(opens + Math.floor((closes - opens) * share))).toBe(false);
          if (closes < opens + DAY_MS) expect(closedByWall(closes)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
