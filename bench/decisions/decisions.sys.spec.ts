/** The measurement of decisions end to end, small: the real services answer, and what they promise keeps the cap. */
import { Installation } from "../installation.js";
import { measureBounce, measureDecisions } from "./decision-load.js";
import { measurePropensities } from "./propensities.js";
import { measureScoring } from "./scoring.js";

describe("npm run bench -- --decisions", () => {
  let system: Installation;
  beforeAll(async () => {
    system = await Installation.start({ durability: "default", actors: 0, services: ["decision", "policy"] });
  }, 60_000);
  afterAll(() => system.stop());

  it("measures decision and policy together (I6)", async () => {
    const figures = await measureDecisions(system, 50, 2, "c");
    expect(figures.count).toBe(100);
    expect(figures.processes.map((p) => p.name)).toEqual(
      expect.arrayContaining(["nats-server", "redis-server", "decision", "policy"]),
    );
    expect(figures.acted).toBeGreaterThan(10);
    expect(figures.p99Ms).toBeGreaterThanOrEqual(figures.p50Ms);
  }, 60_000);

  it("measures propensities of taught arms", () => {
    const figures = measurePropensities(12, 50);
    expect(figures.cpuMicros).toBeGreaterThan(0);
    expect(figures.armBytes).toBeGreaterThan(1_000);
  });

  it("measures what the machine has left, with the same questions sent to and fro", async () => {
    expect((await measureBounce(system, 50, 1)).count).toBe(50);
  });

  it("measures scoring beside the library's own way, which scores the same candidates", () => {
    const figures = measureScoring(12, 50);
    expect(figures.scored).toBe(10);
    expect(figures.library.cpuMicros).toBeGreaterThan(0);
  });
});
