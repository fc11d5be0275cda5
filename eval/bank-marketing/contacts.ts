/**
 * Rows of "Bank Marketing" (UCI 222), in order of time: one client in one campaign, as of the last contact. Both files
 * are read: bank-additional-full (weekday and economic indicators) and bank-full (day and balance).
 */
import type { FeatureSpec, Features } from "#domain";
import { readTable, type Row } from "../csv-file.js";

export interface Contact {
  /** Everything known before the call; `duration` is not. */
  readonly features: Features;
  readonly label: 0 | 1;
  /** e.g. 2009-04. */
  readonly month: string;
  readonly at: number;
}

export interface Contacts {
  readonly contacts: readonly Contact[];
  /** The features that this file has. */
  readonly features: Readonly<Record<string, FeatureSpec>>;
  /** Age and marital status: never an input of what ships; read to say what leaving them out costs. */
  readonly protectedFeatures: Readonly<Record<string, FeatureSpec>>;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const FIRST_YEAR = 2008;

const NUMBER = { kind: "number" } as const;
const LOG = { kind: "number", scale: "log" } as const;
const CATEGORY = { kind: "category" } as const;

/** The columns of either file that a call may be decided on. */
const COLUMNS: Readonly<Record<string, FeatureSpec>> = {
  job: CATEGORY,
  education: CATEGORY,
  default: CATEGORY,
  housing: CATEGORY,
  loan: CATEGORY,
  contact: CATEGORY,
  poutcome: CATEGORY,
  campaign: LOG,
  previous: LOG,
  pdays: LOG,
  balance: LOG,
  day_of_week: CATEGORY,
  "emp.var.rate": NUMBER,
  "cons.price.idx": NUMBER,
  "cons.conf.idx": NUMBER,
  euribor3m: NUMBER,
  "nr.employed": NUMBER,
};
const PROTECTED_COLUMNS: Readonly<Record<string, FeatureSpec>> = { age: NUMBER, marital: CATEGORY };

/** How busy the campaign is, known before the call: a bank that calls few, calls the promising ones. */
const PACE: Readonly<Record<string, FeatureSpec>> = {
  contactsToday: LOG,
  contactsPerDay20: LOG,
  contactsPerDay100: LOG,
};

const NEEDED = ["month", "contact", "campaign", "poutcome", "y"];

/** Throws BadFile. */
export function readContacts(file: string): Contacts {
  const { columns, rows } = readTable(file, NEEDED);
  const has = (specs: Readonly<Record<string, FeatureSpec>>): Record<string, FeatureSpec> =>
    Object.fromEntries(Object.entries(specs).filter(([name]) => columns.includes(name)));
  const monthOf = calendar();
  const paceOf = pace();
  const contacts = rows.map((row) => {
    const { year, month } = monthOf(row.month!);
    return {
      features: { ...valuesOf(row), ...paceOf(row) },
      label: row.y === "yes" ? (1 as const) : (0 as const),
      month: `${year}-${String(month + 1).padStart(2, "0")}`,
      at: Date.UTC(year, month, Number(row.day) || 1),
    };
  });
  return {
    contacts,
    features: { ...has(COLUMNS), ...PACE },
    protectedFeatures: has(PROTECTED_COLUMNS),
  };
}

function valuesOf(row: Row): Record<string, number | string> {
  const specs = Object.entries({ ...COLUMNS, ...PROTECTED_COLUMNS });
  return Object.fromEntries(
    specs.flatMap(([name, { kind }]) => {
      const text = row[name];
      // Never contacted before: 999 days in one file, −1 in the other. That is no number of days.
      if (text === undefined || text === "" || (name === "pdays" && /^(999|-1)$/.test(text))) return [];
      return [[name, kind === "number" ? Number(text) : text] as const];
    }),
  );
}

/** The year is not in the files: they begin in 2008, and it grows whenever the month falls. */
function calendar(): (name: string) => { year: number; month: number } {
  let year = FIRST_YEAR;
  let last = 0;
  return (name) => {
    const month = MONTHS.indexOf(name);
    if (month < last) year++;
    last = month;
    return { year, month };
  };
}

/** A new day is one with another date, or, where the file has none, with another weekday or Euribor. */
function pace(): (row: Row) => Record<string, number> {
  let day = "";
  let today = 0;
  let short = 1 / 20;
  let long = 1 / 100;
  return (row) => {
    const next = [row.month, row.day, row.day_of_week, row.euribor3m].join(" ");
    const isNew = next !== day;
    today = isNew ? 0 : today + 1;
    day = next;
    const known = { contactsToday: today, contactsPerDay20: 1 / short, contactsPerDay100: 1 / long };
    short += (Number(isNew) - short) / 20;
    long += (Number(isNew) - long) / 100;
    return known;
  };
}
