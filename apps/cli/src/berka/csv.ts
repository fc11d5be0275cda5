/** Semicolon-separated text with a header, fields optionally in double quotes; no quoted line breaks. */

export type CsvRow = readonly string[];

export interface CsvTable {
  /** Position of each column. */
  readonly columns: ReadonlyMap<string, number>;
  readonly rows: readonly CsvRow[];
}

function splitLine(line: string, where: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let text = "";
      for (at++; ; at++) {
        const end = line.indexOf('"', at);
        if (end < 0) throw new Error(`${where}: a quoted field does not end`);
        text += line.slice(at, end);
        at = end + 1;
        if (line[at] !== '"') break;
        text += '"';
      }
      if (at < line.length && line[at] !== ";") throw new Error(`${where}: text after a quoted field`);
      fields.push(text);
    } else {
      const end = line.indexOf(";", at);
      fields.push(line.slice(at, end < 0 ? line.length : end));
      at = end < 0 ? line.length : end;
    }
    if (at >= line.length) return fields;
    at++;
    if (at === line.length) return [...fields, ""];
  }
}

/** Parses a whole table. Throws an error naming `name` and the line when a row does not have the header's width. */
export function parseCsv(text: string, name: string): CsvTable {
  const lines = text.split(/\r?\n/);
  const header = splitLine(lines[0] ?? "", `${name}:1`);
  const rows: string[][] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    if (line === "") continue;
    const fields = splitLine(line, `${name}:${i + 1}`);
    if (fields.length !== header.length) {
      throw new Error(`${name}:${i + 1}: ${fields.length} fields, but the header has ${header.length}`);
    }
    rows.push(fields);
  }
  return { columns: new Map(header.map((column, i) => [column, i])), rows };
}

/** Reads one column of a row; throws when the table has no such column. */
export function columnReader(table: CsvTable, name: string, column: string): (row: CsvRow) => string {
  const at = table.columns.get(column);
  if (at === undefined) throw new Error(`${name}: there is no column ${JSON.stringify(column)}`);
  return (row) => row[at]!;
}
