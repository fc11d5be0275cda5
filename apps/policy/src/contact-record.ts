/**
 * A contact as it lies in Redis: one line of text, its fields separated by semicolons, so that the scripts count
 * without decoding what counting does not need.
 *
 * `<state><counts><at>;<purpose>;<journey>;<used>;<debt>,<event>;<channels>;<urgent>;<cap>;<action>;<claims>`
 */
import { type Channel, type CommandEntry, type ContactAbout, type ReportedEntry } from "#contracts";
import { calendarWindow, journeyCap, type Cap, type Zone } from "#domain";

/** Raised when records or caps are written otherwise: what lies in Redis from before is then of another epoch. */
export const RECORD_LAYOUT = 3;

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

/** When and where a contact is to come: what the days of a calendar depend on. */
export interface Moment {
  readonly at: number;
  /** Where the customer may be; none: anywhere. */
  readonly zones: readonly Zone[];
}

/** A cap as the scripts read it: `<count>:<period, or from~to>:<purpose>:<journey>:<channels>:<debt or event>`. */
export function capText(cap: Cap, moment?: Moment): string {
  let window = String(cap.periodMs);
  if (cap.calendar && moment) {
    const { from, to } = calendarWindow(cap.calendar, moment.at, moment.zones);
    window = `${from}~${to}`;
  }
  const channels = cap.channels ? cap.channels.join(",") : "";
  return `${cap.count}:${window}:${cap.purpose ?? ""}:${safe(cap.journey ?? "")}:${channels}:${cap.per ?? ""}`;
}

/** In the place of `counts`, of a contact by another system: whatever its channel. */
const TOOK_PLACE = 2;

/** Several caps, as the scripts read them. */
export function capsText(caps: readonly Cap[], moment?: Moment): string {
  return caps.map((cap) => capText(cap, moment)).join(";");
}

/** What a contact is about, as the scripts read it. */
export function aboutText(about: ContactAbout | undefined): string {
  return about ? `${safe(about.debt ?? "")},${safe(about.event ?? "")}` : ",";
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
    aboutText(entry.about),
    entry.channels.join(","),
    entry.urgent ? 1 : 0,
    cap ? capText(journeyCap(cap)) : "",
    safe(entry.action),
    "",
  ].join(";");
}

/**
 * The record of a contact by another system: nothing of it is ours to send, or to take back. It took place, so that a call by
 * a human (`agent`) is a contact here, which a case for one is not.
 */
export function recordOfReported(
  entry: Pick<ReportedEntry, "purpose" | "channel" | "journey" | "at" | "about">,
): string {
  const { purpose, channel, journey = "", at, about } = entry;
  const said = [purpose, safe(journey), channel, aboutText(about), channel, 0, "", "", ""];
  return [`${recordStates.sent}${TOOK_PLACE}${at}`, ...said].join(";");
}
