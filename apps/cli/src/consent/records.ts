/** Records of a text file: its lines, but in CSV a line break within quotes belongs to the record. */

export interface FileRecord {
  /** Of its first line, from 1. */
  readonly line: number;
  readonly text: string;
}

/** A quoted field that goes on over more lines has lost its closing quote: its first line is a record by itself. */
const MAX_LINES = 32;

/** Empty lines are left out. `chunks`: the text of the file, cut anywhere. */
export async function* recordsOf(
  chunks: AsyncIterable<string> | Iterable<string>,
  quotes: boolean,
): AsyncGenerator<FileRecord> {
  let line = 0;
  let open: FileRecord[] = [];
  function* take(text: string): Generator<FileRecord> {
    open.push({ line: ++line, text });
    yield* complete(false);
  }
  function* complete(atEnd: boolean): Generator<FileRecord> {
    while (open.length > 0) {
      const whole = open.map((l) => l.text).join("\n");
      const ended = !quotes || (whole.split('"').length - 1) % 2 === 0;
      if (ended) {
        const record = { line: open[0]!.line, text: whole.replace(/\r$/, "") };
        open = [];
        if (record.text !== "") yield record;
        return;
      }
      if (!atEnd && open.length < MAX_LINES) return;
      const [first, ...rest] = open;
      open = [];
      yield { line: first!.line, text: first!.text.replace(/\r$/, "") };
      for (const l of rest) {
        open.push(l);
        yield* complete(false);
      }
    }
  }
  let tail = "";
  for await (const chunk of chunks) {
    const lines = (tail + chunk).split("\n");
    tail = lines.pop()!;
    for (const text of lines) yield* take(text);
  }
  if (tail !== "") yield* take(tail);
  yield* complete(true);
}
