import type { HolidayCalendar } from "#contracts";
import { isPublicHoliday } from "./public-holidays.js";
import { DAY_MS, daysFromDate } from "./zone.js";

function weekdaysOff(calendar: HolidayCalendar, year: number): string[] {
  const days: string[] = [];
  for (let day = daysFromDate(year, 1, 1); day < daysFromDate(year + 1, 1, 1); day++) {
    const date = new Date(day * DAY_MS);
    if (isPublicHoliday(day, calendar)) days.push(date.toISOString().slice(5, 10));
  }
  return days;
}

describe("public holidays", () => {
  // As published: service-public.fr for France, canada.ca (federal, less Easter Monday for some) for Canada, and ACMA and the
  // state calendars for Australia.
  it.each<[HolidayCalendar, number, string]>([
    ["FR", 2025, "01-01 04-21 05-01 05-08 05-29 06-09 07-14 08-15 11-01 11-11 12-25"],
    ["FR", 2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25"],
    ["CA", 2026, "01-01 04-03 04-06 05-18 07-01 09-07 09-30 10-12 11-11 12-25"],
    ["CA", 2029, "01-01 03-30 04-02 05-21 07-01 07-02 09-03 09-30 10-08 11-11 12-25"],
    ["AU", 2026, "01-01 01-26 04-03 04-06 04-25 04-27 12-25 12-26 12-28"],
    ["AU", 2027, "01-01 01-26 03-26 03-29 04-25 04-26 12-25 12-26 12-27 12-28"],
  ])("of %s in %i", (calendar, year, days) => expect(weekdaysOff(calendar, year).join(" ")).toBe(days));
});
