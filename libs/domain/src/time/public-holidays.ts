/** National public holidays, by days since 1 January 1970. Those of parts of a country are not known here. */
import type { HolidayCalendar } from "#contracts";
import { easterSunday } from "./business-days.js";
import { daysFromDate, yearOfDay } from "./zone.js";

/** 0 is Monday; 1 January 1970 was a Thursday. */
export function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** True on a national public holiday. */
export function isPublicHoliday(day: number, calendar: HolidayCalendar): boolean {
  return holidaysOf(yearOfDay(day), calendar).has(day);
}

const known = new Map<string, ReadonlySet<number>>();
/** Years come from the times of events. */
const MAX_YEARS = 256;

function holidaysOf(year: number, calendar: HolidayCalendar): ReadonlySet<number> {
  const key = `${calendar}${year}`;
  let days = known.get(key);
  if (!days) {
    if (known.size >= MAX_YEARS) known.clear();
    known.set(key, (days = new Set(HOLIDAYS[calendar](year))));
  }
  return days;
}

const HOLIDAYS: Readonly<Record<HolidayCalendar, (year: number) => readonly number[]>> = {
  /**
   * Those that all states and territories keep: ACMA names them for the Telemarketing and Research Calls Industry Standard
   * 2017. Where one falls on a weekend both it and the weekday that stands in for it count.
   */
  AU: (year) => {
    const easter = easterSunday(year);
    const fixed = [
      daysFromDate(year, 1, 1),
      daysFromDate(year, 1, 26),
      daysFromDate(year, 4, 25),
      daysFromDate(year, 12, 25),
      daysFromDate(year, 12, 26),
    ];
    return [...fixed, ...standIns(fixed), easter - 2, easter + 1];
  },
  /** Interpretation Act, R.S.C. 1985, c. I-21, s. 35(1) "holiday"; its Sundays are left to the rule, Thanksgiving is proclaimed. */
  CA: (year) => {
    const easter = easterSunday(year);
    return [
      daysFromDate(year, 1, 1),
      easter - 2,
      easter + 1,
      // Victoria Day: the Monday before 25 May. Labour Day: the first Monday of September. Thanksgiving: the second of October.
      mondayFrom(daysFromDate(year, 5, 18)),
      ...orMonday(daysFromDate(year, 7, 1)),
      mondayFrom(daysFromDate(year, 9, 1)),
      daysFromDate(year, 9, 30),
      mondayFrom(daysFromDate(year, 10, 8)),
      daysFromDate(year, 11, 11),
      daysFromDate(year, 12, 25),
    ];
  },
  /** Code du travail, art. L3133-1. */
  FR: (year) => {
    const easter = easterSunday(year);
    return [
      daysFromDate(year, 1, 1),
      easter + 1,
      daysFromDate(year, 5, 1),
      daysFromDate(year, 5, 8),
      easter + 39,
      easter + 50,
      daysFromDate(year, 7, 14),
      daysFromDate(year, 8, 15),
      daysFromDate(year, 11, 1),
      daysFromDate(year, 11, 11),
      daysFromDate(year, 12, 25),
    ];
  },
};

/** The first Monday on or after `day`. */
function mondayFrom(day: number): number {
  return day + ((7 - weekdayOf(day)) % 7);
}

/** Canada Day is kept on 2 July when the 1st is a Sunday; both count. */
function orMonday(day: number): readonly number[] {
  return weekdayOf(day) === 6 ? [day, day + 1] : [day];
}

/** For each holiday at a weekend the next weekday that is none itself. */
function standIns(days: readonly number[]): readonly number[] {
  const taken = new Set(days);
  return days
    .filter((day) => weekdayOf(day) >= 5)
    .map((day) => {
      let next = day;
      while (weekdayOf(next) >= 5 || taken.has(next)) next++;
      taken.add(next);
      return next;
    });
}
