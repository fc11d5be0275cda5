/**
 * A table for the terminal: columns as wide as their widest cell, two spaces apart, the first to the left and the others to the
 * right. `ruled` draws a line below the head. No line end after the last row.
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  ruled?: "ruled",
): string {
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  const rule = ruled === undefined ? [] : [widths.map((w) => "-".repeat(w)).join("  ")];
  return [line(head), ...rule, ...rows.map(line)].join("\n");
}
