/**
 * Texts of treatments. `{field}` (or `{object.field}`) stands for a field of the event's data, `{field|money}` for an
 * amount in minor units of the data's `currency`. Nothing else may stand in braces.
 */
import { money } from "./money.js";

const PLACEHOLDER = /\{([^{}]*)\}/g;
const FIELD = /^([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)(?:\|(money))?$/;
/** Longest text that one field may bring in. */
const MAX_FIELD_CHARS = 120;

export interface FilledText {
  readonly text: string;
  /** Placeholders that the data had no value for; they are left empty. */
  readonly missing: readonly string[];
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

/** Fills the placeholders, once: braces within the data stay as they are. */
export function fillText(text: string, data: Readonly<Record<string, unknown>>): FilledText {
  const missing: string[] = [];
  const filled = text.replace(PLACEHOLDER, (whole, inner: string) => {
    const m = FIELD.exec(inner);
    const value = m ? read(data, m[1]!) : undefined;
    const shown = m?.[2] === "money" ? money(value, data["currency"]) : plain(value);
    if (shown === undefined) missing.push(whole);
    return shown ?? "";
  });
  return { text: filled, missing };
}

function read(data: Readonly<Record<string, unknown>>, path: string): unknown {
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
