/** `segue consent import` and `segue consent export`. */
import { createReadStream } from "node:fs";
import { access, open, type FileHandle } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "#clock";
import { commonOptions, customerOption, runWithNats, write, WrongArguments } from "../audit/with-nats.js";
import type { Command } from "../command.js";
import { NATS_DEFAULT_TEXT, readingClockAt } from "../nats-option.js";
import { COLUMNS, CSV_HEADER, rowText, type RowFormat } from "./consent-row.js";
import { exportConsents } from "./export-consents.js";
import { importConsents } from "./import-consents.js";

const HELP = `segue consent import <file> [--rejected <file>] [--dry-run]
segue consent export [--customer <id>] [--format csv|ndjson]

  import  tells every row of a CSV or NDJSON file (.csv, .ndjson, .jsonl) as a consent.changed event. A row that is in the
          stream already is not told again: start an import anew when it was broken off. Rows that cannot be taken are
          named with their line, and put into <file>.rejected, to be corrected and imported by themselves.
  export  writes the consents on record, of all customers or of one, as rows that import takes: the consents of another
          installation that imports them are the same.

  Columns: ${COLUMNS.join(", ")}
  A grant needs obtainedAt. An address is a reference of yours, never the address itself. A grant from before a refusal
  that is on record is not taken. Without an id, a row is told from others by all that it says.

  --rejected <file>  where rows that are not taken go (default <file>.rejected); it must not be there
  --dry-run          only checks
  --customer <id>    of one customer
  --format <name>    csv (default) or ndjson
  --json             the result of an import as JSON
  --nats <url>       ${NATS_DEFAULT_TEXT}

  Exit status: 0 done, 1 rows were rejected or not reachable, 2 not understood.
`;

export const consentCommand: Command = {
  summary: "import and export consents with their evidence",
  help: HELP,
  run: (args) =>
    runWithNats("consent", HELP, () => {
      const { values, positionals } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: {
          ...commonOptions,
          customer: { type: "string" },
          format: { type: "string", default: "csv" },
          rejected: { type: "string" },
          "dry-run": { type: "boolean", default: false },
        },
      });
      if (values.help) return "help";
      const [what, file, ...more] = positionals;
      const { nats, json } = values;
      if (what === "export" && file === undefined) {
        const format = formatOf(values.format);
        const customer = values.customer === undefined ? undefined : customerOption(values.customer);
        return { nats, run: (nc) => runExport(nc, customer, format, readingClockAt(nats)) };
      }
      if (what === "import" && file !== undefined && more.length === 0) {
        const rejected = values.rejected ?? `${file}.rejected`;
        const options = { file, rejected, format: formatOfFile(file), dryRun: values["dry-run"], json };
        return { nats, run: (nc) => runImport(nc, options, readingClockAt(nats)) };
      }
      throw new WrongArguments("say import <file> or export");
    }),
};

function formatOf(text: string): RowFormat {
  if (text === "csv" || text === "ndjson") return text;
  throw new WrongArguments(`--format ${text}: use csv or ndjson`);
}

function formatOfFile(file: string): RowFormat {
  if (/\.csv$/i.test(file)) return "csv";
  if (/\.(ndjson|jsonl)$/i.test(file)) return "ndjson";
  throw new WrongArguments(`${file}: the name ends in .csv, .ndjson or .jsonl`);
}

async function runExport(
  nc: NatsConnection,
  customer: string | undefined,
  format: RowFormat,
  clock: Clock,
): Promise<number> {
  if (format === "csv") await write(CSV_HEADER);
  for await (const row of exportConsents(nc, clock, customer)) await write(rowText(row, format));
  return 0;
}

interface Import {
  readonly file: string;
  readonly rejected: string;
  readonly format: RowFormat;
  readonly dryRun: boolean;
  readonly json: boolean;
}

async function runImport(nc: NatsConnection, options: Import, clock: Clock): Promise<number> {
  const { file, rejected, format, dryRun, json } = options;
  await access(file);
  const bad = new RejectedRows(rejected);
  try {
    const result = await importConsents({
      nc,
      format,
      dryRun,
      chunks: createReadStream(file, "utf8") as AsyncIterable<string>,
      clock,
      onRejected: async ({ line, text }, reason, header) => {
        process.stderr.write(`${file}:${line}: ${reason}\n`);
        if (!dryRun) await bad.put(text, header);
      },
    });
    const { rows, told, already } = result;
    if (json) await write(`${JSON.stringify(result)}\n`);
    else
      await write(
        `${rows} rows: ${told} ${dryRun ? "to be told" : "told"}, ${already} there already, ${result.rejected} rejected` +
          `${bad.used ? ` (in ${rejected})` : ""}\n`,
      );
    return result.rejected > 0 ? 1 : 0;
  } finally {
    await bad.close();
  }
}

/** Rows that were not taken, as they stood. The file is made with the first, and never written over. */
class RejectedRows {
  #file: FileHandle | undefined;

  constructor(private readonly path: string) {}

  get used(): boolean {
    return this.#file !== undefined;
  }

  async put(text: string, header: string | undefined): Promise<void> {
    if (!this.#file) {
      this.#file = await open(this.path, "wx").catch((cause: unknown) => {
        throw new Error(`${this.path} cannot be made: move it away, or name another with --rejected`, {
          cause,
        });
      });
      if (header !== undefined) await this.#file.write(`${header}\n`);
    }
    await this.#file.write(`${text}\n`);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
