/** A journey as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html). */
import type { JourneyDefinition } from "#contracts";
import { diagramOf, type DiagramNode, type NodeKind } from "./diagram-model.js";

/** Opening and closing of the shape, by kind: rounded ends, a rhombus where it branches, a hexagon where it waits. */
const SHAPES: Readonly<Partial<Record<NodeKind, readonly [string, string]>>> = {
  start: ["([", "])"],
  goal: ["([", "])"],
  exit: ["([", "])"],
  completed: ["([", "])"],
  branch: ["{", "}"],
  wait: ["{{", "}}"],
};

const CLASSES: readonly (readonly [string, readonly NodeKind[], string])[] = [
  ["begin", ["start", "goal"], "fill:#e7f0fb,stroke:#3b6ea5,color:#12263a"],
  ["speak", ["decide", "send"], "fill:#fff5df,stroke:#b7791f,color:#3d2a06"],
  ["act", ["route", "execute"], "fill:#f1e9fb,stroke:#7a4fb0,color:#2a1745"],
  ["leave", ["exit", "completed"], "fill:#eeeeee,stroke:#777777,color:#222222"],
];

/** The text of the flowchart, with a line end. */
export function mermaidOf(journey: JourneyDefinition): string {
  const { title, nodes, edges, notes } = diagramOf(journey);
  const lines = ["---", `title: "${title}"`, "---", "flowchart TD"];
  for (const note of notes) lines.push(`  %% ${note}`);
  for (const node of nodes) lines.push(`  ${name(node.id)}${shape(node)}`);
  if (notes.length > 0) lines.push(`  notes["${notes.map(escape).join("<br/>")}"]:::note`);
  for (const { from, to, kind, label } of edges) {
    const arrow = kind === "otherwise" || kind === "goal" || kind === "timeout" ? "-.->" : "-->";
    lines.push(`  ${name(from)} ${arrow}${label === "" ? "" : `|"${escape(label)}"|`} ${name(to)}`);
  }
  for (const [id, kinds, style] of CLASSES) {
    const members = nodes.filter((n) => kinds.includes(n.kind)).map((n) => name(n.id));
    if (members.length > 0) lines.push(`  classDef ${id} ${style}`, `  class ${members.join(",")} ${id}`);
  }
  if (notes.length > 0)
    lines.push("  classDef note fill:#ffffff,stroke:#bbbbbb,stroke-dasharray:4 3,color:#444444");
  return `${lines.join("\n")}\n`;
}

/** Step ids have hyphens, and some are words of Mermaid (`end`). */
function name(id: string): string {
  return `s_${id.replaceAll("-", "_").replace(".", "__")}`;
}

function shape({ kind, title, lines }: DiagramNode): string {
  const [open, close] = SHAPES[kind] ?? ["[", "]"];
  return `${open}"${[`<b>${escape(title)}</b>`, ...lines.map(escape)].join("<br/>")}"${close}`;
}

/** Mermaid reads entities as `#name;`. */
function escape(text: string): string {
  return text
    .replaceAll("#", "#35;")
    .replaceAll('"', "#quot;")
    .replaceAll("<", "#lt;")
    .replaceAll(">", "#gt;")
    .replaceAll("&", "#amp;");
}
