/** A played scenario in words: what happened to each customer, step by step, and whether it is what must come. */
import { assertNever, SEGUE_SOURCE } from "#contracts";
import { counted, fit, width, type Style } from "../start/text.js";
import { differences } from "./differences.js";
import { PASSING, type Played } from "./play.js";
import type { Scenario } from "./scenario-file.js";

const DAY_MS = 86_400_000;

/** `day 5, 10:20`: the first day is day 1, in the customer's own time. */
export function moment(at: number, start: number, timezone: string): string {
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, hour: "2-digit", minute: "2-digit" });
  return `day ${Math.floor((at - start) / DAY_MS) + 1}, ${clock.format(at)}`;
}

/** All customers of a scenario, each with their timeline. */
export function storyLines(
  scenario: Scenario,
  played: readonly Played[],
  s: Style,
  columns: number,
): string[] {
  const lines = [
    "",
    ` ${s.bold(scenario.title)}  ${s.dim(scenario.id)}`,
    ...wrapped(scenario.description, columns, s.dim),
  ];
  for (const one of played) {
    lines.push(
      "",
      `  ${s.accent(capital(one.name))}  ${s.dim(one.customerId)}`,
      ...wrapped(one.customer.shows, columns, s.dim, 2),
    );
    let shown = "";
    for (const { at, what, sentences } of steps(scenario, one, s)) {
      const when = moment(at, scenario.start, one.customer.timezone);
      // An outcome that follows at once stands below its command.
      if (what !== "" || when !== shown) lines.push(`   ${when.padEnd(15)} ${s.bold(what)}`);
      shown = when;
      for (const text of sentences) lines.push(fitStyled(`      ${text}`, columns));
    }
    const wrong = differences(one);
    lines.push(
      wrong.length === 0
        ? `   ${s.good("✔")} as expected: ${counted(one.commands.length, "command")}, ${counted(one.ends.length, "journey")} ended`
        : `   ${s.bad("✘")} not as expected`,
      ...wrong.map((w) => `      ${s.bad(w)}`),
    );
  }
  return lines;
}

/** One line per scenario, for the end of the default run. */
export function scenarioLine(scenario: Scenario, played: readonly Played[], s: Style): string {
  const wrong = played.flatMap(differences);
  const commands = played.reduce((n, p) => n + p.commands.length, 0);
  const last = Math.max(0, ...played.flatMap((p) => p.records.map((r) => r.at - scenario.start)));
  const told = [
    counted(played.length, "customer"),
    counted(commands, "command"),
    counted(Math.ceil(last / DAY_MS), "day"),
  ].join(", ");
  const mark = wrong.length === 0 ? s.good("✔") : s.bad("✘");
  return ` ${mark} ${scenario.id.padEnd(16)} ${scenario.title.padEnd(50)} ${s.dim(told)}${wrong.length > 0 ? s.bad(`  ${wrong[0]}`) : ""}`;
}

interface Step {
  readonly at: number;
  readonly what: string;
  readonly sentences: readonly string[];
}

/** What was heard and what came of it, in order; events that changed nothing visible are among them. */
function steps(scenario: Scenario, { customer, records }: Played, s: Style): readonly Step[] {
  const done: Step[] = records.flatMap(({ at, event, entries }) => {
    const sentences = entries.flatMap((e) => sentence(e, s) ?? []);
    if (sentences.length === 0) return [];
    const own = event.source === SEGUE_SOURCE && event.type.startsWith("outcome.");
    return [{ at, what: own ? "" : event.type === PASSING ? "time passes" : event.type, sentences }];
  });
  const heard = customer.timeline.flatMap((entry): Step[] => {
    const what = "event" in entry ? entry.event : "asks" in entry ? entry.asks : undefined;
    const at = scenario.start + entry.at;
    const known = what === undefined || done.some((d) => d.at === at && d.what === what);
    return known ? [] : [{ at, what, sentences: [] }];
  });
  return [...done, ...heard].sort((a, b) => a.at - b.at);
}

type Entry = Played["records"][number]["entries"][number];

function sentence(entry: Entry, s: Style): string | undefined {
  switch (entry.kind) {
    case "journey-entered":
      return s.dim(`enters ${entry.journey}`);
    case "journey-refused":
      return s.dim(`does not enter ${entry.journey}: ${words(entry.reason)}`);
    case "journey-exited":
      return s.dim(`leaves ${entry.journey}: ${words(entry.reason)}`);
    case "goal-reached":
      return s.good(`goal of ${entry.journey} reached`);
    case "decision":
      if (entry.answer === "act") return undefined;
      return s.warn(`${entry.step}: nothing is said (${words(entry.reason)})`);
    case "command":
      return `→ ${entry.action} over ${entry.channel}`;
    case "outcome": {
      const tried = entry.tried.map((t) => `${t.channel} ${words(t.reason)}`);
      const why =
        entry.outcome === "delivered" || entry.reason === "customer" ? "" : ` (${words(entry.reason)})`;
      const text = `← ${entry.action}: ${entry.outcome}${why}${tried.length > 0 ? `, after ${tried.join(", ")}` : ""}`;
      return entry.outcome === "failed" || entry.outcome === "unknown" ? s.warn(text) : s.good(text);
    }
    case "profile-changed":
      return undefined;
    case "journey-outranked":
      return s.dim(`${entry.journey} gives way to ${entry.by}`);
    case "journey-paused":
      return s.warn(`${entry.journey} stands still: ${words(entry.reason)}`);
    case "journey-resumed":
      return s.dim(`${entry.journey} goes on`);
    case "expression-failed":
      return s.warn(`an expression failed in ${entry.where}`);
    case "attributes-updated":
    case "branch-ended":
    case "branch-started":
    case "contact-reported":
    case "journey-migrated":
    case "parallel-refused":
      return s.dim(words(entry.kind));
    default:
      return assertNever(entry);
  }
}

function words(code: string): string {
  return code.replaceAll(/[_-]/g, " ");
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function fitStyled(text: string, columns: number): string {
  return width(text) <= columns ? text : fit(text, columns);
}

function wrapped(text: string, columns: number, style: (t: string) => string, indent = 1): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.trim().split(/\s+/)) {
    if (line !== "" && line.length + word.length + 1 > columns - indent - 1) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((l) => `${" ".repeat(indent)}${style(l)}`);
}
