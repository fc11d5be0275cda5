import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { createExpressions } from "./expressions.js";
import { loadCatalogue, loadJourneys } from "./load.js";
import { readTables, rowOf, withTables } from "./tables.js";

const ACTIONS = new Set(["fuel-card", "travel-card"]);

describe("tables by merchant category code", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "segue-tables-"));
    mkdirSync(join(dir, "tables"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function read(rows: string) {
    const head = "kind: Table\nid: offers\nversion: 1\ndescription: d\nrows:\n";
    writeFileSync(join(dir, "tables/offers.yaml"), head + rows);
    const { tables, files } = readTables(dir, ACTIONS);
    return { tables, problems: files.flatMap((f) => f.problems) };
  }
  const row = (mcc: string, action = "fuel-card") => `  - { mcc: ${mcc}, name: n, action: ${action} }\n`;

  it.each([
    ["a code that is none", row('"55"'), 6, /no merchant category code/],
    ["a range that runs backwards", row('"3350-3000"'), 6, /runs backwards/],
    ["the same code twice", row('"5541"') + row("5541"), 7, /5541 overlaps 5541 \(row 1, n\)/],
    ["overlapping ranges", row('"3000-3350"') + row('"3350-3400"'), 7, /3350-3400 overlaps 3000-3350/],
    ["an action that is not in the catalogue", row('"5541"', "fuel-crd"), 6, /not in the catalogue/],
  ])("tells of %s, with the line", (_what, rows, line, cause) => {
    const { problems } = read(rows);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ file: "tables/offers.yaml", line });
    expect(problems[0]!.cause).toMatch(cause);
  });

  it("suggests the action that was meant", () => {
    expect(read(row('"5541"', "fuel-crd")).problems[0]!.suggestion).toBe('did you mean "fuel-card"?');
  });

  it("takes a code as a number, also one that begins with a zero", () => {
    const { tables, problems } = read(row("0742") + row("5541", "travel-card"));
    expect(problems).toEqual([]);
    const { rows } = tables.get("offers")!;
    expect([rowOf(rows, "0742"), rowOf(rows, 742), rowOf(rows, 5541), rowOf(rows, "5542")]).toEqual([
      "fuel-card",
      "fuel-card",
      "travel-card",
      "",
    ]);
  });

  it("is optional", () => {
    rmSync(join(dir, "tables"), { recursive: true });
    expect(readTables(dir, ACTIONS)).toEqual({ tables: new Map(), files: [] });
  });

  it("finds for every code what a search through the rows would find", () => {
    const expressions = createExpressions();
    const source = withTables(
      { when: 'lookup("offers", event.data.mcc)' },
      read(row('"3000-3350"', "travel-card") + row("5541") + row('"5542-5599"')).tables,
    ).when;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999 }), fc.boolean(), (code, asText) => {
        const expected =
          code >= 3000 && code <= 3350 ? "travel-card" : code >= 5541 && code <= 5599 ? "fuel-card" : "";
        const mcc = asText ? String(code).padStart(4, "0") : code;
        const event = { id: "e", source: "s", type: "t", time: 1, data: { mcc } };
        expect(expressions.value(source, { event })).toBe(expected);
      }),
    );
  });

  it.each(["", "55 41", "none", null, undefined, {}, 12.5, -1, 10_000])("%p falls into no row", (code) => {
    expect(rowOf("fuel-card:0000-9999", code)).toBe("");
  });
});

describe("the table that ships", () => {
  const expressions = createExpressions();
  const journey = loadJourneys(process.cwd()).find((j) => j.id === "purchase-cross-sell")!;
  const purchase = (mcc: unknown) => ({
    event: { id: "e", source: "s", type: "card.purchased", time: 1, data: { mcc } },
    context: { now: 1, attributes: {}, signals: {}, contacts: [] },
  });

  it.each([
    ["5541", "fuel-card"],
    ["5552", "fuel-card"],
    ["3007", "travel-card"],
    ["4722", "travel-card"],
    ["9311", "insurance-review"],
    ["5411", ""],
  ])("%s leads to %p, in the journey and in the catalogue", (mcc, action) => {
    expect(expressions.condition(journey.trigger.when!, purchase(mcc))).toBe(action !== "");
    if (journey.entry.rule !== "per-key") throw new Error("not per key");
    expect(expressions.value(journey.entry.key, purchase(mcc))).toBe(action);
    for (const id of ["fuel-card", "travel-card", "insurance-review"]) {
      const { applicability } = loadCatalogue(process.cwd()).actions.get(id)!;
      expect(expressions.condition(applicability!, purchase(mcc))).toBe(id === action);
    }
  });

  it("is part of the journey that is published: no table's name is left in it", () => {
    expect(JSON.stringify(journey)).not.toContain("lookup(");
  });
});
