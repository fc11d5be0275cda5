/** A V8 CPU profile (`node --cpu-prof`) as a tree of calls with times. */
import { z } from "zod";

/** The parts of a .cpuprofile that are used (Chrome DevTools protocol, Profiler.Profile). */
export const cpuProfileV1 = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  samples: z.array(z.number()),
  /** Microseconds between samples. */
  timeDeltas: z.array(z.number()),
});
export type CpuProfile = z.infer<typeof cpuProfileV1>;

export interface CallNode {
  readonly name: string;
  /** `apps/…/x.js:12`, `node:net:34`, a package's file; empty for native code. */
  readonly place: string;
  selfMs: number;
  totalMs: number;
  readonly children: Map<string, CallNode>;
}

/** Waiting is no work. */
const LEFT_OUT = new Set(["(idle)"]);

/** The root, without idle time; calls of one function from one caller are one node. */
export function callTree(profile: CpuProfile): CallNode {
  const selfMs = new Map<number, number>();
  for (const [i, id] of profile.samples.entries())
    selfMs.set(id, (selfMs.get(id) ?? 0) + Math.max(0, profile.timeDeltas[i] ?? 0) / 1_000);
  const byId = new Map(profile.nodes.map((n) => [n.id, n]));
  const root: CallNode = { name: "all", place: "", selfMs: 0, totalMs: 0, children: new Map() };
  const add = (id: number, into: CallNode): void => {
    const node = byId.get(id);
    if (!node || LEFT_OUT.has(node.callFrame.functionName)) return;
    const name = node.callFrame.functionName || "(anonymous)";
    const place = placeOf(node.callFrame.url, node.callFrame.lineNumber);
    // Starting and stopping the profiler is not the service's work.
    if (place.startsWith("bench/profile/")) return;
    const key = `${name} ${place}`;
    let child = into.children.get(key);
    if (!child) into.children.set(key, (child = { name, place, selfMs: 0, totalMs: 0, children: new Map() }));
    child.selfMs += selfMs.get(id) ?? 0;
    for (const next of node.children ?? []) add(next, child);
  };
  // Children of the profile's own root, which is always the first node.
  for (const id of profile.nodes[0]?.children ?? []) add(id, root);
  sum(root);
  return root;
}

function sum(node: CallNode): number {
  node.totalMs = node.selfMs;
  for (const child of node.children.values()) node.totalMs += sum(child);
  return node.totalMs;
}

function placeOf(url: string, line: number): string {
  if (url === "") return "";
  const short = url.replace(/^.*\/node_modules\//, "").replace(/^.*\/dist\//, "");
  return `${short}:${line + 1}`;
}

/** Functions by their own time, most first. */
export function bySelfTime(
  root: CallNode,
): readonly { readonly name: string; readonly place: string; readonly selfMs: number }[] {
  const found = new Map<string, { name: string; place: string; selfMs: number }>();
  const visit = (node: CallNode): void => {
    const key = `${node.name} ${node.place}`;
    const known = found.get(key);
    if (known) known.selfMs += node.selfMs;
    else found.set(key, { name: node.name, place: node.place, selfMs: node.selfMs });
    for (const child of node.children.values()) visit(child);
  };
  visit(root);
  return [...found.values()].filter((f) => f.selfMs > 0).sort((a, b) => b.selfMs - a.selfMs);
}
