import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { gateV1 } from "./gate.v1.js";
import { judgeByGate, passes } from "./gate.js";
import { harmful, installation, journey, someCustomers } from "./given-simulation.js";
import { simulationGate } from "./publish-gate.js";
import { compareInWorker } from "./simulate-in-worker.js";
import { compareVersions } from "./simulate.js";

const shipped = gateV1.parse(parse(readFileSync("gates/default.yaml", "utf8")));
const recorded = someCustomers(160);
const gate = simulationGate({ gate: shipped, installation: () => installation, recorded: () => recorded });

describe("the gate of simulation", () => {
  it("lets an unchanged version through", async () => {
    expect(await gate({ ...journey(), version: 2 })).toEqual([]);
  });

  it("refuses a version that contacts everyone every day, with every limit that it breaks, and why", async () => {
    const problems = await gate(harmful);
    expect(problems.map((p) => p.split(":")[0])).toEqual([
      "maxContactsPerWeek",
      "maxShareContacted",
      "maxContactGrowth",
      "maxShareOften",
    ]);
    expect(problems[0]).toMatch(/most contacts of any customer in any 7 days: \d+, at most 6\. .+every day/);
  });

  it("compares with the live version that it is given", async () => {
    const growth = (problems: readonly string[]): string | undefined =>
      problems.find((p) => p.startsWith("maxContactGrowth"));
    expect(growth(await gate(harmful, { ...harmful, version: 1 }))).toBeUndefined();
    expect(growth(await gate(harmful, journey()))).toBeDefined();
  });

  it("gives up when it may not take so long", async () => {
    const input = { installation, candidate: harmful, recorded };
    await expect(compareInWorker(input, 1)).rejects.toThrow(/not done within 1 ms/);
  });

  it("does not believe a run over too few events", () => {
    const few = compareVersions({ installation, candidate: journey(), recorded: someCustomers(10) });
    const verdicts = judgeByGate(shipped, few);
    expect(verdicts.filter((v) => v.verdict === "broken").map((v) => v.limit)).toEqual([
      "minEvents",
      "minCustomers",
    ]);
    expect(passes(verdicts)).toBe(false);
  });

  it("says that growth cannot be judged where nobody is contacted yet", () => {
    const fresh = { ...installation, journeys: [] };
    const verdicts = judgeByGate(
      shipped,
      compareVersions({ installation: fresh, candidate: journey(), recorded }),
    );
    expect(verdicts.find((v) => v.limit === "maxContactGrowth")).toMatchObject({ verdict: "not-judged" });
    expect(passes(verdicts)).toBe(true);
  });
});
