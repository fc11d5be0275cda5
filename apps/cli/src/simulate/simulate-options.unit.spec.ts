import { parseSimulateArgs, type SimulateOptions } from "./simulate-options.js";

const NOW = Date.parse("2026-03-05T15:00:00Z");
const parse = (...args: string[]): SimulateOptions => parseSimulateArgs(args, NOW) as SimulateOptions;

describe("arguments of segue simulate", () => {
  it("take the shipped transactions and the shipped gate where nothing else is said", () => {
    expect(parse("a.yaml")).toMatchObject({
      journey: "a.yaml",
      source: { from: "berka", first: "1993-10-01", end: "1994-04-01" },
      gate: "./gates/default.yaml",
      afterMs: 0,
    });
    expect(parse("a.yaml", "--no-gate", "--definitions", "x").gate).toBeUndefined();
    expect(parseSimulateArgs(["--help"], NOW)).toBe("help");
  });

  it("mean yesterday by a stream without times, and until now by one with a beginning", () => {
    expect(parse("a.yaml", "--from-stream").source).toMatchObject({
      since: Date.parse("2026-03-04T00:00:00Z"),
      until: Date.parse("2026-03-05T00:00:00Z"),
    });
    expect(parse("a.yaml", "--from-stream", "--since", "2026-03-01").source).toMatchObject({ until: NOW });
  });

  it.each([
    [[], /which journey/],
    [["a", "b"], /one journey at a time/],
    [["a", "--events", "f", "--from-stream"], /give one of them/],
    [["a", "--since", "2026-03-01"], /belong to --from-stream/],
    [["a", "--events", "f", "--from", "1993-10-01"], /belong to the transactions that ship/],
    [["a", "--from-stream", "--since", "soon"], /write a time/],
    [["a", "--from-stream", "--since", "2026-03-02", "--until", "2026-03-01"], /must be before/],
    [["a", "--gate", "g", "--no-gate"], /give one of them/],
    [["a", "--after", "1.5"], /a whole number/],
    [["a", "--sinse"], /sinse/],
  ] as const)("%j are refused with what to do", (args, message) => {
    expect(() => parseSimulateArgs([...args], NOW)).toThrow(message);
  });
});
