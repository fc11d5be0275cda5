/** Arguments of `npm start`. */
import { parseArgs } from "node:util";

export interface StartOptions {
  /** Stop everything after the replay, with a status that says whether the books balance. */
  readonly once: boolean;
  /** Delete what is stored and begin anew. */
  readonly fresh: boolean;
  /** Days of event time per second of the wall. */
  readonly speed: number;
  /** First day of the whole replay; kept with the data, so that later starts go on in the same one. */
  readonly from: string | undefined;
  /** The day after the last one of this part. */
  readonly to: string | undefined;
  /** Length of this part when `to` is not given. */
  readonly days: number;
  /** No live panel; the summary alone. */
  readonly quiet: boolean;
  /** The summary as JSON, on one line, for programs. */
  readonly json: boolean;
  /** Instead of the replay: this scenario, or `all`, step by step. */
  readonly scenario: string | undefined;
}

export type ParsedArgs =
  | { readonly kind: "start"; readonly options: StartOptions }
  | { readonly kind: "help"; readonly text: string };

/** Arguments that cannot be understood; the message says what can. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const DEFAULT_SPEED = 2;
const DEFAULT_DAYS = 120;

export const HELP = `npm start [-- options]

Starts nats-server, Redis and Segue's services, replays a part of the Berka transactions
through them, plays the scenarios, and stays up. A later start goes on with the next part.

  --once          stop everything after the replay; status 0 if the books balance
  --fresh         delete the stored state (.segue/data) and begin anew
  --speed <n>     days per second (default ${DEFAULT_SPEED})
  --days <n>      length of the part to replay (default ${DEFAULT_DAYS}); a part also ends
                  where the data has a gap of more than 30 days
  --from <day>    first day of the replay, YYYY-MM-DD (with --fresh, or at the first start)
  --to <day>      the day after the last one of this part, YYYY-MM-DD
  --scenario <n>  instead of the replay: plays a scenario (scenarios/*.yaml), or all of them, on
                  data of its own and shows it step by step; with --once the status says
                  whether what came is what must come
  --quiet         no live panel, only the summary
  --json          the summary as one line of JSON
  --help          this text`;

/** Reads the arguments. Throws UsageError naming the one that is wrong. */
export function parseStartArgs(args: readonly string[]): ParsedArgs {
  const given = read(args);
  if (given.help) return { kind: "help", text: HELP };
  if (given.to !== undefined && given.days !== undefined) {
    throw new UsageError("--to and --days both say where the part ends: give one of them");
  }
  return {
    kind: "start",
    options: {
      once: given.once ?? false,
      fresh: given.fresh ?? false,
      speed: positive("--speed", given.speed, DEFAULT_SPEED),
      from: day("--from", given.from),
      to: day("--to", given.to),
      days: positive("--days", given.days, DEFAULT_DAYS),
      quiet: (given.quiet ?? false) || (given.json ?? false),
      json: given.json ?? false,
      scenario: given.scenario,
    },
  };
}

interface Given {
  readonly once?: boolean;
  readonly fresh?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly help?: boolean;
  readonly speed?: string;
  readonly days?: string;
  readonly scenario?: string;
  readonly from?: string;
  readonly to?: string;
}

function read(args: readonly string[]): Given {
  const flag = { type: "boolean" } as const;
  const value = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        once: flag,
        fresh: flag,
        quiet: flag,
        json: flag,
        help: { ...flag, short: "h" },
        speed: value,
        days: value,
        scenario: value,
        from: value,
        to: value,
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`, { cause: error });
  }
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const n = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(n > 0)) throw new UsageError(`${name} is ${JSON.stringify(text)}: give a number greater than 0`);
  return n;
}

function day(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text) {
    throw new UsageError(
      `${name} is ${JSON.stringify(text)}: write a day as YYYY-MM-DD, for example 1993-10-01`,
    );
  }
  return text;
}
