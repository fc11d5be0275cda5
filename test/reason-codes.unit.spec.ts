/** docs/reason-codes.md says all that there is, and nothing else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DECISION_REASONS, REASON_CODES } from "#contracts";

const PAGE = readFileSync(join(process.cwd(), "docs", "reason-codes.md"), "utf8");
const [verdicts = "", decision = ""] = PAGE.split("## Decision, by stage");
const rowsOf = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (-+|code|stage) /.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );

describe("docs/reason-codes.md", () => {
  it("has every code of a verdict once, in the order of the contract, with rule and source", () => {
    const rows = rowsOf(verdicts);
    expect(rows.map((r) => r[0])).toEqual(REASON_CODES.map((code) => `\`${code}\``));
    for (const row of rows) expect(row.filter((cell) => cell !== "")).toHaveLength(5);
  });

  it("has every code of a stage once, in the order of the funnel", () => {
    const own = Object.entries(DECISION_REASONS).flatMap(([stage, codes]) =>
      // Verdicts have a table of their own.
      codes.filter((c) => stage !== "policy" || c === "not_judged").map((c) => `${stage} \`${c}\``),
    );
    expect(
      rowsOf(decision)
        .map((r) => `${r[0]} ${r[1]}`)
        .sort(),
    ).toEqual([...own].sort());
  });
});
