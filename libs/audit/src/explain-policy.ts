/** What policy went by in a decision, in words: consents, holds, times and caps. */
import {
  aboutOf,
  PURPOSES,
  type Channel,
  type DecisionRecord,
  type PolicyPackDefinition,
  type Profile,
  type Purpose,
} from "#contracts";
import {
  consentOf,
  countedBy,
  journeyCap,
  OWN_JOURNEY,
  packCaps,
  packsFor,
  rulesFor,
  zonesOf,
  type Cap,
  type NextContact,
} from "#domain";
import type { DecisionFile } from "./decision-file.js";
import { isoTime, timeThere } from "./words.js";

/** Each with the rule that asked for it. */
export function mattered(
  file: DecisionFile,
  packs: readonly PolicyPackDefinition[],
  trusted: boolean,
): string[] {
  const { record, contacts } = file;
  const { profile, cap, at } = record.request;
  const lines: string[] = [];
  const purposes = new Set<string>();
  for (const { channel, rule, reason, until } of record.verdicts) {
    const purpose = PURPOSES.find((p) => p === rule?.split("/")[1]);
    if (rule?.includes("/consent") && purpose) {
      lines.push(
        `Consent for ${purpose} over ${channel}: ${consentInWords(profile, purpose, channel, at)} (rule ${rule}).`,
      );
    }
    if (reason === "quiet_hours" && rule) {
      const quiet = placedRule(packs, rule)?.quietHours;
      lines.push(
        `Quiet hours${quiet ? ` from ${quiet.from} to ${quiet.to}` : ""} over ${channel}${until === undefined ? "" : `, until ${timeThere(until, profile.timezone)}`} (rule ${rule}).`,
      );
    }
    if (reason === "outside_contact_times" && rule)
      lines.push(
        `Outside the times at which the customer may be contacted over ${channel}${until === undefined ? "" : `, until ${timeThere(until, profile.timezone)}`} (rule ${rule}${sourceOf(packs, rule)}).`,
      );
    if ((reason === "cool_down" || reason === "suppressed_ignored") && rule)
      lines.push(
        `${reason === "cool_down" ? "Silence after what the customer did" : "Silence after contacts that were ignored"}, over ${channel}${until === undefined ? "" : ` until ${timeThere(until, profile.timezone)}`} (rule ${rule}${sourceOf(packs, rule)}).`,
      );
    if (reason === "stopped" && rule)
      lines.push(`The kill switch stopped ${stoppedInWords(rule)} (rule ${rule}).`);
    if (reason === "no_timezone" && rule)
      lines.push(
        `The customer's time zone is not on record, so that it is not known when they may be contacted (rule ${rule}).`,
      );
    const full = rule === undefined ? undefined : capOf(rule, packs, record);
    if (full && (reason === "cap_reached" || reason === "journey_cap_reached"))
      lines.push(
        `Cap ${capInWords(full)} was reached over ${channel}${trusted ? `: ${countedBy(full, contacts, nextContact(record))} counted` : ""} (rule ${rule}).`,
      );
  }
  if (record.reply.kind === "act") {
    const { purpose, plan } = record.reply;
    purposes.add(purpose);
    for (const { channel } of plan) {
      lines.push(
        `Consent for ${purpose} over ${channel}: ${consentInWords(profile, purpose, channel, at, "not on record, and not needed")}.`,
      );
    }
    if (trusted)
      for (const c of [
        ...packCaps(packsFor(packs, purpose, [profile]), purpose),
        ...(cap ? [journeyCap(cap)] : []),
      ])
        lines.push(
          `Cap ${capInWords(c)}: ${countedBy(c, contacts, nextContact(record))} counted before (rule ${c.rule}).`,
        );
  }
  lines.push(
    profile.holds.length === 0
      ? "There was no hold."
      : `Holds: ${profile.holds.map((h) => `${h.kind} since ${isoTime(h.since)}${h.until === undefined ? "" : ` until ${isoTime(h.until)}`}`).join(", ")}.`,
  );
  return [...new Set(lines)];
}

function consentInWords(
  profile: Profile,
  purpose: Purpose,
  channel: Channel,
  at: number,
  none = "not on record",
): string {
  const state = consentOf([profile], purpose, channel, at);
  return state === "none" ? none : state === "granted" ? "given" : state;
}

function stoppedInWords(rule: string): string {
  const [, kind, name] = rule.split("/");
  return kind === "all" ? "every send" : `every send ${kind === "channel" ? "over" : "of journey"} ${name}`;
}

function placedRule(
  packs: readonly PolicyPackDefinition[],
  path: string,
): PolicyPackDefinition["rules"][number] | undefined {
  for (const purpose of ["marketing", "service", "collections"] as const)
    for (const placed of rulesFor(packs, purpose)) if (path.startsWith(`${placed.path}/`)) return placed.rule;
  return undefined;
}

/** The provision that a rule comes from, where it names one. */
function sourceOf(packs: readonly PolicyPackDefinition[], path: string): string {
  const source = placedRule(packs, path)?.source;
  return source ? `, after ${source.citation}` : "";
}

/** The cap that a rule's path names, of the packs or of the journey itself; `undefined` when it names none. */
export function capOf(
  rule: string,
  packs: readonly PolicyPackDefinition[],
  { request }: DecisionRecord,
): Cap | undefined {
  const caps = (["marketing", "service", "collections"] as const).flatMap((p) => packCaps(packs, p));
  return [...caps, ...(request.cap ? [journeyCap(request.cap)] : [])].find((c) => c.rule === rule);
}

const DAY_MS = 86_400_000;

function nextContact({ request }: DecisionRecord): Omit<NextContact, "channel"> {
  const { at, journey, moment, profile } = request;
  return { at, journey: journey.id, about: aboutOf(moment), zones: zonesOf([profile]) };
}

/** `of 3 marketing contacts in 7 days`, as the end of "the cap …". */
export function capInWords({ count, periodMs, calendar, purpose, journey, channels, per }: Cap): string {
  const of = [purpose, channels?.join(" or ")].filter((x) => x !== undefined).join(" ");
  const about = per === undefined ? "" : ` about the same ${per}`;
  const period = calendar
    ? `a calendar ${calendar}`
    : periodMs % DAY_MS === 0
      ? `${periodMs / DAY_MS} day${periodMs === DAY_MS ? "" : "s"}`
      : `${periodMs / 3_600_000} hours`;
  return `of ${count} ${of === "" ? "" : `${of} `}contact${count === 1 ? "" : "s"}${journey === undefined ? "" : journey === OWN_JOURNEY ? " of the same journey" : ` of journey ${journey}`}${about} in ${period}`;
}
