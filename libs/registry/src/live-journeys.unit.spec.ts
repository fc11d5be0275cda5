import { journeyV1, type JourneyRelease } from "#contracts";
import { liveJourneys } from "./live-journeys.js";

const journey = (id: string, version: number) =>
  journeyV1.parse({
    kind: "Journey",
    id,
    version,
    description: "d",
    purpose: "service",
    trigger: { event: "a.b" },
    entry: { rule: "once" },
    steps: [{ id: "x", type: "exit", reason: "x" }],
  });
const release = (journey: string, state: JourneyRelease["state"], ...versions: number[]): JourneyRelease => ({
  journey,
  revision: 1,
  state,
  live: versions.map((version) => ({ version, percent: 50, from: 0 })),
  rolledBack: [],
  migrations: [],
});

it("has what customers may enter", () => {
  const definitions = [journey("a", 1), journey("a", 2), journey("b", 1), journey("b", 2), journey("c", 1)];
  const releases = [release("a", "live", 1, 2), release("b", "paused", 1), release("c", "stopped", 1)];
  expect(liveJourneys({ definitions, releases }).map((j) => `${j.id}@${j.version}`)).toEqual([
    "a@1",
    "a@2",
    "b@1",
  ]);
});

it("has the newest version where nothing is on record", () => {
  const definitions = [journey("a", 2), journey("a", 1)];
  expect(liveJourneys({ definitions, releases: [] }).map((j) => j.version)).toEqual([2]);
});
