/** Arguments of `segue simulate`. */
import { parseArgs } from "node:util";
import { MAX_EVENTS } from "#simulation";
import { NATS_DEFAULT_TEXT, natsOption } from "../nats-option.js";

/** Arguments that cannot be understood; the message says what can. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export type EventSource =
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "stream"; readonly nats: string; readonly since: number; readonly until: number }
  | { readonly from: "berka"; readonly first: string; readonly end: string };

export interface SimulateOptions {
  /** The new version. */
  readonly journey: string;
  /** Folder with `journeys/`, `catalogue/`, `policies/`. */
  readonly definitions: string;
  /** Folder whose `journeys/` are the published ones, where that is not `definitions`. */
  readonly published: string | undefined;
  readonly source: EventSource;
  /** `undefined`: no limit is judged. */
  readonly gate: string | undefined;
  readonly responses: string | undefined;
  readonly afterMs: number;
  readonly maxEvents: number;
  readonly json: boolean;
  readonly html: string | undefined;
}

const DAY_MS = 86_400_000;
/** Months in which much happens in the shipped data. */
const BERKA = { first: "1993-10-01", end: "1994-04-01" } as const;

export const HELP = `segue simulate <journey.yaml> [options]

  Runs a new version of a journey, and what is published now, over the same recorded events; sends nothing; shows what
  differs, and judges the new version by the limits of a gate. Status 1 when a limit is broken.

Events (without any of these: the transactions that ship, data/berka, ${BERKA.first} to ${BERKA.end})
  --events <file>      CloudEvents with a time, one per line (NDJSON); "-" reads standard input
  --from-stream        from a running installation: yesterday's (UTC), or
    --since <time>     ISO 8601; by the time of storing
    --until <time>     ISO 8601, not included; default now
    --nats <url>       ${NATS_DEFAULT_TEXT}
  --from, --to <day>   of the transactions that ship, another slice; the last day is not in it
  --after <days>       goes on for so long after the last event, so that what waits falls due (default 0)
  --max-events <n>     refuse more (default ${MAX_EVENTS.toLocaleString("en-US")})

Definitions
  --definitions <dir>  folder with journeys/, catalogue/ and policies/ (default .)
  --published <dir>    the published journeys are those of <dir>/journeys; by default those of --definitions, with
                       --from-stream those that the installation has published
  --gate <file>        limits to judge by (default <definitions>/gates/default.yaml); --no-gate judges none
  --responses <file>   rates of the response model (default: those that docs/simulation.md names)

Output
  --html <file>        a page for whoever has to agree
  --json               one JSON document on standard output
  --help               this text
`;

/** Reads the arguments; `now` is epoch ms. Answers `help` for --help. Throws UsageError. */
export function parseSimulateArgs(args: readonly string[], now: number): SimulateOptions | "help" {
  const { values, positionals } = read(args);
  if (values.help) return "help";
  const [journey, ...more] = positionals;
  if (journey === undefined) throw new UsageError("which journey? Give the file of the new version");
  if (more.length > 0) throw new UsageError(`one journey at a time; what is ${JSON.stringify(more[0])}?`);
  if (values.gate !== undefined && values["no-gate"])
    throw new UsageError("--gate and --no-gate: give one of them");
  const definitions = values.definitions ?? ".";
  return {
    journey,
    definitions,
    published: values.published,
    source: sourceOf(values, now),
    gate: values["no-gate"] ? undefined : (values.gate ?? `${definitions}/gates/default.yaml`),
    responses: values.responses,
    afterMs: count("--after", values.after ?? "0") * DAY_MS,
    maxEvents: count("--max-events", values["max-events"] ?? String(MAX_EVENTS)),
    json: values.json ?? false,
    html: values.html,
  };
}

type Values = ReturnType<typeof read>["values"];

function sourceOf(values: Values, now: number): EventSource {
  const stream = values["from-stream"] ?? false;
  if (stream && values.events !== undefined)
    throw new UsageError("--events and --from-stream: give one of them");
  if (!stream && (values.since ?? values.until ?? values.nats) !== undefined)
    throw new UsageError("--since, --until and --nats belong to --from-stream");
  if ((stream || values.events !== undefined) && (values.from ?? values.to) !== undefined)
    throw new UsageError(
      "--from and --to belong to the transactions that ship; use --since and --until, or another file",
    );
  if (stream) {
    const today = Math.floor(now / DAY_MS) * DAY_MS;
    const since = values.since === undefined ? today - DAY_MS : instant("--since", values.since);
    const until =
      values.until !== undefined
        ? instant("--until", values.until)
        : values.since === undefined
          ? today
          : now;
    if (since >= until) throw new UsageError("--since must be before --until");
    return { from: "stream", nats: values.nats ?? natsOption.default, since, until };
  }
  if (values.events !== undefined) return { from: "file", path: values.events };
  return { from: "berka", first: values.from ?? BERKA.first, end: values.to ?? BERKA.end };
}

function instant(option: string, text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new UsageError(`${option} ${text}: write a time as 2026-03-02 or 2026-03-02T09:00:00Z`);
  return at;
}

function count(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`${option} ${text}: a whole number`);
  return Number(text);
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        events: { type: "string" },
        "from-stream": { type: "boolean" },
        since: { type: "string" },
        until: { type: "string" },
        nats: { type: "string" },
        from: { type: "string" },
        to: { type: "string" },
        after: { type: "string" },
        "max-events": { type: "string" },
        definitions: { type: "string" },
        published: { type: "string" },
        gate: { type: "string" },
        "no-gate": { type: "boolean" },
        responses: { type: "string" },
        html: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
