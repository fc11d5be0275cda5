import { bySelfTime, callTree, type CpuProfile } from "./call-tree.js";
import { flameGraph } from "./flame-graph.js";

const frame = (functionName: string, url = ""): CpuProfile["nodes"][number]["callFrame"] => ({
  functionName,
  url,
  lineNumber: 9,
});

const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 3, 6, 8] },
    { id: 2, callFrame: frame("(idle)") },
    { id: 3, callFrame: frame("main", "file:///x/dist/apps/policy/src/main.js"), children: [4, 5, 7] },
    { id: 4, callFrame: frame("parse<T>", "file:///x/node_modules/zod/v4/core.js") },
    { id: 5, callFrame: frame("write", "node:net") },
    { id: 6, callFrame: frame("(garbage collector)") },
    { id: 7, callFrame: frame("parse<T>", "file:///x/node_modules/zod/v4/core.js") },
    { id: 8, callFrame: frame("toggle", "file:///x/dist/bench/profile/preload.js") },
  ],
  samples: [2, 3, 4, 5, 6, 7, 4, 8],
  timeDeltas: [50_000, 1_000, 2_000, 3_000, 500, 1_000, 4_000, 9_000],
};

describe("a CPU profile", () => {
  const tree = callTree(PROFILE);

  it("counts own and whole time, without idling and the profiler itself", () => {
    expect(tree.totalMs).toBeCloseTo(11.5);
    const main = [...tree.children.values()].find((c) => c.name === "main")!;
    expect(main).toMatchObject({ selfMs: 1, totalMs: 11, place: "apps/policy/src/main.js:10" });
    expect([...tree.children.values()].map((c) => c.name)).not.toContain("(idle)");
  });

  it("puts calls of one function by one caller together", () => {
    const main = [...tree.children.values()].find((c) => c.name === "main")!;
    expect([...main.children.values()].map((c) => [c.name, c.selfMs])).toEqual([
      ["parse<T>", 7],
      ["write", 3],
    ]);
  });

  it("tells which functions cost most by themselves", () => {
    expect(bySelfTime(tree).map((f) => [f.name, f.place, f.selfMs])).toEqual([
      ["parse<T>", "zod/v4/core.js:10", 7],
      ["write", "node:net:10", 3],
      ["main", "apps/policy/src/main.js:10", 1],
      ["(garbage collector)", "", 0.5],
    ]);
  });

  it("becomes a flame graph: as wide as the time, callees above callers, nothing unescaped", () => {
    const svg = flameGraph(tree, "policy");
    expect(svg).toContain("policy: 12 ms of CPU");
    expect(svg).toContain("parse&#60;T&#62; zod/v4/core.js:10 7.0 ms (60.9 %), own 7.0 ms");
    expect(svg).not.toContain("parse<T>");
    const rect = (tip: string): { x: number; y: number; width: number } => {
      const m = new RegExp(`${tip}[^<]*</title><rect x="([\\d.]+)" y="(-?\\d+)" width="([\\d.]+)"`).exec(
        svg,
      )!;
      return { x: Number(m[1]), y: Number(m[2]), width: Number(m[3]) };
    };
    const [all, main, write] = [rect("all"), rect("main"), rect("write")];
    expect(main.width / all.width).toBeCloseTo(11 / 11.5, 2);
    expect(write.width / all.width).toBeCloseTo(3 / 11.5, 2);
    expect(main.y).toBeLessThan(all.y);
    expect(write.y).toBeLessThan(main.y);
    expect(write.x + write.width).toBeLessThanOrEqual(main.x + main.width + 0.2);
  });

  it("of nothing is an empty graph", () => {
    const empty = callTree({ nodes: [], samples: [], timeDeltas: [] });
    expect(flameGraph(empty, "none")).toContain("none: 0 ms");
  });
});
