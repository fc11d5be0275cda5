/** A flame graph as one SVG without scripts: callers below, callees above, as wide as their time; a tooltip has the rest. */
import { escapeXml } from "#plot";
import type { CallNode } from "./call-tree.js";

const WIDTH = 1_600;
const ROW = 17;
const MARGIN = 10;
const HEAD = 58;
/** Narrower than this cannot be seen. */
const MIN_WIDTH = 0.4;
const CHAR_WIDTH = 6.3;

const KINDS = [
  { name: "Segue", colour: "#f28e2b", is: (place: string) => /^(apps|libs|bench)\//.test(place) },
  { name: "Node", colour: "#76b7b2", is: (place: string) => place.startsWith("node:") },
  { name: "native, garbage collection", colour: "#bab0ac", is: (place: string) => place === "" },
  { name: "packages", colour: "#9ecae1", is: () => true },
];

export function flameGraph(root: CallNode, title: string): string {
  const frames: string[] = [];
  let depth = 0;
  const scale = (WIDTH - 2 * MARGIN) / Math.max(root.totalMs, 1e-9);
  const place = (node: CallNode, x: number, level: number): void => {
    const width = node.totalMs * scale;
    if (width < MIN_WIDTH) return;
    depth = Math.max(depth, level);
    frames.push(frame(node, x, width, level, root.totalMs));
    let at = x;
    for (const child of [...node.children.values()].sort((a, b) => b.totalMs - a.totalMs)) {
      place(child, at, level + 1);
      at += child.totalMs * scale;
    }
  };
  place(root, MARGIN, 0);
  const height = HEAD + (depth + 1) * ROW + MARGIN;
  const legend = KINDS.map(
    (k, i) =>
      `<rect x="${MARGIN + i * 200}" y="34" width="12" height="12" fill="${k.colour}"/>` +
      `<text x="${MARGIN + i * 200 + 17}" y="44">${k.name}</text>`,
  ).join("");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="monospace" font-size="10.5">` +
    `<rect width="100%" height="100%" fill="#fff"/>` +
    `<text x="${MARGIN}" y="22" font-size="15" font-family="sans-serif">${escapeXml(title)}: ${root.totalMs.toFixed(0)} ms of CPU</text>` +
    `<g font-family="sans-serif" font-size="11">${legend}</g>` +
    // Level 0 lies at the bottom.
    `<g transform="translate(0 ${height - MARGIN - ROW})">${frames.join("")}</g></svg>\n`
  );
}

function frame(node: CallNode, x: number, width: number, level: number, allMs: number): string {
  const colour = KINDS.find((k) => k.is(node.place))!.colour;
  const percent = ((100 * node.totalMs) / Math.max(allMs, 1e-9)).toFixed(1);
  const tip = `${node.name} ${node.place} ${node.totalMs.toFixed(1)} ms (${percent} %), own ${node.selfMs.toFixed(1)} ms`;
  const room = Math.floor((width - 4) / CHAR_WIDTH);
  const label = room < 4 ? "" : node.name.length <= room ? node.name : `${node.name.slice(0, room - 1)}…`;
  const y = -level * ROW;
  return (
    `<g><title>${escapeXml(tip)}</title>` +
    `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colour}" stroke="#fff" stroke-width="0.4"/>` +
    (label === "" ? "" : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escapeXml(label)}</text>`) +
    `</g>`
  );
}
