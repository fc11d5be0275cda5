/**
 * Tables by merchant category code, and how an expression reads one: `lookup("merchant-offers", event.data.mcc)` is the action
 * of the row that the code falls into, or "" when there is none.
 *
 * When definitions are loaded, the rows take the place of the table's name (`rowOf("fuel-card:5541-5542;…", event.data.mcc)`).
 * So a published journey holds what it was published with: changing the table is a new version of the journeys that
 * use it, and what was simulated, approved and decided can be computed again (I9, I10).
 */
import { isSafeToken, tableV1, type TableDefinition } from "#contracts";
import { readDefinitionFiles, type DefinitionFile, type Path, type Source } from "./definition-file.js";
import { didYouMean } from "./suggestion.js";

/** By table id, the rows as expressions carry them. */
export type Tables = ReadonlyMap<string, TableContent>;
export interface TableContent {
  readonly rows: string;
  readonly actions: ReadonlySet<string>;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

const MCC = /^(\d{4})(?:-(\d{4}))?$/;

/** The codes of a row, or what is wrong with them. */
function rangeOf(mcc: string | number): Range | string {
  const text = typeof mcc === "number" ? String(mcc).padStart(4, "0") : mcc.trim();
  const m = MCC.exec(text);
  if (!m)
    return `${JSON.stringify(mcc)} is no merchant category code: four digits ("5541") or a range ("3000-3350")`;
  const from = Number(m[1]);
  const to = Number(m[2] ?? m[1]);
  return to < from ? `the range ${text} runs backwards: write the lower code first` : { from, to };
}

const padded = (code: number): string => String(code).padStart(4, "0");
const written = ({ from, to }: Range): string =>
  from === to ? padded(from) : `${padded(from)}-${padded(to)}`;

/** Reads `tables/`; without the folder there are none. Actions are checked where they are given. */
export function readTables(
  dir: string,
  actions: ReadonlySet<string> | undefined,
  extra?: readonly Source[],
): { readonly tables: Tables; readonly files: readonly DefinitionFile<TableDefinition>[] } {
  const { files } = readDefinitionFiles<TableDefinition>(dir, "tables", tableV1, extra);
  const tables = new Map<string, TableContent>();
  const definedIn = new Map<string, string>();
  for (const file of files) {
    const table = file.value;
    if (!table) continue;
    const before = definedIn.get(table.id);
    if (before) file.report(["id"], `table ${JSON.stringify(table.id)} is already defined in ${before}`);
    definedIn.set(table.id, file.name);
    const ranges = checkRows(file, table, actions);
    const byAction = new Map<string, string[]>();
    for (const { row, range } of ranges) {
      const action = table.rows[row]!.action;
      byAction.set(action, [...(byAction.get(action) ?? []), written(range)]);
    }
    const rows = [...byAction].map(([action, codes]) => `${action}:${codes.join(",")}`).join(";");
    tables.set(table.id, { rows, actions: new Set(byAction.keys()) });
  }
  return { tables, files };
}

function checkRows(
  file: DefinitionFile<TableDefinition>,
  table: TableDefinition,
  actions: ReadonlySet<string> | undefined,
): readonly { readonly row: number; readonly range: Range }[] {
  const ranges: { row: number; range: Range }[] = [];
  for (const [row, { mcc, action }] of table.rows.entries()) {
    const range = rangeOf(mcc);
    if (typeof range === "string") {
      file.report(["rows", row, "mcc"], range);
      continue;
    }
    const other = ranges.find((r) => r.range.from <= range.to && range.from <= r.range.to);
    if (other) {
      const { name } = table.rows[other.row]!;
      file.report(
        ["rows", row, "mcc"],
        `${written(range)} overlaps ${written(other.range)} (row ${other.row + 1}, ${name}): a code belongs to one row`,
      );
    }
    ranges.push({ row, range });
    if (actions && !actions.has(action)) {
      file.report(["rows", row, "action"], `action ${JSON.stringify(action)} is not in the catalogue`, {
        suggestion: didYouMean(action, actions.keys()),
      });
    }
  }
  return ranges;
}

const LOOKUP = /\blookup\(\s*"([^"]*)"\s*,/g;

/** Names of the tables that an expression reads. */
export function tablesReadBy(source: string): string[] {
  return [...source.matchAll(LOOKUP)].map((m) => m[1]!);
}

/** The definition with the rows in place of the tables' names, at any depth. */
export function withTables<T>(definition: T, tables: Tables): T {
  if (tables.size === 0) return definition;
  return resolved(definition, tables) as T;
}

function resolved(value: unknown, tables: Tables): unknown {
  if (typeof value === "string") {
    if (!value.includes("lookup(")) return value;
    return value.replace(LOOKUP, (whole, id: string) => {
      const table = tables.get(id);
      return table ? `rowOf(${JSON.stringify(table.rows)},` : whole;
    });
  }
  if (Array.isArray(value)) return value.map((v) => resolved(v, tables));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolved(v, tables)]));
  return value;
}

/**
 * Tells of tables that are read and are not there, and of a journey that reads a table whose actions it cannot offer: its
 * customers would enter it and hear nothing.
 */
export function checkLookups(file: DefinitionFile<object>, tables: Tables): void {
  const { value } = file;
  if (!value) return;
  // What a tag stands for, the catalogue decides.
  const offered = "steps" in value && !offersTags(value.steps) ? new Set(namesIn(value.steps)) : undefined;
  for (const { source, path } of stringsIn(value, [])) {
    for (const id of tablesReadBy(source)) {
      const table = tables.get(id);
      if (!table) {
        file.report(path, `there is no table ${JSON.stringify(id)} in tables/`, {
          suggestion: didYouMean(id, tables.keys()),
        });
        continue;
      }
      const missing = offered && [...table.actions].filter((a) => !offered.has(a));
      if (missing && missing.length > 0 && path[0] === "trigger")
        file.report(
          path,
          `no step offers ${missing.join(", ")}, which the table ${JSON.stringify(id)} names`,
          {
            suggestion: "add it to the actions of a decide step",
          },
        );
    }
  }
}

function* stringsIn(value: unknown, path: Path): Generator<{ readonly source: string; readonly path: Path }> {
  if (typeof value === "string") {
    if (value.includes("lookup(")) yield { source: value, path };
  } else if (Array.isArray(value)) {
    for (const [i, v] of value.entries()) yield* stringsIn(v, [...path, i]);
  } else if (typeof value === "object" && value !== null) {
    for (const [k, v] of Object.entries(value)) yield* stringsIn(v, [...path, k]);
  }
}

function offersTags(steps: unknown): boolean {
  return Array.isArray(steps) && steps.some((s: { candidates?: unknown }) => s.candidates !== undefined);
}

/** Actions that steps name. */
function namesIn(steps: unknown): string[] {
  return (Array.isArray(steps) ? steps : []).flatMap((s: { action?: string; actions?: string[] }) => [
    ...(s.actions ?? []),
    ...(s.action === undefined ? [] : [s.action]),
  ]);
}

type Row = Range & { readonly action: string };
/** Grows with the definitions, not with the events. */
const read = new Map<string, readonly Row[]>();

function rowsOf(rows: string): readonly Row[] {
  let found = read.get(rows);
  if (found === undefined) {
    found = rows.split(";").flatMap((part) => {
      const [action = "", codes = ""] = part.split(":");
      return codes.split(",").flatMap((code) => {
        const range = rangeOf(code);
        return typeof range === "string" || !isSafeToken(action) ? [] : [{ ...range, action }];
      });
    });
    read.set(rows, found);
  }
  return found;
}

/** The action of the row that a code falls into; "" when there is none, or it is no code. */
export function rowOf(rows: string, code: unknown): string {
  const range = rangeOf(typeof code === "number" ? code : String(code));
  if (typeof range === "string") return "";
  return rowsOf(rows).find((r) => r.from <= range.from && range.to <= r.to)?.action ?? "";
}
