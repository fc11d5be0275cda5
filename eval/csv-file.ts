/** Tables as text: `;` or `,` between fields, quotes where needed, a header; packed by gzip or not. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export type Row = Readonly<Record<string, string>>;

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** A file that cannot be evaluated; the message says what to do. */
export class BadFile extends Error {
  override readonly name = "BadFile";
}

/** Reads a table. Throws BadFile when it cannot be read, or lacks one of the columns. */
export function readTable(file: string, needed: readonly string[]): Table {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new BadFile(`${file} cannot be read (${(cause as Error).message})`, { cause });
  }
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const table = parseTable((packed ? gunzipSync(bytes) : bytes).toString("utf8"));
  const missing = needed.filter((column) => !table.columns.includes(column));
  if (missing.length > 0)
    throw new BadFile(
      `${file} has no column ${missing.map((c) => `"${c}"`).join(", ")}; its first line must name the columns (found: ${table.columns.join(", ")})`,
    );
  if (table.rows.length === 0) throw new BadFile(`${file} has no rows below its header`);
  return table;
}

export function parseTable(text: string): Table {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const header = (lines.shift() ?? "").replace(/^\uFEFF/, "");
  const separator = header.includes(";") ? ";" : ",";
  const columns = fieldsOf(header, separator);
  const rows = lines.map((line) => {
    const fields = fieldsOf(line, separator);
    return Object.fromEntries(columns.map((column, i) => [column, fields[i] ?? ""]));
  });
  return { columns, rows };
}

/** A field within quotes may hold the separator, and quotes written twice. */
function fieldsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator).map((field) => field.trim());
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length) {
    const quoted = /^\s*"((?:[^"]|"")*)"\s*/.exec(line.slice(at));
    if (quoted) {
      fields.push(quoted[1]!.replaceAll('""', '"'));
      at += quoted[0].length + 1;
    } else {
      const end = line.indexOf(separator, at);
      fields.push(line.slice(at, end < 0 ? undefined : end).trim());
      at = end < 0 ? line.length + 1 : end + 1;
    }
  }
  return fields;
}
