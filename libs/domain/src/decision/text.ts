/**
 * Texts of treatments. `{field}` (or `{object.field}`) stands for a field of the event's data, written as the action's
 * variables say; `{field|money}` for an amount in minor units of the data's `currency`. Nothing else may stand in braces.
 */
import type { VariableDefinition } from "#contracts";
import { DAY_MS, daysFromDate, offsetAt, yearOfDay, zoneOf } from "../time/zone.js";
import { parseIso } from "../time/iso-text.js";
import { dateText, numberText, writingOf, type Writing } from "./language.js";
import { money } from "./money.js";

const PLACEHOLDER = /\{([^{}]*)\}/g;
const FIELD = /^([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)(?:\|(money))?$/;
/** Longest text that one field may bring in. */
const MAX_FIELD_CHARS = 120;

type Data = Readonly<Record<string, unknown>>;
export type Variables = Readonly<Record<string, VariableDefinition>>;

export interface FilledText {
  readonly text: string;
  /** Placeholders that the data had no value for; they are left empty. */
  readonly missing: readonly string[];
}

/** How a text is written. Without variables every field stands there as it came. */
export interface Wording {
  readonly variables?: Variables | undefined;
  /** Language of the text. */
  readonly language?: string | undefined;
  /** The customer's, for dates; without one UTC. */
  readonly timezone?: string | undefined;
}

/** What is wrong with a text, for the loader of the catalogue. */
export function textProblems(text: string): string[] {
  const problems: string[] = [];
  const rest = text.replace(PLACEHOLDER, (whole, inner: string) => {
    if (!FIELD.test(inner))
      problems.push(`${whole} is no placeholder: write {field}, {object.field} or {field|money}`);
    return "";
  });
  if (/[{}]/.test(rest)) problems.push("a brace that is not part of a placeholder such as {field}");
  return problems;
}

export interface Placeholder {
  readonly field: string;
  readonly money: boolean;
  /** Characters into the text. */
  readonly offset: number;
}

/** The fields that a text shows. */
export function placeholdersOf(text: string): Placeholder[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap((found) => {
    const m = FIELD.exec(found[1]!);
    return m ? [{ field: m[1]!, money: m[2] !== undefined, offset: found.index }] : [];
  });
}

/** Fills the placeholders, once: braces within the data stay as they are. */
export function fillText(text: string, data: Data, wording: Wording = {}): FilledText {
  const missing: string[] = [];
  const { variables } = wording;
  const filled = text.replace(PLACEHOLDER, (whole, inner: string) => {
    const m = FIELD.exec(inner);
    const variable = m && variables ? variables[m[1]!] : undefined;
    const shown =
      m && variable
        ? typedText(m[1]!, variable, data, wording)
        : m?.[2] === "money"
          ? money(read(data, m[1]!), data["currency"])
          : plain(m ? read(data, m[1]!) : undefined);
    if (shown === undefined) missing.push(whole);
    return shown ?? "";
  });
  return { text: filled, missing };
}

/** The first required variable that the data has no value for. */
export function missingVariable(variables: Variables, data: Data): string | undefined {
  for (const name in variables) {
    const variable = variables[name]!;
    if (variable.required === true && typedText(name, variable, data, {}) === undefined) return name;
  }
  return undefined;
}

/** Whether a default is one of its type. */
export function fitsType({ type, default: value }: VariableDefinition): boolean {
  return value === undefined || written(type, value, "XXX", {}) !== undefined;
}

function typedText(
  name: string,
  variable: VariableDefinition,
  data: Data,
  wording: Wording,
): string | undefined {
  const { type, default: otherwise } = variable;
  return (
    written(type, read(data, name), data["currency"], wording) ??
    (otherwise === undefined ? undefined : written(type, otherwise, data["currency"], wording))
  );
}

function written(
  type: VariableDefinition["type"],
  value: unknown,
  currency: unknown,
  { language, timezone }: Wording,
): string | undefined {
  const writing = writingOf(language);
  switch (type) {
    case "text":
      return plain(value);
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? numberText(value, writing) : undefined;
    case "money":
      return money(value, currency, writing.group, writing.point);
    case "date":
      return day(value, timezone, writing);
  }
}

function day(value: unknown, timezone: string | undefined, writing: Writing): string | undefined {
  const zone = (timezone === undefined ? undefined : zoneOf(timezone)) ?? zoneOf("UTC");
  if (!zone) return undefined;
  const at =
    typeof value === "number" ? value : typeof value === "string" ? parseIso(value, zone) : undefined;
  if (at === undefined || !Number.isSafeInteger(at) || Math.abs(at) > LAST_MS) return undefined;
  const days = Math.floor((at + offsetAt(zone, at)) / DAY_MS);
  const year = yearOfDay(days);
  let month = 12;
  while (daysFromDate(year, month, 1) > days) month--;
  return dateText(year, month, days - daysFromDate(year, month, 1) + 1, writing);
}

/** Beyond the year 9999 nothing is a date. */
const LAST_MS = 253_402_300_800_000 - 1;

function read(data: Data, path: string): unknown {
  let value: unknown = data;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Data comes from outside: no line break may get into a subject line, no long text into a short message. */
function plain(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return undefined;
  const text = value
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, MAX_FIELD_CHARS);
  return text === "" ? undefined : text;
}
