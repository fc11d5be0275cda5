import { gateV1 } from "./gate.v1.js";
import { harmful, installation, journey, someCustomers } from "./given-simulation.js";
import { reportHtml } from "./report-html.js";
import { reportText } from "./report-text.js";
import { reportOf, type SimulationReport } from "./report.js";
import { compareVersions } from "./simulate.js";

const gate = gateV1.parse({
  kind: "Gate",
  id: "test",
  version: 1,
  description: "test",
  limits: { maxContactGrowth: { atMost: 0.5, reason: "more than <half> is much" } },
});
const recorded = someCustomers(30);
const report = (candidate = journey({ version: 2 })): SimulationReport =>
  reportOf(compareVersions({ installation, candidate, recorded }), gate, "a <test> & more");

describe("the report", () => {
  it("as a page needs nothing else, escapes what it is given, and names limits, changes and customers", () => {
    const html = reportHtml(report(harmful));
    expect(html).not.toMatch(/<script|<link|src=|@import|url\(/);
    expect(html).not.toMatch(/NaN|undefined|<test>|<half>/);
    expect(html).toContain("a &#60;test&#62; &#38; more");
    expect(html).toContain("1 limit is broken.");
    expect(html).toContain("version 1 → 2");
    expect(html.match(/<svg/g)).toHaveLength(4);
    expect(html).toContain("<code>c000</code>");
  });

  it("of an identical version says that nothing changes, on the page and in the terminal", () => {
    const same = report();
    expect(same.passes).toBe(true);
    expect(reportHtml(same)).toContain("<strong>Within every limit.</strong>");
    expect(reportHtml(same)).toMatch(
      /Nothing: each of the \d+ decisions to act is the same in both versions/,
    );
    expect(reportText(same)).toMatch(/gained +0\n +lost +0\n +changed +0\n/);
    expect(reportText(same)).toMatch(/It may be published/);
  });

  it("says so where the new version is never entered, or speaks to nobody", () => {
    const trigger = { event: "nothing.happened" };
    const never = report({ ...journey({ version: 2 }), trigger });
    const note = /^Nobody entered .+ version 2: its trigger never held/m;
    expect(reportText(never)).toMatch(note);
    const quiet = report({
      ...journey({ version: 2 }),
      steps: [{ id: "end", type: "exit", reason: "nothing" }],
    });
    expect(reportText(quiet)).toMatch(/version 2 was entered \d+ times and contacted nobody/);
    expect(reportHtml(report())).not.toMatch(/contacted nobody|Nobody entered/);
  });

  it("in the terminal says why a limit is broken", () => {
    const text = reportText(report(harmful));
    expect(text).toMatch(/BROKEN +growth of all contacts .+%, at most 50\.0 %\n +more than <half> is much/);
    expect(text).toMatch(/may not be published: 1 limit\(s\) broken/);
  });

  it("tells what is drawn and what was recorded, and what is left out", () => {
    const { assumptions } = report();
    expect(assumptions.join(" ")).toMatch(
      /Nothing was sent.*no recorded outcomes.*response model \(seed 1.*no forecast/s,
    );
  });
});
