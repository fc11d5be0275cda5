/** Business days, by days since 1 January 1970. */
import { daysFromDate, yearOfDay } from "./zone.js";

export type BusinessCalendar = "weekdays" | "target";

/** The n-th business day after `day`. */
export function businessDayAfter(day: number, n: number, calendar: BusinessCalendar): number {
  let at = day;
  for (let left = n; left > 0;) {
    at++;
    if (isBusinessDay(at, calendar)) left--;
  }
  return at;
}

export function isBusinessDay(day: number, calendar: BusinessCalendar): boolean {
  // 1 January 1970 was a Thursday; 0 is Monday.
  const weekday = (((day + 3) % 7) + 7) % 7;
  return weekday < 5 && !(calendar === "target" && isTargetClosingDay(day));
}

/**
 * Besides Saturdays and Sundays TARGET is closed on New Year's Day, Good Friday, Easter Monday, 1 May, Christmas Day and
 * 26 December: European Central Bank, "Long-term calendar for TARGET closing days", press release of 14 December 2000.
 */
function isTargetClosingDay(day: number): boolean {
  const year = yearOfDay(day);
  const easter = easterSunday(year);
  return (
    day === daysFromDate(year, 1, 1) ||
    day === easter - 2 ||
    day === easter + 1 ||
    day === daysFromDate(year, 5, 1) ||
    day === daysFromDate(year, 12, 25) ||
    day === daysFromDate(year, 12, 26)
  );
}

/** Easter Sunday of the Gregorian calendar: the anonymous algorithm (Meeus, "Astronomical Algorithms", chapter 8). */
export function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const i = Math.floor(c / 4);
  const l = (32 + 2 * (b % 4) + 2 * i - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  const day = ((h + l - 7 * m + 114) % 31) + 1;
  return daysFromDate(year, month, day);
}
