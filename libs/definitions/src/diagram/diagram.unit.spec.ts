/** Pictures of journeys: what is in them, and that nothing is drawn over anything else. */
import fc from "fast-check";
import { journeyV1, type JourneyDefinition } from "#contracts";
import { loadJourneys } from "../load.js";
import { diagramOf } from "./diagram-model.js";
import { layOut } from "./layered-layout.js";
import { mermaidOf } from "./mermaid.js";
import { svgOf } from "./svg.js";

const shipped = loadJourneys(process.cwd());
const journey: JourneyDefinition = journeyV1.parse({
  kind: "Journey",
  id: "drawn",
  version: 3,
  description: "It has <one> of & each",
  purpose: "service",
  trigger: { event: ["a.b", "c.d"], when: 'has(event.data.x) && event.data.x == "1"' },
  entry: { rule: "per-key", key: "event.data.x" },
  exitOn: [{ event: "e.f", reason: "gone" }],
  goal: { event: "g.h", within: "2d", goto: "end" },
  steps: [
    { id: "say", type: "send", action: "hello", channels: ["push", "sms"], next: "look", otherwise: "end" },
    {
      id: "look",
      type: "wait",
      for: [
        { outcome: ["clicked"], goto: "say" },
        { event: "i.j", when: "event.data.y > 3", goto: "look" },
      ],
      atMost: "2h",
    },
    { id: "end", type: "exit", reason: "over" },
  ],
});

it("has a box for each step, the start, the goal and the end that nobody wrote down", () => {
  const { nodes, edges, notes } = diagramOf(journey);
  expect(nodes.map((n) => [n.kind, n.title, ...n.lines])).toEqual([
    ["start", "a.b, c.d", 'when x == "1"', "enters: one per x"],
    ["send", "say", "send: hello", "on push, then sms"],
    ["wait", "look", "wait at most 2h"],
    ["exit", "end", "exit: over"],
    ["completed", "completed"],
    ["goal", "goal: g.h within 2d"],
  ]);
  expect(edges.map((e) => [e.from, e.to, e.kind, e.label])).toEqual([
    ["start.", "say", "next", ""],
    ["say", "look", "next", ""],
    ["say", "end", "otherwise", "otherwise"],
    ["look", "say", "case", "clicked"],
    ["look", "look", "case", "i.j when y > 3"],
    ["look", "completed.", "timeout", "after 2h"],
    ["goal.", "end", "goal", "from any step"],
  ]);
  expect(notes).toEqual(["leaves at e.f: gone"]);
});

it("brings the branches of a parallel step together where they end", () => {
  const steps = [
    {
      id: "both",
      type: "parallel",
      branches: [
        { id: "tell", first: "say" },
        { id: "look", first: "rest" },
      ],
      join: "all",
      atMost: "7d",
      next: "over",
      onTimeout: "late",
    },
    { id: "say", type: "send", action: "hello", otherwise: "unsaid" },
    { id: "unsaid", type: "exit", reason: "unsaid" },
    { id: "rest", type: "wait", until: { timeOfDay: "09:00" } },
    { id: "over", type: "update", set: { n: "1 + 1" } },
    { id: "late", type: "exit", reason: "late" },
  ];
  const { nodes, edges } = diagramOf(journeyV1.parse({ ...journey, goal: undefined, steps }));
  expect(nodes.find((n) => n.id === "join.both")?.title).toBe("all have ended");
  expect(edges.map((e) => [e.from, e.to, e.label])).toEqual([
    ["start.", "both", ""],
    ["both", "say", "tell"],
    ["both", "rest", "look"],
    ["join.both", "over", ""],
    ["both", "late", "after 7d"],
    ["say", "unsaid", "otherwise"],
    ["say", "join.both", ""],
    ["unsaid", "join.both", ""],
    ["rest", "join.both", "at 09:00"],
    ["over", "completed.", ""],
  ]);
});

it("writes Mermaid", () => {
  expect(mermaidOf(journey)).toContain(
    [
      '  s_start__(["<b>a.b, c.d</b><br/>when x == #quot;1#quot;<br/>enters: one per x"])',
      '  s_say["<b>say</b><br/>send: hello<br/>on push, then sms"]',
      '  s_look{{"<b>look</b><br/>wait at most 2h"}}',
    ].join("\n"),
  );
  expect(mermaidOf(journey)).toContain('  s_look -->|"i.j when y #gt; 3"| s_look\n');
});

it("writes SVG that is well-formed and escaped", () => {
  const svg = svgOf(journey);
  expect(svg).toContain("It has &lt;one&gt; of &amp; each");
  const open = [...svg.matchAll(/<([a-z]+)[^<>]*[^/]>|<([a-z]+)>/g)].length;
  expect([...svg.matchAll(/<\/[a-z]+>/g)].length).toBe(open);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

it.each(shipped.map((j) => [j.id, j] as const))("draws %s, twice the same", (_id, j) => {
  expect(svgOf(j)).toBe(svgOf(structuredClone(j)));
  expect(mermaidOf(j)).toBe(mermaidOf(structuredClone(j)));
  expect(svgOf(j)).not.toMatch(/NaN|undefined|Infinity/);
  for (const step of j.steps) expect(svgOf(j)).toContain(`>${step.id}</text>`);
});

/** Graphs with circles, loops, several arrows between two boxes, and boxes that nothing leads to. */
const graphs = fc.integer({ min: 1, max: 9 }).chain((n) =>
  fc.record({
    boxes: fc.constant(
      Array.from({ length: n }, (_, i) => ({ id: `b${i}`, width: 40 + i * 13, height: 30 })),
    ),
    links: fc.array(
      fc.record({
        from: fc.nat(n - 1).map((i) => `b${i}`),
        to: fc.nat(n - 1).map((i) => `b${i}`),
        width: fc.constantFrom(0, 50, 120),
        height: fc.constantFrom(6, 20),
      }),
      { maxLength: 14 },
    ),
  }),
);

it("lets no two boxes and no two words overlap, whatever the graph", () => {
  fc.assert(
    fc.property(graphs, ({ boxes, links }) => {
      const { centres, routes, width, height } = layOut(boxes, links);
      const placed = [
        ...boxes.map((b) => ({ ...centres.get(b.id)!, w: b.width, h: b.height })),
        ...links.flatMap((l, i) =>
          l.from === l.to ? [] : [{ ...routes[i]!.word, w: l.width, h: l.height }],
        ),
      ];
      for (const [i, a] of placed.entries()) {
        expect(a.x - a.w / 2).toBeGreaterThanOrEqual(-0.001);
        expect(a.x + a.w / 2).toBeLessThanOrEqual(width + 0.001);
        expect(a.y + a.h / 2).toBeLessThanOrEqual(height + 0.001);
        for (const b of placed.slice(i + 1)) {
          const apart =
            Math.abs(a.x - b.x) >= (a.w + b.w) / 2 - 0.001 || Math.abs(a.y - b.y) >= (a.h + b.h) / 2 - 0.001;
          expect(apart).toBe(true);
        }
      }
    }),
    { numRuns: 200 },
  );
});
