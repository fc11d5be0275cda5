/** Consents as lines of a file: one per customer, purpose, channel and address; CSV (RFC 4180, with a header) or NDJSON. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { consentChangedV1, consentKey, customerIdV1, type ConsentRecord } from "#contracts";

export type RowFormat = "csv" | "ndjson";

/** CloudEvents source of imported consents. */
export const IMPORT_SOURCE = "consent-import";

const given = consentChangedV1.shape;

export const consentRowV1 = z
  .strictObject({
    customerId: customerIdV1,
    purpose: given.purpose,
    channel: given.channel,
    address: given.address,
    granted: given.granted,
    obtainedAt: given.obtainedAt,
    expiresAt: given.expiresAt,
    evidence: given.evidence,
    source: given.source,
    /** Tells the row from others of the customer: what is there already is not told again. Without it, the row itself. */
    id: z.string().min(1).max(256).optional(),
  })
  .refine((row) => !row.granted || row.obtainedAt !== undefined, {
    path: ["obtainedAt"],
    message: "a grant says when it was obtained",
  });
export type ConsentRow = z.infer<typeof consentRowV1>;

export const COLUMNS = Object.keys(consentRowV1.shape) as readonly (keyof ConsentRow)[];

/** The id under which a row is told: its own, or made of all that it says. */
export function rowId(row: ConsentRow): string {
  return row.id ?? digest(JSON.stringify(COLUMNS.map((c) => row[c] ?? null)));
}

/** The row of a consent on record; an imported one keeps its id. */
export function rowOf(customerId: string, record: ConsentRecord): ConsentRow {
  const { purpose, channel, address, state, expiresAt, obtainedAt, evidence, source, event } = record;
  const own = `${event.source}:${event.id}:${consentKey(purpose, channel, address)}`;
  return {
    customerId,
    purpose,
    channel,
    ...(address === undefined ? {} : { address }),
    granted: state !== "refused",
    obtainedAt: new Date(obtainedAt).toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
    ...(evidence === undefined ? {} : { evidence }),
    source,
    id: event.source === IMPORT_SOURCE ? event.id : own.length <= 256 ? own : digest(own),
  };
}

/** One line, its end included. */
export function rowText(row: ConsentRow, format: RowFormat): string {
  if (format === "ndjson") return `${JSON.stringify(row)}\n`;
  return `${COLUMNS.map((c) => csvField(String(row[c] ?? ""))).join(",")}\n`;
}

export const CSV_HEADER = `${COLUMNS.join(",")}\n`;

/** The row of a record of the file, or what is wrong with it. `columns`: of a CSV file's header. */
export function readRow(
  text: string,
  format: RowFormat,
  columns: readonly string[],
): { readonly row: ConsentRow } | { readonly problem: string } {
  let value: unknown;
  try {
    value = format === "ndjson" ? JSON.parse(text) : fromCsv(csvFields(text), columns);
  } catch (error) {
    return { problem: (error as Error).message };
  }
  const parsed = consentRowV1.safeParse(value);
  if (parsed.success) return { row: parsed.data };
  // What is wrong, never the value: the line may hold what must not get into a log.
  const problem = parsed.error.issues
    .map((i) => [i.path.map(String).join("."), i.message].filter((t) => t !== "").join(": "))
    .join("; ");
  return { problem };
}

function fromCsv(fields: readonly string[], columns: readonly string[]): Record<string, unknown> {
  if (fields.length !== columns.length)
    throw new Error(`${fields.length} fields, but the header has ${columns.length}`);
  const row: Record<string, unknown> = {};
  for (const [i, column] of columns.entries()) {
    const field = fields[i]!;
    if (field === "") continue;
    row[column] = column !== "granted" ? field : field === "true" ? true : field === "false" ? false : field;
  }
  return row;
}

/** The fields of one CSV record. Throws when a quoted field does not end, or goes on after its quotes. */
export function csvFields(text: string): string[] {
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    if (text[at] === '"') {
      const m = /"((?:[^"]|"")*)"(?=,|$)/y;
      m.lastIndex = at;
      const found = m.exec(text);
      if (!found) throw new Error("a quoted field does not end where it should");
      fields.push(found[1]!.replaceAll('""', '"'));
      at = m.lastIndex;
    } else {
      const end = text.indexOf(",", at);
      fields.push(text.slice(at, end < 0 ? text.length : end));
      at = end < 0 ? text.length : end;
    }
    if (at >= text.length) return fields;
  }
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
