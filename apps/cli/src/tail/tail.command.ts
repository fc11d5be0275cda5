/** `segue tail`: what is decided, ordered and becomes of it, as it happens. */
import { parseArgs, styleText } from "node:util";
import { DeliverPolicy, jetstream, type ConsumerMessages } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { managerOf, readFiltered } from "#audit";
import { auditRecordsV1, CHAIN_KINDS, partitionOf, streamOf, streamsOf, subjects } from "#contracts";
import { commonOptions, customerOption, runWithNats, write, WrongArguments } from "../audit/with-nats.js";
import type { Command } from "../command.js";
import { matches, TailLines, type TailFilter, type TailLine } from "./tail-lines.js";
import { NATS_DEFAULT_TEXT } from "../nats-option.js";

const HELP = `segue tail [--journey <id>] [--action <id>] [--channel <name>] [--reason <code>] [--customer <id>]
           [--last <n>] [--no-follow] [--json] [--nats <url>]

  Shows decisions, commands and outcomes as they are put on record. Ctrl-C ends it. Filters that are given together must
  all hold; an outcome is shown with its journey when its command was seen since the start, or among the last ones.

  --last <n>    the last n lines that match first (default 0)
  --no-follow   ends after these
  --json        one JSON object per line
  --nats <url>  ${NATS_DEFAULT_TEXT}

  Exit status: 0 ended, 1 not reachable, 2 not understood.
`;

export const tailCommand: Command = {
  summary: "decisions, commands and outcomes as they happen, with filters",
  help: HELP,
  run: (args) =>
    runWithNats("tail", HELP, () => {
      const { values } = parseArgs({
        args: [...args],
        options: {
          ...commonOptions,
          journey: { type: "string" },
          action: { type: "string" },
          channel: { type: "string" },
          reason: { type: "string" },
          customer: { type: "string" },
          last: { type: "string", default: "0" },
          "no-follow": { type: "boolean", default: false },
        },
      });
      if (values.help) return "help";
      if (!/^\d{1,6}$/.test(values.last))
        throw new WrongArguments(`--last ${values.last}: use a whole number`);
      const { journey, action, channel, reason, json } = values;
      const options: TailOptions = {
        filter: { journey, action, channel, reason },
        customer: values.customer === undefined ? undefined : customerOption(values.customer),
        last: Number(values.last),
        follow: !values["no-follow"],
        print: (line) => write(json ? `${JSON.stringify(line)}\n` : lineText(line)),
      };
      return { nats: values.nats, run: (nc) => tail(nc, options, process) };
    }),
};

export interface TailOptions {
  readonly filter: TailFilter;
  readonly customer: string | undefined;
  readonly last: number;
  readonly follow: boolean;
  readonly print: (line: TailLine) => Promise<void>;
}

/** What can be interrupted: the process, or a test's own. */
export interface Interrupts {
  on(signal: "SIGINT" | "SIGTERM", end: () => void): unknown;
  off(signal: "SIGINT" | "SIGTERM", end: () => void): unknown;
}

/** Ends with status 0 when interrupted. */
export async function tail(
  nc: NatsConnection,
  options: TailOptions,
  interrupts: Interrupts,
): Promise<number> {
  const open: ConsumerMessages[] = [];
  let ended = false;
  const end = (): void => {
    ended = true;
    for (const messages of open) messages.stop();
  };
  interrupts.on("SIGINT", end);
  interrupts.on("SIGTERM", end);
  const { customer } = options;
  const streams = customer === undefined ? streamsOf("AUDIT") : [streamOf("AUDIT", partitionOf(customer))];
  try {
    await Promise.all(
      streams.map(async (stream) => {
        const lines = new TailLines();
        const next = await showLast(nc, stream, lines, options);
        if (!options.follow || ended) return;
        const messages = await consume(nc, stream, next, customer);
        open.push(messages);
        if (ended) messages.stop();
        for await (const m of messages)
          for (const line of linesOf(m.string(), lines))
            if (matches(line, options.filter)) await options.print(line);
      }),
    );
  } finally {
    interrupts.off("SIGINT", end);
    interrupts.off("SIGTERM", end);
  }
  return 0;
}

/** A message that is no audit record is not this command's concern: `segue audit verify` finds it. */
function linesOf(text: string, lines: TailLines): TailLine[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return [];
  }
  const parsed = auditRecordsV1.safeParse(body);
  return parsed.success ? parsed.data.records.flatMap((r) => lines.of(r)) : [];
}

const FIRST_LOOK_BACK = 1_000;

/** Prints the last lines that match; answers the sequence from which to go on. Looks back in ever larger steps. */
async function showLast(
  nc: NatsConnection,
  stream: string,
  lines: TailLines,
  { last, filter, customer, print }: TailOptions,
): Promise<number> {
  const { state } = await (await managerOf(nc)).streams.info(stream);
  const next = state.last_seq + 1;
  if (last === 0 || state.messages === 0) return next;
  for (let back = Math.max(FIRST_LOOK_BACK, last); ; back *= 8) {
    const from = Math.max(state.first_seq, next - back);
    const found: TailLine[] = [];
    for await (const m of readFiltered(nc, stream, filtersOf(customer), from)) {
      if (m.seq >= next) break;
      for (const line of linesOf(m.string(), lines)) if (matches(line, filter)) found.push(line);
      if (found.length > last) found.splice(0, found.length - last);
    }
    if (found.length < last && from > state.first_seq) continue;
    for (const line of found) await print(line);
    return next;
  }
}

const filtersOf = (customer: string | undefined): string[] =>
  CHAIN_KINDS.map((kind) =>
    customer === undefined ? subjects.auditOfKind(kind) : subjects.audit(customer, kind),
  );

async function consume(
  nc: NatsConnection,
  stream: string,
  from: number,
  customer: string | undefined,
): Promise<ConsumerMessages> {
  const consumer = await jetstream(nc).consumers.get(stream, {
    filter_subjects: filtersOf(customer),
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
  });
  return consumer.consume({ max_messages: 500 });
}

const COLOURS = { decision: "cyan", command: "yellow", outcome: "green" } as const;

function lineText(line: TailLine): string {
  const { time, customerId, kind, journey, action, channel, result, reason, decisionId } = line;
  const what = [action ?? "", channel === undefined ? "" : `over ${channel}`]
    .filter((w) => w !== "")
    .join(" ");
  const head = `${styleText("dim", time)} ${styleText(COLOURS[kind], kind.padEnd(8))} ${result.padEnd(11)}`;
  const why = reason === undefined ? "" : `  (${reason})`;
  return `${head} ${customerId}  ${journey ?? "-"}  ${what}${why}  ${styleText("dim", decisionId)}\n`;
}
