import fc from "fast-check";
import { CHANNELS, PURPOSES } from "#contracts";
import {
  COLUMNS,
  CSV_HEADER,
  readRow,
  rowId,
  rowText,
  type ConsentRow,
  type RowFormat,
} from "./consent-row.js";
import { recordsOf, type FileRecord } from "./records.js";

const AT = "2026-01-01T00:00:00.000Z";
const row: ConsentRow = {
  customerId: "c1",
  purpose: "marketing",
  channel: "sms",
  granted: true,
  obtainedAt: AT,
};

async function records(text: string, cut = 7, quotes = true): Promise<FileRecord[]> {
  const chunks = Array.from({ length: Math.ceil(text.length / cut) }, (_, i) =>
    text.slice(i * cut, (i + 1) * cut),
  );
  const found: FileRecord[] = [];
  for await (const r of recordsOf(chunks, quotes)) found.push(r);
  return found;
}

describe("a row of consents", () => {
  const rows: fc.Arbitrary<ConsentRow> = fc
    .record(
      {
        customerId: fc.constantFrom("c1", "c-2"),
        purpose: fc.constantFrom(...PURPOSES),
        channel: fc.constantFrom(...CHANNELS),
        granted: fc.boolean(),
        obtainedAt: fc.constant(AT),
        address: fc.constantFrom("phone-1", "x"),
        expiresAt: fc.constant(AT),
        evidence: fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).map((t) => `${t}"\n,`),
        source: fc.constantFrom("branch", 'a "quoted" one'),
        id: fc.constantFrom("1", "2"),
      },
      { requiredKeys: ["customerId", "purpose", "channel", "granted", "obtainedAt"] },
    )
    .filter(({ evidence = "" }) => evidence.length <= 256);

  it.each<RowFormat>(["csv", "ndjson"])(
    "is read as it was written, as %s, wherever the file is cut",
    async (format) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(rows, { maxLength: 8 }),
          fc.integer({ min: 1, max: 50 }),
          async (all, cut) => {
            const text = all.map((r) => rowText(r, format)).join("");
            const read = (await records(text, cut, format === "csv")).map((r) =>
              readRow(r.text, format, COLUMNS),
            );
            expect(read).toEqual(all.map((r) => ({ row: r })));
          },
        ),
        { numRuns: 100 },
      );
    },
  );

  it("is told from others by what it says, where it has no id", () => {
    expect(rowId(row)).toBe(rowId({ ...row }));
    expect(rowId(row)).not.toBe(rowId({ ...row, granted: false }));
    expect(rowId({ ...row, id: "7" })).toBe("7");
  });

  it.each([
    ['{"customerId":', "JSON"],
    ["[]", "expected object"],
    [JSON.stringify({ ...row, channel: "fax" }), "channel: "],
    [JSON.stringify({ ...row, obtainedAt: undefined }), "obtainedAt: a grant says when it was obtained"],
    [JSON.stringify({ ...row, address: "+420777123456" }), "address: a reference"],
    [JSON.stringify({ ...row, customerId: "Jan Novák" }), "customerId: "],
    [JSON.stringify({ ...row, gratned: true }), "gratned"],
  ])("%j is not taken, and the reason is said without its values", (text, reason) => {
    const read = readRow(text, "ndjson", []);
    expect("problem" in read && read.problem).toContain(reason);
    expect(JSON.stringify(read)).not.toMatch(/777123456|Novák/);
  });

  it.each([
    ["c1,marketing,sms,,yes,,,,,", "granted: "],
    ["c1,marketing", "2 fields, but the header has 10"],
    ['c1,"marketing"x,sms,,true,,,,,', "a quoted field"],
  ])("of CSV %j is not taken", (text, reason) => {
    const read = readRow(text, "csv", COLUMNS);
    expect("problem" in read && read.problem).toContain(reason);
  });
});

describe("records of a file", () => {
  it("have the number of their first line, and may have line breaks within quotes", async () => {
    expect(await records(`${CSV_HEADER}a,"b\nc"\r\n\nd\n`)).toEqual([
      { line: 1, text: CSV_HEADER.trim() },
      { line: 2, text: 'a,"b\nc"' },
      { line: 5, text: "d" },
    ]);
  });

  it("lose no line behind a quote that is never closed", async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `row ${i}`);
    const found = await records(['a,"b', ...lines].join("\n"));
    expect(found.map((r) => r.text)).toEqual(['a,"b', ...lines]);
    expect(found.map((r) => r.line)).toEqual(found.map((_, i) => i + 1));
    expect(await records('x\na,"b')).toEqual([
      { line: 1, text: "x" },
      { line: 2, text: 'a,"b' },
    ]);
  });
});
