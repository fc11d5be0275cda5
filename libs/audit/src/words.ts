/** Words for people: times, reason codes, replies. */
import type { DecisionReply } from "#contracts";

/** ISO 8601; a time that has none (a replay clock beyond the calendar) in milliseconds. */
export function isoTime(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}

/** The same with the time of day where the customer lives, when that is known. */
export function timeThere(ms: number, timezone: string | undefined): string {
  const text = isoTime(ms);
  if (timezone === undefined) return text;
  try {
    const there = new Intl.DateTimeFormat("en-GB", {
      timeZone: timezone,
      hour: "2-digit",
      minute: "2-digit",
    });
    return `${text} (${there.format(ms)} in ${timezone})`;
  } catch {
    return text;
  }
}

/** A reason code as words: `no_consent_record` → `no consent record`. */
export function words(code: string): string {
  if (code === "stopped") return "stopped by the kill switch";
  return code.replaceAll("_", " ");
}

/** `a, b and c`; `nothing` of none. */
export function listed(names: readonly string[], last = "and"): string {
  return names.length < 2
    ? (names[0] ?? "nothing")
    : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;
}

/** To four decimals. */
export function rounded(value: number): string {
  return String(Math.round(value * 10_000) / 10_000);
}

/** To four decimals, and never below: for what must be reached. */
export function roundedUp(value: number): string {
  const up = Math.ceil(value * 10_000) / 10_000;
  return String(up >= value ? up : up + 0.0001);
}

/** What a decision comes to, as the object of a sentence. */
export function replyInWords(reply: DecisionReply, timezone?: string): string {
  switch (reply.kind) {
    case "act": {
      const [first, ...rest] = reply.plan.map((leg) => leg.channel);
      return `${reply.action} over ${first}${rest.length > 0 ? `, else over ${listed(rest, "or")}` : ""}`;
    }
    case "defer":
      return `to wait until ${timeThere(reply.until, timezone)} (${words(reply.reason)})`;
    case "none":
      return `to say nothing (${words(reply.reason)})`;
  }
}
