/** Small charts as SVG: bars (grouped or stacked) and lines. Every chart has a title, axes with units, and labels. */
import { escapeXml } from "./svg.js";

export interface Chart {
  readonly title: string;
  /** Says what was run, on what. */
  readonly subtitle: string;
  readonly x: string;
  /** With its unit. */
  readonly y: string;
  readonly categories: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[];
  readonly kind: "grouped" | "stacked" | "line";
  readonly logY?: boolean;
  /** Whether each point of a line says its value; default true. */
  readonly pointLabels?: boolean;
  /** Where the y axis ends; by default a little above the highest value. */
  readonly top?: number;
  /** Pixels; 860 × 460 without it. */
  readonly size?: { readonly width: number; readonly height: number };
  /** A line across at this value, with its label. */
  readonly target?: { readonly value: number; readonly label: string };
}

const SIZE = { width: 860, height: 460 } as const;
const PLOT = { left: 84, top: 72, bottom: 64 } as const;
/** Room on the right: for the legend, which one series alone does not need. */
const RIGHT = { legend: 180, none: 24 } as const;
const COLOURS = [
  "#4e79a7",
  "#f28e2b",
  "#59a14f",
  "#e15759",
  "#76b7b2",
  "#edc948",
  "#b07aa1",
  "#9c755f",
  "#bab0ac",
  "#d37295",
  "#86bcb6",
  "#8c564b",
];

export function chartSvg(chart: Chart): string {
  const { width, height } = chart.size ?? SIZE;
  const right = chart.series.length > 1 ? RIGHT.legend : RIGHT.none;
  const innerWidth = width - PLOT.left - right;
  const innerHeight = height - PLOT.top - PLOT.bottom;
  const scale = scaleOf(chart);
  const y = (value: number): number => PLOT.top + innerHeight * (1 - scale.share(value));
  const band = innerWidth / Math.max(chart.categories.length, 1);
  const middle = (c: number): number => PLOT.left + band * (c + 0.5);
  const grid = scale.ticks.map(
    (t) =>
      `<line x1="${PLOT.left}" x2="${width - right}" y1="${at(y(t))}" y2="${at(y(t))}" stroke="#ddd"/>` +
      text(PLOT.left - 8, y(t) + 4, number(t), 'text-anchor="end"'),
  );
  const categories = chart.categories.flatMap((c, i) =>
    wrapped(c, band).map((line, n) =>
      text(middle(i), height - PLOT.bottom + 16 + n * 13, line, 'text-anchor="middle"'),
    ),
  );
  const legend = chart.series.map(
    (s, i) =>
      `<rect x="${width - right + 16}" y="${PLOT.top + i * 20}" width="12" height="12" fill="${colour(i)}"/>` +
      text(width - right + 34, PLOT.top + i * 20 + 10, s.name),
  );
  const marks = chart.kind === "line" ? lines(chart, middle, y) : bars(chart, middle, band, y, scale.floor);
  const target = chart.target
    ? `<line x1="${PLOT.left}" x2="${width - right}" y1="${at(y(chart.target.value))}" y2="${at(y(chart.target.value))}" stroke="#c00" stroke-dasharray="6 4"/>` +
      text(width - right - 4, y(chart.target.value) - 5, chart.target.label, 'text-anchor="end" fill="#c00"')
    : "";
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">` +
    `<rect width="100%" height="100%" fill="#fff"/>` +
    text(PLOT.left, 28, chart.title, 'font-size="17"') +
    text(PLOT.left, 48, chart.subtitle, 'fill="#666"') +
    grid.join("") +
    marks +
    target +
    `<line x1="${PLOT.left}" x2="${width - right}" y1="${height - PLOT.bottom}" y2="${height - PLOT.bottom}" stroke="#333"/>` +
    `<line x1="${PLOT.left}" x2="${PLOT.left}" y1="${PLOT.top}" y2="${height - PLOT.bottom}" stroke="#333"/>` +
    categories.join("") +
    (chart.series.length > 1 ? legend.join("") : "") +
    text(PLOT.left + innerWidth / 2, height - 18, chart.x, 'text-anchor="middle"') +
    `<text transform="translate(20 ${PLOT.top + innerHeight / 2}) rotate(-90)" text-anchor="middle">${escapeXml(chart.y)}</text>` +
    `</svg>\n`
  );
}

/** Width of a character at the size of labels, about. */
const CHARACTER = 6.6;

/** A label in lines that fit its band, broken after hyphens and at spaces; at most two, so that the axis title stays free. */
function wrapped(label: string, band: number): string[] {
  if (label.length * CHARACTER <= band) return [label];
  const lines: string[] = [];
  for (const part of label.split(/(?<=-)| /)) {
    const last = lines.at(-1);
    if (last !== undefined && (lines.length === 2 || (last.length + part.length) * CHARACTER <= band))
      lines[lines.length - 1] = last + (last.endsWith("-") ? "" : " ") + part;
    else lines.push(part);
  }
  return lines;
}

interface Scale {
  /** 0 at the axis, 1 at the top. */
  share(value: number): number;
  readonly ticks: readonly number[];
  /** Where bars begin. */
  readonly floor: number;
}

function scaleOf(chart: Chart): Scale {
  const values = chart.series.flatMap((s) => s.values).filter((v) => v !== undefined);
  const tops =
    chart.kind === "stacked"
      ? chart.categories.map((_, c) => chart.series.reduce((sum, s) => sum + (s.values[c] ?? 0), 0))
      : values;
  const highest = Math.max(...tops, chart.target?.value ?? 0, 0);
  if (chart.logY) {
    const lowest = Math.min(...values.filter((v) => v > 0), chart.target?.value ?? Infinity);
    const from = Math.floor(Math.log10(Number.isFinite(lowest) ? lowest : 1));
    const to = Math.max(from + 1, Math.ceil(Math.log10(highest > 0 ? highest : 1)));
    const ticks = Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
    return {
      share: (v) => Math.max(0, (Math.log10(Math.max(v, 10 ** from)) - from) / (to - from)),
      ticks,
      floor: 10 ** from,
    };
  }
  const step = niceStep((highest || 1) / 5);
  const top = chart.top ?? Math.ceil(((highest || 1) * 1.05) / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  return { share: (v) => v / top, ticks, floor: 0 };
}

/** 1, 2 or 5 times a power of ten, at least `raw`. */
function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  return ([1, 2, 5].find((m) => m * power >= raw) ?? 10) * power;
}

function bars(
  chart: Chart,
  middle: (c: number) => number,
  band: number,
  y: (v: number) => number,
  floor: number,
): string {
  const group = Math.min(band * 0.8, 40 * chart.series.length + 40);
  const stacked = chart.kind === "stacked";
  const width = stacked ? Math.min(band * 0.5, 90) : group / chart.series.length;
  const found: string[] = [];
  for (const c of chart.categories.keys()) {
    let below = floor;
    for (const [i, s] of chart.series.entries()) {
      const value = s.values[c];
      if (value === undefined) continue;
      const from = stacked ? below : floor;
      const to = stacked ? below + value : value;
      const x = stacked ? middle(c) - width / 2 : middle(c) - group / 2 + i * width;
      found.push(
        `<rect x="${at(x)}" y="${at(y(to))}" width="${at(width - 2)}" height="${at(Math.max(0, y(from) - y(to)))}" fill="${colour(i)}">` +
          `<title>${escapeXml(`${s.name}, ${chart.categories[c]}: ${number(value)}`)}</title></rect>`,
      );
      if (!stacked)
        found.push(
          text(x + width / 2 - 1, y(to) - 4, number(value), 'text-anchor="middle" font-size="10.5"'),
        );
      below = to;
    }
    if (stacked)
      found.push(text(middle(c), y(below) - 5, number(below), 'text-anchor="middle" font-size="10.5"'));
  }
  return found.join("");
}

function lines(chart: Chart, middle: (c: number) => number, y: (v: number) => number): string {
  const label = chart.pointLabels === false ? (): string => "" : text;
  return chart.series
    .map((s, i) => {
      const points = s.values.flatMap((v, c) => (v === undefined ? [] : [{ x: middle(c), y: y(v), v }]));
      const path = points.map((p) => `${at(p.x)},${at(p.y)}`).join(" ");
      const dots = points.map(
        (p) =>
          `<circle cx="${at(p.x)}" cy="${at(p.y)}" r="3.5" fill="${colour(i)}"><title>${escapeXml(`${s.name}: ${number(p.v)}`)}</title></circle>` +
          label(p.x, i % 2 === 0 ? p.y - 8 : p.y + 17, number(p.v), 'text-anchor="middle" font-size="10.5"'),
      );
      return `<polyline points="${path}" fill="none" stroke="${colour(i)}" stroke-width="2"/>${dots.join("")}`;
    })
    .join("");
}

const colour = (i: number): string => COLOURS[i % COLOURS.length]!;
const at = (v: number): string => v.toFixed(1);

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${at(x)}" y="${at(y)}" ${attributes}>${escapeXml(content)}</text>`;
}

/** Three significant digits, thousands with a comma. */
export function number(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
