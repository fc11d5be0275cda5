import { columnReader, parseCsv } from "./csv.js";

describe("semicolon-separated text", () => {
  it.each([
    ["plain fields", "a;b\n1;2\n", [["1", "2"]]],
    ["quoted fields with separators and quotes", 'a;b\n"x;y";"say ""hi"""\n', [["x;y", 'say "hi"']]],
    ["empty fields, the last one too", 'a;b;c\n;"";\n', [["", "", ""]]],
    ["carriage returns and no final line break", "a;b\r\n1;2", [["1", "2"]]],
  ])("reads %s", (_what, text, rows) => {
    expect(parseCsv(text, "t.csv").rows).toEqual(rows);
  });

  it.each([
    ["a row that is too short", "a;b\n1;2\n3\n", /t\.csv:3: 1 fields, but the header has 2/],
    ["a quoted field that does not end", 'a;b\n"1;2\n', /t\.csv:2: a quoted field does not end/],
    ["text after a quoted field", 'a;b\n"1"x;2\n', /t\.csv:2: text after a quoted field/],
  ])("refuses %s, naming the line", (_what, text, message) => {
    expect(() => parseCsv(text, "t.csv")).toThrow(message);
  });

  it("reads columns by name", () => {
    const table = parseCsv("a;b\n1;2\n", "t.csv");
    expect(columnReader(table, "t.csv", "b")(table.rows[0]!)).toBe("2");
    expect(() => columnReader(table, "t.csv", "c")).toThrow('t.csv: there is no column "c"');
  });
});
