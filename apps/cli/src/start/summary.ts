/** The summary of a run, and whether its books balance: counted in independent places, the same events and commands come out. */
import { CHANNELS, TERMINAL_OUTCOMES } from "#contracts";
import type { StoredEvents } from "./observe.js";
import { ranked, sum, type Tally } from "./tally.js";
import { count, counted, elapsed, left, list, milliseconds, right, type Style } from "./text.js";

export interface RunFigures {
  /** Events that the replay of this start published. */
  readonly published: number;
  readonly wallMs: number;
  /** From the event's storage to its command's, of this start. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly commands: number;
}

/** What does not add up; empty when everything does. */
export function imbalances(events: StoredEvents, tally: Tally): readonly string[] {
  const wrong: string[] = [];
  const handled = events.applied + events.duplicates + events.deadLetters;
  if (handled !== events.inStream) {
    const off = events.inStream - handled;
    wrong.push(
      off > 0
        ? `${counted(off, "event")} in EVT neither applied, duplicate nor dead letter`
        : `${counted(-off, "event")} handled more often than EVT holds them`,
    );
  }
  if (tally.open > 0) wrong.push(`${counted(tally.open, "command")} without a terminal outcome`);
  if (tally.secondTerminals > 0)
    wrong.push(`${counted(tally.secondTerminals, "command outcome")} after a terminal one`);
  if (tally.strays > 0) wrong.push(`${counted(tally.strays, "outcome")} of commands that CMD does not hold`);
  const lost = events.orderedCommands.filter((id) => !tally.ordered(id)).length;
  if (lost > 0) wrong.push(`${counted(lost, "command")} ordered by a context and not in CMD`);
  return wrong;
}

/** The summary as lines for a terminal. */
export function summaryLines(
  run: RunFigures,
  events: StoredEvents,
  tally: Tally,
  s: Style,
  columns = 80,
): readonly string[] {
  const wrong = imbalances(events, tally);
  const label = (text: string): string => ` ${left(s.dim(text), 12)}`;
  const room = columns - 14;
  const of = (counts: ReadonlyMap<string, number>): string =>
    list(
      ranked(counts).map(([name, n]) => `${name} ${count(n)}`),
      room,
    );
  const perSecond = run.wallMs > 0 ? (run.published * 1_000) / run.wallMs : 0;
  const lines = [
    s.bold("Summary") + s.dim("  all that is stored, from the first start on"),
    "",
    `${label("events")}${s.bold(count(events.inStream))} in EVT = ${count(events.applied)} applied + ${counted(events.duplicates, "duplicate")} + ${counted(events.deadLetters, "dead letter")}`,
    `${label("commands")}${s.bold(count(tally.commands))} in CMD = ${TERMINAL_OUTCOMES.map((k) => `${count(tally.outcomes.get(k) ?? 0)} ${k}`).join(" + ")}`,
    `${label("journeys")}${count(tally.journeys.entered)} entered · ${counted(tally.journeys.goals, "goal")} reached · ${count(tally.journeys.exited)} exited`,
    `${label("decisions")}${count(sum(tally.answers))}: ${of(tally.answers)}`,
    `${label("stopped")}policy refused a channel or more in ${counted(tally.stoppedDecisions, "decision")}${tally.stops.size > 0 ? ":" : ""}`,
    ...wrapped(
      ranked(tally.stops).map(([name, n]) => `${name} ${count(n)}`),
      room,
    ).map((line) => `${" ".repeat(13)}${line}`),
    `${label("responses")}${responses(tally)}`,
    ...(tally.undelivered.size > 0 ? [`${label("undelivered")}${of(tally.undelivered)}`] : []),
    "",
    ...channelTable(tally, s),
    "",
    `${label("this start")}${counted(run.published, "event")} published in ${elapsed(run.wallMs)} (${count(perSecond)} per second)`,
    `${label("latency")}event → command p50 ${milliseconds(run.p50)}, p99 ${milliseconds(run.p99)} over ${counted(run.commands, "command")} of this start`,
    "",
  ];
  if (wrong.length === 0)
    lines.push(` ${s.good("✔ it adds up")}: every event is accounted for, and every command has one outcome`);
  else lines.push(` ${s.bad("✘ it does not add up")}`, ...wrong.map((w) => `   ${w}`));
  return lines;
}

/** What models have learned by now; they go on while the services are up. */
export function learnedLines(learned: readonly string[], s: Style): readonly string[] {
  return learned.map((model, i) => ` ${left(i === 0 ? s.dim("learned") : "", 12)}${model}`);
}

function responses(tally: Tally): string {
  const kinds = ["opened", "clicked", "converted", "declined"];
  return kinds.map((k) => `${count(tally.outcomes.get(k) ?? 0)} ${k}`).join(" · ");
}

function wrapped(parts: readonly string[], columns: number): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + part.length <= columns)
      lines[lines.length - 1] = `${last} · ${part}`;
    else lines.push(part);
  }
  return lines;
}

const COLUMNS = [9, 11, 8, 9, 12, 9, 11];

/** One row per channel that was used. */
export function channelTable(tally: Tally, s: Style): readonly string[] {
  const head = ["ordered", ...TERMINAL_OUTCOMES, "responses"];
  const row = (name: string, cells: readonly string[]): string =>
    ` ${left(name, 9)}${cells.map((cell, i) => right(cell, COLUMNS[i]!)).join("")}`;
  const rows = CHANNELS.flatMap((channel) => {
    const t = tally.channels.get(channel);
    if (!t) return [];
    const cells = [t.ordered, ...TERMINAL_OUTCOMES.map((k) => t.terminal[k]), t.responses];
    return [
      row(
        channel,
        cells.map((n) => (n === 0 ? s.dim("·") : count(n))),
      ),
    ];
  });
  return [s.dim(row("channel", head)), ...rows];
}

/** The same figures for programs. */
export function summaryJson(run: RunFigures, events: StoredEvents, tally: Tally): object {
  const channels = Object.fromEntries(
    [...tally.channels].map(([channel, t]) => [
      channel,
      { ordered: t.ordered, ...t.terminal, responses: t.responses },
    ]),
  );
  const { orderedCommands: _, ...counts } = events;
  return {
    events: counts,
    commands: { ordered: tally.commands, ended: tally.ended, open: tally.open },
    outcomes: Object.fromEntries(tally.outcomes),
    channels,
    decisions: Object.fromEntries(tally.answers),
    policyStops: Object.fromEntries(tally.stops),
    journeys: tally.journeys,
    run,
    imbalances: imbalances(events, tally),
  };
}
