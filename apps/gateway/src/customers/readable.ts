/** Audit records in words, for people who read a customer's timeline. */
import type { AuditEntry, AuditRecord, TimelineItem } from "#contracts";

export function timelineItem(record: AuditRecord): TimelineItem {
  const { n, at, event, entries } = record;
  return {
    n,
    at,
    time: isoTime(at),
    event: { id: event.id, source: event.source, type: event.type, time: isoTime(event.time) },
    text: entries.length > 0 ? entries.map(sentence) : ["Noted; no journey was concerned."],
    entries: [...entries],
  };
}

/** ISO 8601; a time that has none (a replay clock beyond the calendar) in milliseconds. */
export function isoTime(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}

/** A reason code as words: `no_consent_record` → `no consent record`. */
export function words(code: string): string {
  return code.replaceAll("_", " ");
}

function sentence(entry: AuditEntry): string {
  switch (entry.kind) {
    case "journey-entered":
      return `Entered journey ${entry.journey} (version ${entry.version}).`;
    case "journey-refused":
      return `Did not enter journey ${entry.journey}: ${words(entry.reason)}${entry.by ? ` (${entry.by} is open)` : ""}.`;
    case "journey-exited":
      return `Left journey ${entry.journey}: ${words(entry.reason)}${entry.by ? ` by ${entry.by}` : ""}.`;
    case "journey-outranked":
      return `In ${entry.journey}, step ${entry.step}: said nothing, because ${entry.by} spoke in the same moment.`;
    case "branch-started":
      return `Started branch ${entry.branch} of journey ${entry.journey}.`;
    case "branch-ended":
      return `Ended branch ${entry.branch} of journey ${entry.journey}: ${words(entry.reason)}.`;
    case "parallel-refused":
      return `In ${entry.journey}, step ${entry.step}: did not start the branches (${words(entry.reason)}).`;
    case "attributes-updated":
      return `In ${entry.journey}, step ${entry.step}: set ${entry.attributes.join(", ")}.`;
    case "goal-reached":
      return `Reached the goal of journey ${entry.journey}.`;
    case "journey-paused":
      return `Paused journey ${entry.journey}: ${words(entry.reason)}.`;
    case "journey-resumed":
      return `Journey ${entry.journey} goes on: no longer ${words(entry.reason)}.`;
    case "journey-migrated":
      return `Moved in journey ${entry.journey} from version ${entry.from} to ${entry.version} (${words(entry.reason)}).`;
    case "decision":
      return decided(entry);
    case "command":
      return `Ordered ${entry.action} over ${entry.channel}.`;
    case "contact-reported":
      return `${entry.conversation ? "Spoke with the customer" : "Contacted"} over ${entry.channel} for ${entry.purpose}, as another system reports.`;
    case "outcome": {
      const tried = entry.tried.map((t) => `${t.channel} (${words(t.reason)})`);
      return `${entry.action} over ${entry.channel}: ${entry.outcome} (${words(entry.reason)})${tried.length > 0 ? `, after ${tried.join(", ")}` : ""}.`;
    }
    case "profile-changed":
      return profileChanged(entry);
    case "expression-failed":
      return `An expression failed in ${entry.where}; it had no effect.`;
    default:
      return assertNever(entry);
  }
}

function profileChanged({ event, changes = [] }: Extract<AuditEntry, { kind: "profile-changed" }>): string {
  if (changes.length === 0) return `Consents, holds or profile changed by ${event}.`;
  const said = changes.map((c) => {
    switch (c.what) {
      case "consent":
        return `consent for ${c.purpose} over ${c.channel === "*" ? "every channel" : c.channel}${c.address === undefined ? "" : ` (address ${c.address})`} ${c.granted ? "given" : "refused"}${untilWords(c.until)}`;
      case "hold":
        return `${c.hold} hold ${c.placed ? "placed" : "lifted"}${c.by === undefined ? "" : ` by ${c.by}`}${untilWords(c.until)}`;
      case "timezone":
      case "language":
      case "country":
      case "region":
        return `${c.what} changed`;
      default:
        return assertNever(c);
    }
  });
  return `By ${event}: ${said.join(", ")}.`;
}

function untilWords(until: number | undefined): string {
  return until === undefined ? "" : ` until ${isoTime(until)}`;
}

function decided(entry: Extract<AuditEntry, { kind: "decision" }>): string {
  const where = `In ${entry.journey}, step ${entry.step}`;
  switch (entry.answer) {
    case "act":
      return `${where}: decided for ${entry.action ?? "an action"}${entry.channel ? ` over ${entry.channel}` : ""} (${words(entry.reason)}).`;
    case "defer":
      return `${where}: put off (${words(entry.reason)}).`;
    case "none":
      return `${where}: decided to say nothing (${words(entry.reason)}).`;
    case "unavailable":
      return `${where}: no decision in time, so the step's fallback was taken (${words(entry.reason)}).`;
    default:
      return assertNever(entry.answer);
  }
}

function assertNever(value: never): never {
  throw new Error(`unhandled: ${JSON.stringify(value)}`);
}
