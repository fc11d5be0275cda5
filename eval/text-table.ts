/** A table for the terminal: the first column left, the others right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((h, c) => Math.max(h.length, ...rows.map((row) => row[c]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join("  ")
      .trimEnd();
  return [line(header), line(widths.map((w) => "-".repeat(w))), ...rows.map(line)].join("\n");
}

export const decimals = (value: number | undefined, digits: number): string =>
  value === undefined ? "–" : value.toFixed(digits);

export const percent = (value: number, digits = 1): string => `${(100 * value).toFixed(digits)} %`;
