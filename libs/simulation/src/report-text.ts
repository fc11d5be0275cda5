/** The report as a table for a terminal. */
import type { SimulationReport } from "./report.js";
import { write } from "./gate.js";

/** How words are set off; the identity where there is no terminal. */
export type Style = (format: "bold" | "dim" | "red" | "green" | "yellow", text: string) => string;

const EXAMPLES_SHOWN = 6;

export function reportText(report: SimulationReport, style: Style = (_, text) => text): string {
  const { candidate, published, input, before, after, difference } = report;
  const lines: string[] = [];
  const head = (text: string): void => void lines.push("", style("bold", text));
  lines.push(
    style(
      "bold",
      `${candidate.journey} ${published ? `version ${published.version} → ${candidate.version}` : `version ${candidate.version} (new)`}`,
    ),
    style(
      "dim",
      `${input.events.toLocaleString("en-US")} events of ${input.customers.toLocaleString("en-US")} customers, ${day(input.from)} to ${day(input.to)}: ${report.source}`,
    ),
  );
  if (input.unreadable > 0)
    lines.push(style("yellow", `${input.unreadable} events could not be read: ${input.problems.join("; ")}`));

  head("decisions to act");
  lines.push(
    ...table([
      ["gained", difference.gained],
      ["lost", difference.lost],
      ["changed", difference.changed],
      ["the same", difference.same],
    ]),
  );
  for (const [reason, n] of Object.entries(difference.reasons).slice(0, EXAMPLES_SHOWN))
    lines.push(style("dim", `  ${String(n).padStart(7)} × ${reason}`));

  const note = silence(report);
  if (note !== undefined) lines.push("", style("yellow", note));

  head("who hears how much                      published         new");
  const both = (name: string, a: number, b: number): string =>
    `  ${name.padEnd(34)}${number(a).padStart(13)}${number(b).padStart(12)}  ${change(a, b)}`;
  lines.push(
    both("contacts", before.contacts, after.contacts),
    both("customers contacted", before.customersContacted, after.customersContacted),
    both("most contacts of anyone in 7 days", before.maxPerWeek, after.maxPerWeek),
    both("cases for agents, things done", sum(before.otherCommands), sum(after.otherCommands)),
    both("decisions without a contact", before.decisions.none, after.decisions.none),
  );
  for (const key of keys(before.silent, after.silent))
    lines.push(both(`  ${key}`, before.silent[key] ?? 0, after.silent[key] ?? 0));
  for (const key of keys(before.perChannel, after.perChannel))
    lines.push(both(`on ${key}`, before.perChannel[key] ?? 0, after.perChannel[key] ?? 0));
  for (const key of keys(before.perAction, after.perAction))
    lines.push(both(key, before.perAction[key] ?? 0, after.perAction[key] ?? 0));

  head("customers by contacts in their busiest 7 days");
  for (const key of keys(before.busiestWeek, after.busiestWeek).sort((a, b) => Number(a) - Number(b)))
    lines.push(both(key, before.busiestWeek[key] ?? 0, after.busiestWeek[key] ?? 0));

  const rules = [...new Set([...before.caps, ...after.caps].map((c) => c.rule))];
  if (rules.length > 0) head("caps that closed a channel (decisions)");
  const touched = (caps: typeof before.caps, rule: string): number =>
    caps.find((c) => c.rule === rule)?.decisions ?? 0;
  for (const rule of rules) lines.push(both(rule, touched(before.caps, rule), touched(after.caps, rule)));

  if (difference.examples.length > 0) head("examples");
  for (const kind of ["gained", "lost", "changed"] as const) {
    for (const e of difference.examples.filter((x) => x.kind === kind).slice(0, 3))
      lines.push(
        `  ${kind.padEnd(8)}${e.customerId}  ${e.event.type} ${e.event.id}  ${time(e.at)}`,
        style("dim", `          before: ${e.before.text}; now: ${e.after.text}; ${e.why}`),
      );
  }

  if (report.gate) {
    head(`limits (gate ${report.gate.id} version ${report.gate.version})`);
    for (const v of report.gate.verdicts) {
      const mark =
        v.verdict === "kept"
          ? style("green", "kept  ")
          : v.verdict === "broken"
            ? style("red", "BROKEN")
            : style("yellow", "–     ");
      lines.push(`  ${mark}  ${v.detail}`);
      if (v.verdict === "broken") lines.push(style("dim", `          ${v.reason}`));
    }
    lines.push(
      "",
      report.passes
        ? style("green", "It may be published.")
        : style(
            "red",
            `It may not be published: ${report.gate.verdicts.filter((v) => v.verdict === "broken").length} limit(s) broken.`,
          ),
    );
  }
  if (after.failed > 0 || after.cut.length > 0)
    lines.push(
      style(
        "red",
        `${after.failed} events could not be handled (${after.failures.join("; ")}); ${after.cut.length} customers did not come to rest`,
      ),
    );
  return `${lines.join("\n")}\n`;
}

/** That the new version spoke to nobody, which an empty difference would hide; `undefined` when it did. */
export function silence({ candidate, before, after }: SimulationReport): string | undefined {
  const { journey, version } = candidate;
  if ((after.perJourney[journey] ?? 0) > 0) return undefined;
  const entered = after.entered[journey] ?? 0;
  const name = `${journey} version ${version}`;
  if (entered === 0) return `Nobody entered ${name}: its trigger never held, or its entry was refused.`;
  const more = Object.entries(after.silent)
    .map(([reason, n]) => ({ reason, n: n - (before.silent[reason] ?? 0) }))
    .filter(({ n }) => n > 0)
    .map(({ reason, n }) => `${reason} (${number(n)} more than published)`);
  return `${name} was entered ${number(entered)} times and contacted nobody${more.length > 0 ? `: ${more.join(", ")}` : ""}.`;
}

function table(rows: readonly (readonly [string, number])[]): string[] {
  return rows.map(([name, n]) => `  ${name.padEnd(34)}${number(n).padStart(13)}`);
}

/** Names of both sides, most first. */
export function keys(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): string[] {
  const most = (key: string): number => Math.max(a[key] ?? 0, b[key] ?? 0);
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(
    (x, y) => most(y) - most(x) || (x < y ? -1 : 1),
  );
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

/** `+12 (+8.0 %)`. */
export function change(before: number, after: number): string {
  if (before === after) return "";
  const by = after - before;
  const share = before > 0 ? ` (${by > 0 ? "+" : "−"}${write(Math.abs(by) / before, "share")})` : "";
  return `${by > 0 ? "+" : "−"}${number(Math.abs(by))}${share}`;
}

export const number = (n: number): string => n.toLocaleString("en-US");
export const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
export const time = (at: number): string => new Date(at).toISOString().slice(0, 16).replace("T", " ");
