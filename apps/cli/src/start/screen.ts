/** Where the launcher writes: a panel redrawn in place on a terminal, plain lines elsewhere. */
export interface Screen {
  readonly live: boolean;
  readonly columns: number;
  readonly rows: number;
  /** Writes lines that stay, above a panel. */
  say(...lines: readonly string[]): void;
  /** Draws, or redraws, the panel. Only where `live`. */
  draw(lines: readonly string[]): void;
  /** Leaves the panel standing; what follows is written below it. */
  release(): void;
}

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
/** Lines wider than the screen are cut by the terminal; a wrapped one would count as two. */
const NO_WRAP = "\x1b[?7l";
const WRAP = "\x1b[?7h";

export function terminalScreen(out: NodeJS.WriteStream, live = out.isTTY === true): Screen {
  let drawn = 0;
  const erase = (): string => (drawn > 0 ? `\x1b[${drawn}A\r\x1b[J` : "");
  return {
    live,
    get columns() {
      return out.columns ?? 80;
    },
    get rows() {
      return out.rows ?? 40;
    },
    say(...lines) {
      out.write(`${erase()}${lines.map((line) => `${line}\n`).join("")}`);
      drawn = 0;
    },
    draw(lines) {
      // Each line is overwritten rather than the screen cleared, so that nothing flickers.
      const text = lines.map((line) => `${line}\x1b[K\n`).join("");
      out.write(`${HIDE_CURSOR}${NO_WRAP}${drawn > 0 ? `\x1b[${drawn}A\r` : ""}${text}\x1b[J${WRAP}`);
      drawn = lines.length;
    },
    release() {
      if (drawn > 0) out.write(SHOW_CURSOR);
      drawn = 0;
    },
  };
}
