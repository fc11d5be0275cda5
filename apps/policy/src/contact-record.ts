/**
 * A contact as it lies in Redis: one line of text, its fields separated by semicolons, so that the scripts count
 * without decoding what counting does not need.
 *
 * `<state><counts><at>;<purpose>;<journey>;<used>;<channels>;<urgent>;<cap>;<action>;<claims>`
 */
import type { Channel, CommandEntry } from "#contracts";
import type { Cap } from "#domain";

/** `reserved` (it takes budget until it is known that nothing was said), `sent`, `released`. */
export const recordStates = { reserved: "r", sent: "s", released: "x" } as const;
export type RecordState = (typeof recordStates)[keyof typeof recordStates];

const SPECIAL = /[%;:,=|\n\r]/g;

/** Text without the characters that separate. Equal texts stay equal, different ones different. */
export function safe(text: string): string {
  return text.replace(SPECIAL, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** What `safe` was made of. */
export function unsafe(text: string): string {
  return text.includes("%")
    ? text.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
}

/** A cap as the scripts read it: `<count>:<period>:<purpose>:<journey>:<channel>`. */
export function capText(cap: Cap): string {
  return `${cap.count}:${cap.periodMs}:${cap.purpose ?? ""}:${safe(cap.journey ?? "")}:${cap.channel ?? ""}`;
}

/** Several caps, as the scripts read them. */
export function capsText(caps: readonly Cap[]): string {
  return caps.map(capText).join(";");
}

/** The record of a contact in the ledger: when it was or may have been sent, and on which channels. */
export function recordOf(
  entry: CommandEntry,
  state: RecordState,
  at: number,
  used: readonly Channel[],
): string {
  const { cap } = entry;
  return [
    `${state}${entry.counts ? 1 : 0}${at}`,
    entry.purpose,
    safe(entry.journey),
    used.join(","),
    entry.channels.join(","),
    entry.urgent ? 1 : 0,
    cap ? `${cap.count}:${cap.periodMs}::${safe(cap.journey)}:` : "",
    safe(entry.action),
    "",
  ].join(";");
}
