import fc from "fast-check";
import { businessDayAfter, easterSunday, isBusinessDay } from "./business-days.js";
import { DAY_MS, daysFromDate, instantOf, offsetAt, yearOfDay, zoneOf } from "./zone.js";

const dayOf = (iso: string): number => Date.parse(`${iso}T00:00:00Z`) / DAY_MS;
const ZONES = [
  "UTC",
  "Europe/Prague",
  "America/New_York",
  "America/Santiago",
  "Australia/Lord_Howe",
  "Pacific/Auckland",
  "Pacific/Kiritimati",
  "Pacific/Pago_Pago",
  "Asia/Kathmandu",
];
const anyTime = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2037, 11, 31) });

describe("dates", () => {
  it("count as the calendar does", () => {
    fc.assert(
      fc.property(fc.integer({ min: -200_000, max: 200_000 }), (day) => {
        const date = new Date(day * DAY_MS);
        expect(daysFromDate(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(day);
        expect(yearOfDay(day)).toBe(date.getUTCFullYear());
      }),
    );
  });

  it.each(["2000-04-23", "2008-03-23", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"])(
    "know Easter: %s",
    (date) => expect(easterSunday(Number(date.slice(0, 4)))).toBe(dayOf(date)),
  );

  it("know the closing days of TARGET in 2026", () => {
    const weekdays = Array.from({ length: 365 }, (_, i) => dayOf("2026-01-01") + i).filter((d) =>
      isBusinessDay(d, "weekdays"),
    );
    const closed = weekdays.filter((d) => !isBusinessDay(d, "target"));
    // 26 December 2026 is a Saturday.
    expect(closed).toEqual(["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25"].map(dayOf));
  });

  it("count business days one by one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10_000, max: 25_000 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom("weekdays" as const, "target" as const),
        (day, n, calendar) => {
          const to = businessDayAfter(day, n, calendar);
          let between = 0;
          for (let d = day + 1; d <= to; d++) if (isBusinessDay(d, calendar)) between++;
          expect(between).toBe(n);
          expect(isBusinessDay(to, calendar)).toBe(true);
        },
      ),
    );
  });
});

describe("local times", () => {
  it("are found again: the instant of a local time shows it, or is the change that skips it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), anyTime, (name, at) => {
        const zone = zoneOf(name)!;
        const local = at + offsetAt(zone, at);
        const found = instantOf(zone, local);
        expect(found + offsetAt(zone, found)).toBe(local);
        expect(found).toBeLessThanOrEqual(at);
      }),
    );
  });

  it("that a clock change skips are the change; of those that come twice the first counts", () => {
    const prague = zoneOf("Europe/Prague")!;
    for (let minutes = 120; minutes < 180; minutes++)
      expect(instantOf(prague, Date.UTC(2026, 2, 29) + minutes * 60_000)).toBe(Date.UTC(2026, 2, 29, 1));
    for (let minutes = 120; minutes < 180; minutes++)
      expect(instantOf(prague, Date.UTC(2026, 9, 25) + minutes * 60_000)).toBe(
        Date.UTC(2026, 9, 25) + (minutes - 120) * 60_000,
      );
  });

  it("agree with the runtime's own calendar in every zone", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), anyTime, (name, at) => {
        const local = at + offsetAt(zoneOf(name)!, at);
        const shown = new Intl.DateTimeFormat("sv-SE", {
          timeZone: name,
          dateStyle: "short",
          timeStyle: "medium",
        }).format(at);
        expect(new Date(local).toISOString().slice(0, 19)).toBe(shown.replace(" ", "T"));
      }),
      { numRuns: 60 },
    );
  });
});
