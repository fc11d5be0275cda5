import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseTable, readTable } from "./csv-file.js";

describe("a table as text", () => {
  it.each([
    ['"a";"b"\n1;"x"\n', [{ a: "1", b: "x" }]],
    ['a,b\r\n2,"6) $750 - $1,000"\r\n', [{ a: "2", b: "6) $750 - $1,000" }]],
    ['\uFEFFa,b\n"say ""yes""",\n', [{ a: 'say "yes"', b: "" }]],
    ["a;b\n", []],
  ])("%j is read", (text, rows) => expect(parseTable(text).rows).toEqual(rows));

  it("is read packed or not, and refused with what is missing", () => {
    const folder = mkdtempSync(join(tmpdir(), "segue-csv-"));
    const plain = join(folder, "plain.csv");
    const packed = join(folder, "packed.csv.gz");
    writeFileSync(plain, "a;b\n1;2\n");
    writeFileSync(packed, gzipSync("a;b\n1;2\n"));
    expect(readTable(packed, ["a"])).toEqual(readTable(plain, ["a"]));
    expect(() => readTable(plain, ["a", "y"])).toThrow(/no column "y".*found: a, b/);
    expect(() => readTable(join(folder, "none.csv"), [])).toThrow("none.csv cannot be read");
    writeFileSync(plain, "a;b\n");
    expect(() => readTable(plain, ["a"])).toThrow("no rows");
  });
});
