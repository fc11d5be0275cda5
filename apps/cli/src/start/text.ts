/** Numbers, times and widths as a person reads them on a terminal. */

export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 event`, `2 events`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `8.4 ms`, `120 ms`, `2.3 s`; `–` when there is nothing to show. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** `0:07`, `1:23`. */
export function elapsed(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** `1993-11-14`, in UTC. */
export function dayOf(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

// oxlint-disable-next-line no-control-regex -- it is control sequences that are looked for
const STYLE = /\x1b\[[0-9;]*m/g;

/** Columns that the text takes, styles not counted. */
export function width(text: string): number {
  return text.replace(STYLE, "").length;
}

/** The text in at most `columns` columns, `…` where something is cut off. For text without styles. */
export function fit(text: string, columns: number): string {
  if (text.length <= columns) return text;
  return columns <= 1 ? "…".slice(0, columns) : `${text.slice(0, columns - 1)}…`;
}

export function left(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}

export function right(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - width(text))) + text;
}

/** A progress bar of exactly `columns` columns; `share` is 0 to 1. */
export function bar(share: number, columns: number): { readonly done: string; readonly open: string } {
  const n = Math.round(Math.min(1, Math.max(0, share)) * columns);
  return { done: "━".repeat(n), open: "╌".repeat(columns - n) };
}

/** As many `parts` as fit, joined by ` · `, and how many more there are. */
export function list(parts: readonly string[], columns: number): string {
  let text = "";
  for (const [i, part] of parts.entries()) {
    const next = text === "" ? part : `${text} · ${part}`;
    const more = i + 1 < parts.length ? ` · +${parts.length - i - 1}` : "";
    if (width(next) + width(more) > columns)
      return text === "" ? fit(part, columns) : `${text} · +${parts.length - i}`;
    text = next;
  }
  return text;
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  accent(text: string): string;
}

/** ANSI styles, or plain text where there is to be no colour. */
export function style(color: boolean): Style {
  const with_ = (on: number, off: number) => (text: string) =>
    color ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: with_(1, 22),
    dim: with_(2, 22),
    good: with_(32, 39),
    warn: with_(33, 39),
    bad: with_(31, 39),
    accent: with_(36, 39),
  };
}
