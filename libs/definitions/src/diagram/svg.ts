/** A journey as an SVG picture that stands alone: no scripts, no fonts to load, readable in print. */
import type { JourneyDefinition } from "#contracts";
import {
  diagramOf,
  type Diagram,
  type DiagramEdge,
  type DiagramNode,
  type NodeKind,
} from "./diagram-model.js";
import { layOut, type Box, type Layout, type Link, type Point } from "./layered-layout.js";

const MARGIN = 24;
const FONT = 12;
const LINE = 17;
/** Mean width of a character of the fonts below, as a part of the size; a little more than measured, so that text fits. */
const CHAR = 0.56;
const TITLE_CHAR = 0.62;
const WRAP_CHARS = 40;
const WORD_CHARS = 26;
const NOTE_CHARS = 110;

interface Paint {
  readonly fill: string;
  readonly stroke: string;
  readonly text: string;
}
const BLUE: Paint = { fill: "#e7f0fb", stroke: "#3b6ea5", text: "#12263a" };
const AMBER: Paint = { fill: "#fff5df", stroke: "#b7791f", text: "#3d2a06" };
const VIOLET: Paint = { fill: "#f1e9fb", stroke: "#7a4fb0", text: "#2a1745" };
const WHITE: Paint = { fill: "#ffffff", stroke: "#5b6470", text: "#1f252c" };
const GREY: Paint = { fill: "#eeeeee", stroke: "#8a8f98", text: "#2b2f36" };
const PAINT: Readonly<Record<NodeKind, Paint>> = {
  start: BLUE,
  goal: BLUE,
  decide: AMBER,
  send: AMBER,
  route: VIOLET,
  execute: VIOLET,
  wait: WHITE,
  branch: WHITE,
  parallel: WHITE,
  update: WHITE,
  exit: GREY,
  completed: GREY,
};
const ROUND = new Set<NodeKind>(["start", "goal", "exit", "completed"]);

interface Drawn {
  readonly node: DiagramNode;
  readonly lines: readonly string[];
  readonly box: Box;
}

/** The picture as text, with a line end. The same journey always gives the same bytes. */
export function svgOf(journey: JourneyDefinition): string {
  const diagram = diagramOf(journey);
  const drawn = diagram.nodes.map(drawnOf);
  const words = diagram.edges.map((e) => wrap(e.label, WORD_CHARS));
  const links: Link[] = diagram.edges.map(({ from, to }, i) => ({ from, to, ...sizeOfWords(words[i]!) }));
  const layout = layOut(
    drawn.map((d) => d.box),
    links,
  );
  const head = headOf(diagram);
  const width = Math.ceil(Math.max(layout.width, head.width) + 2 * MARGIN);
  const top = head.height + 2 * MARGIN;
  const height = Math.ceil(top + layout.height + MARGIN);
  const left = (width - layout.width) / 2;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(diagram.title)}" font-family="system-ui, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif" font-size="${FONT}">`,
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#5b6470"/></marker></defs>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...head.text,
    `<g transform="translate(${round(left)} ${round(top)})">`,
    ...arrows(diagram.edges, layout, drawn),
    ...drawn.map((d) => boxText(d, layout.centres.get(d.node.id)!)),
    ...diagram.edges.map((_, i) => wordText(words[i]!, layout, i)),
    "</g>",
    "</svg>",
  ]
    .filter((line) => line !== "")
    .join("\n")}\n`;
}

function headOf({ title, description, notes }: Diagram): {
  readonly text: readonly string[];
  readonly width: number;
  readonly height: number;
} {
  const small = [...wrap(description, NOTE_CHARS), ...notes.flatMap((n) => wrap(`· ${n}`, NOTE_CHARS))];
  const lines = small.map((text, i) => textAt(text, MARGIN, MARGIN + 34 + i * LINE, ` fill="#4a525c"`));
  return {
    text: [textAt(title, MARGIN, MARGIN + 12, ` font-size="15" font-weight="600" fill="#12263a"`), ...lines],
    width: Math.max(title.length * 15 * TITLE_CHAR, ...small.map((text) => text.length * FONT * CHAR)),
    height: 22 + small.length * LINE,
  };
}

function drawnOf(node: DiagramNode): Drawn {
  const lines = node.lines.flatMap((text) => wrap(text, WRAP_CHARS));
  const title = wrap(node.title, WRAP_CHARS - 4);
  const width = Math.max(
    ...title.map((t) => t.length * FONT * TITLE_CHAR),
    ...lines.map((t) => t.length * FONT * CHAR),
    40,
  );
  const height = (title.length + lines.length) * LINE + 16;
  const slack = node.kind === "wait" || ROUND.has(node.kind) ? 36 : node.kind === "branch" ? 44 : 26;
  return {
    node: { ...node, lines: title },
    lines,
    box: { id: node.id, width: Math.ceil(width + slack), height },
  };
}

function boxText({ node, lines, box }: Drawn, { x, y }: Point): string {
  const { fill, stroke, text } = PAINT[node.kind];
  const style = ` fill="${fill}" stroke="${stroke}"`;
  const [l, t, w, h] = [round(x - box.width / 2), round(y - box.height / 2), box.width, box.height];
  const shape =
    node.kind === "wait" || node.kind === "branch"
      ? `<path d="M${l + 14} ${t}h${w - 28}l14 ${h / 2}l-14 ${h / 2}h${28 - w}l-14 ${-h / 2}z"${style}/>`
      : `<rect x="${l}" y="${t}" width="${w}" height="${h}" rx="${ROUND.has(node.kind) ? Math.min(18, h / 2) : 5}"${style}/>`;
  const all = [...node.lines, ...lines];
  const rows = all.map((row, i) => {
    const at = y - ((all.length - 1) * LINE) / 2 + i * LINE + FONT * 0.35;
    const weight = i < node.lines.length ? ` font-weight="600"` : "";
    return textAt(row, x, at, ` text-anchor="middle" fill="${text}"${weight}`);
  });
  return [shape, ...rows].join("");
}

/** On white, so that the arrow does not run through it: nothing else stands there. */
function wordText(words: readonly string[], { routes }: Layout, index: number): string {
  if (words.length === 0) return "";
  const { x, y } = routes[index]!.word;
  const { width, height } = sizeOfWords(words);
  const plate = `<rect x="${round(x - width / 2)}" y="${round(y - height / 2 + 2)}" width="${round(width)}" height="${height - 4}" fill="#ffffff"/>`;
  const rows = words.map((text, i) => {
    const at = y - ((words.length - 1) * (LINE - 3)) / 2 + i * (LINE - 3) + FONT * 0.35;
    return textAt(text, x, at, ` font-size="11" text-anchor="middle" fill="#4a525c"`);
  });
  return [plate, ...rows].join("");
}

/** Arrows leave a box side by side, in the order of where they go. */
function arrows(
  edges: readonly DiagramEdge[],
  { routes, centres }: Layout,
  drawn: readonly Drawn[],
): string[] {
  const boxes = new Map(drawn.map((d) => [d.box.id, d.box] as const));
  const sides = new Map<string, { readonly key: string; readonly towards: number }[]>();
  const side = (id: string, below: boolean): string => `${id} ${below ? "below" : "above"}`;
  const ends = edges.map(({ from, to }, i) => {
    const { points } = routes[i]!;
    if (points.length < 2) return undefined;
    const down = points[1]!.y > points[0]!.y;
    const out = { side: side(from, down), key: `${i} out`, towards: points[1]!.x };
    const into = { side: side(to, !down), key: `${i} in`, towards: points.at(-2)!.x };
    for (const end of [out, into]) {
      const list = sides.get(end.side);
      if (list) list.push(end);
      else sides.set(end.side, [end]);
    }
    return { out, into, down };
  });
  for (const list of sides.values()) list.sort((a, b) => a.towards - b.towards);
  const offset = (end: { side: string; key: string }, width: number): number => {
    const list = sides.get(end.side)!;
    const step = list.length < 2 ? 0 : Math.min(26, (width * 0.6) / (list.length - 1));
    return (list.findIndex((e) => e.key === end.key) - (list.length - 1) / 2) * step;
  };
  return edges.map((edge, i) => {
    const style = ` fill="none" stroke="#5b6470"${edge.kind === "next" || edge.kind === "case" || edge.kind === "branch" ? "" : ` stroke-dasharray="5 4"`} marker-end="url(#arrow)"`;
    const [from, to] = [boxes.get(edge.from)!, boxes.get(edge.to)!];
    const end = ends[i];
    if (!end) {
      const { x, y } = centres.get(edge.from)!;
      const r = round(x + from.width / 2);
      return `<path d="M${r} ${round(y - 6)}c34 -14 34 26 0 12"${style}/>`;
    }
    const { points } = routes[i]!;
    const sign = end.down ? 1 : -1;
    const first = points[0]!;
    const last = points.at(-1)!;
    const path = [
      { x: first.x + offset(end.out, from.width), y: first.y + (sign * from.height) / 2 },
      ...points.slice(1, -1),
      { x: last.x + offset(end.into, to.width), y: last.y - (sign * to.height) / 2 - sign },
    ];
    return `<path d="${curve(path)}"${style}/>`;
  });
}

/** Through all points, upright at each of them. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  let before = first!;
  let d = `M${round(before.x)} ${round(before.y)}`;
  for (const p of rest) {
    const middle = round((before.y + p.y) / 2);
    d +=
      Math.abs(p.x - before.x) < 0.5
        ? `L${round(p.x)} ${round(p.y)}`
        : `C${round(before.x)} ${middle} ${round(p.x)} ${middle} ${round(p.x)} ${round(p.y)}`;
    before = p;
  }
  return d;
}

function sizeOfWords(words: readonly string[]): { readonly width: number; readonly height: number } {
  if (words.length === 0) return { width: 2, height: 6 };
  return {
    width: Math.max(...words.map((w) => w.length)) * 11 * CHAR + 6,
    height: words.length * (LINE - 3) + 4,
  };
}

/** Lines of at most so many characters, broken at spaces where there are any. */
function wrap(text: string, chars: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.replace(/\s+/g, " ").trim().split(" ")) {
    if (line !== "" && line.length + 1 + word.length > chars) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

function textAt(text: string, x: number, y: number, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}"${attributes}>${escape(text)}</text>`;
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
