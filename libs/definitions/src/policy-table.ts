/** The table of the packs in docs/policy.md: what each rule asks for, and where it comes from. */
import {
  WEEKDAYS,
  type CapDefinition,
  type ContactTimes,
  type CoolDown,
  type PolicyPackDefinition,
  type PolicyRule,
  type Weekday,
} from "#contracts";

/** Between these lines of docs/policy.md. */
export const TABLE_BEGINS = "<!-- the packs that ship: written by scripts/policy-table.mjs -->";
export const TABLE_ENDS = "<!-- the end of the packs that ship -->";

/** Rows of a Markdown table, one per rule, in order of the packs. */
export function policyTable(packs: readonly PolicyPackDefinition[]): string {
  return [
    "| rule | channels | what it asks for | source | verified |",
    "| --- | --- | --- | --- | --- |",
    ...packs.flatMap((pack) => pack.rules.map((rule) => row(pack, rule))),
  ].join("\n");
}

/** The page with the table of these packs. Throws where the page has no place for it. */
export function withPolicyTable(page: string, packs: readonly PolicyPackDefinition[]): string {
  const [before, rest] = page.split(TABLE_BEGINS);
  const after = rest?.split(TABLE_ENDS)[1];
  if (before === undefined || after === undefined)
    throw new Error(
      `the page has no lines ${TABLE_BEGINS} and ${TABLE_ENDS} between which the table would stand`,
    );
  return `${before}${TABLE_BEGINS}\n\n<!-- prettier-ignore-start -->\n\n${policyTable(packs)}\n\n<!-- prettier-ignore-end -->\n\n${TABLE_ENDS}${after}`;
}

function row(pack: PolicyPackDefinition, rule: PolicyRule): string {
  const same = pack.rules.filter((r) => r.purpose === rule.purpose);
  const path = `${pack.id}/${rule.purpose}${same.length > 1 ? `/${same.indexOf(rule)}` : ""}`;
  const where = pack.appliesTo && [...(pack.appliesTo.countries ?? []), ...(pack.appliesTo.regions ?? [])];
  const { source } = rule;
  const cited = source
    ? `${source.url === undefined ? source.citation : `[${source.citation}](${source.url})`}: ${source.says}${source.since === undefined ? "" : ` Since ${source.since}.`}`
    : pack.source;
  return `| ${[
    `\`${path}\` ${where ? `(${where.join(", ")})` : "(everywhere)"}`,
    rule.channels?.join(", ") ?? "all",
    asked(rule).join("; "),
    cited,
    source ? `${source.verified}, ${source.checked}` : "house rule",
  ]
    .map((cell) => cell.replaceAll("|", "\\|"))
    .join(" | ")} |`;
}

function asked(rule: PolicyRule): string[] {
  const { consent, blockedBy, quietHours, contactTimes, spread, caps } = rule;
  return [
    ...(consent === "ignored" ? [] : [consent === "required" ? "a recorded consent" : "no recorded refusal"]),
    ...(blockedBy.length > 0 ? [`no hold: ${blockedBy.join(", ")}`] : []),
    ...(quietHours
      ? [
          `not from ${quietHours.from} to ${quietHours.to}${quietHours.channels ? ` (${quietHours.channels.join(", ")})` : ""}`,
        ]
      : []),
    ...(contactTimes ? [inWords(contactTimes)] : []),
    ...(spread === undefined ? [] : [`let go over ${spread}`]),
    ...caps.map(capInWords),
    ...(rule.coolDown ?? []).map(coolDownInWords),
    ...(rule.suppressAfterIgnored
      ? [
          `nothing for ${rule.suppressAfterIgnored.for} after ${rule.suppressAfterIgnored.count} ignored in a row`,
        ]
      : []),
  ];
}

function capInWords({ count, period, calendar, channel, channels, scope, per }: CapDefinition): string {
  const of = [channel ?? [], channels ?? []].flat();
  return [
    `at most ${count}`,
    scope === "all" ? "of all purposes" : scope === "journey" ? "of a journey" : "",
    calendar ? `a calendar ${calendar}` : `in ${period}`,
    per && per !== "customer" ? `about the same ${per}` : "",
    of.length > 0 ? `(${of.join(", ")})` : "",
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function coolDownInWords({ after, for: time, channels, per }: CoolDown): string {
  const about = per === "debt" ? " about the same debt" : "";
  return `nothing${about} for ${time} after a ${after}${channels ? ` (${channels.join(", ")})` : ""}`;
}

/** Days of the same hours together: `mon–fri 10:00–13:00, 14:00–20:00`. */
function inWords({ open, closedOn }: ContactTimes): string {
  const byDays = new Map<string, string[]>();
  for (const { days, from, to } of open) {
    const key = daysInWords(days);
    byDays.set(key, [...(byDays.get(key) ?? []), `${from}–${to}`]);
  }
  const hours = [...byDays].map(([days, times]) => `${days} ${times.join(", ")}`).join("; ");
  return `only ${hours}${closedOn === undefined ? "" : `, not on public holidays (${closedOn})`}`;
}

function daysInWords(days: readonly Weekday[]): string {
  const inOrder = WEEKDAYS.filter((d) => days.includes(d));
  const first = WEEKDAYS.indexOf(inOrder[0]!);
  if (inOrder.length === WEEKDAYS.length) return "daily";
  const running = inOrder.length > 2 && inOrder.every((d, i) => WEEKDAYS[first + i] === d);
  return running ? `${inOrder[0]}–${inOrder.at(-1)}` : inOrder.join(", ");
}
