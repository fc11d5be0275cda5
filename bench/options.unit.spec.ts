import { readOptions } from "./options.js";

describe("the command line", () => {
  it("is W1 as described unless told otherwise", () => {
    expect(readOptions([])).toMatchObject({
      mode: "w1",
      durability: "default",
      actors: 1,
      n: 20_000,
      customers: 5_000,
      zipf: 1,
      seconds: 30,
      keep: true,
    });
  });

  it.each([
    [["--only", "floor", "--durability", "fsync"], { mode: "w1", only: "floor", durability: "fsync" }],
    [["--actors", "2"], { mode: "actors", actors: 2 }],
    [["--sweep", "customers"], { mode: "sweep" }],
    [["--profile", "actor"], { mode: "profile", profile: "context-actor" }],
    [["--profile", "policy"], { mode: "profile", profile: "policy" }],
    [["--soak", "30m", "--rate", "100"], { mode: "soak", soakMs: 1_800_000, rate: 100 }],
    [["--takeover", "--no-keep"], { mode: "takeover", keep: false }],
    [["--decisions", "--rate", "500"], { mode: "decisions", rate: 500 }],
    [["--plots"], { mode: "plots" }],
    [["--help"], { mode: "help" }],
  ])("%j", (args, expected) => expect(readOptions(args)).toMatchObject(expected));

  it.each([
    [["--only", "cost"], "--only cost: use throughput, latency, floor"],
    [["--profile", "redis"], "--profile redis: use actor, gateway, decision"],
    [["--sweep", "actors"], "--sweep actors: use customers"],
    [["--n", "0"], "--n 0: use a whole number above 0"],
    [["--rate", "fast"], "--rate fast"],
    [["--zipf", "-1x"], "--zipf"],
    [["--soak", "long"], "not a duration"],
    [["--durabillity", "fsync"], "--durabillity"],
  ])("%j is refused with what may be written", (args, message) =>
    expect(() => readOptions(args)).toThrow(message),
  );
});
