/** The call that counts and reserves: what is asked, as the script reads it, and what it answers. */
import { profileV1, type Channel, type ContactAbout, type Profile, type Purpose } from "#contracts";
import type { Cap, Zone } from "#domain";
import { aboutText, capText, capsText, safe, unsafe, type Moment } from "./contact-record.js";
import type { NewCustomer } from "./new-customers.js";
import { PREVIEW } from "./scripts.js";

export interface Candidate {
  readonly action: string;
  readonly purpose: Purpose;
  readonly urgent: boolean;
  readonly channels: readonly Channel[];
}

/** The cap that leaves no room, by purpose and channel: nothing else of a candidate counts. */
export type FullCaps = ReadonlyMap<string, Cap>;

/** Key into `FullCaps`. */
export const fullKey = (purpose: Purpose, channel: Channel): string => `${purpose} ${channel}`;

/** A profile of the index; the same customer's with the same version is the same. */
export interface VersionedProfile {
  readonly version: string;
  readonly profile: Profile;
}

/** `generation`: of the index, when one is open. */
export type Unknown = { readonly kind: "unknown"; readonly generation?: string };
/** A cap looks back to contacts that were forgotten: they must be read from the ledger. */
export type Forgotten = { readonly kind: "forgotten" };
/** The index knows a newer profile than the one judged. */
export type NewerProfile = { readonly kind: "newer-profile" } & VersionedProfile;

/** `written`: version that the request's profile has in the index, when it was this call that put it there. */
export type Counted = {
  readonly full: FullCaps;
  readonly written: string | undefined;
  /** What is reserved now, by this call or by an earlier one for the same decision. */
  readonly reserved: { readonly action: string; readonly channels: readonly Channel[] } | undefined;
};
export type Reserved =
  | Unknown
  | Forgotten
  | NewerProfile
  | { readonly kind: "send-profile" }
  /** One of the reservations that it comes after stands. */
  | { readonly kind: "stopped" }
  | ({ readonly kind: "counted" } & Counted);

export interface ReserveRequest {
  readonly decisionId: string;
  /** Counts, and reserves nothing. */
  readonly preview?: boolean | undefined;
  /** Only if none of these reservations stands. */
  readonly after?: readonly string[] | undefined;
  readonly customerId: string;
  readonly at: number;
  readonly candidates: readonly Candidate[];
  /** Caps of the packs, per purpose. */
  readonly caps: (purpose: Purpose) => PurposeCaps;
  readonly journey?: string | undefined;
  readonly journeyCap?: Cap | undefined;
  readonly about?: ContactAbout | undefined;
  /** Where the customer may be; none: anywhere. */
  readonly zones: readonly Zone[];
  /** How far back any cap in force looks, also of other purposes: what is older may be forgotten. */
  readonly lookBackMs: number;
  readonly profile: Profile;
  /** Whether the index needs the profile, or has it already. */
  readonly sendProfile: boolean;
  readonly newCustomer?: NewCustomer | undefined;
  /** The newest `seq` of the profiles judged. */
  readonly judgedSeq: number;
}

/** Caps, and the same as the scripts read them. */
export interface PurposeCaps {
  readonly caps: readonly Cap[];
  readonly textAt: (moment: Moment) => string;
}

/** The text is made once, unless a calendar is among them. */
export function purposeCaps(caps: readonly Cap[]): PurposeCaps {
  if (caps.some((c) => c.calendar)) return { caps, textAt: (moment) => capsText(caps, moment) };
  const text = capsText(caps);
  return { caps, textAt: () => text };
}

/** The arguments of RESERVE. */
export function reserveArguments(epoch: string, request: ReserveRequest): string[] {
  const { newCustomer, profile, journeyCap, candidates } = request;
  const purposes = purposesOf(request);
  const args = [
    epoch,
    String(request.judgedSeq),
    String(profile.seq),
    request.sendProfile || newCustomer ? JSON.stringify(profile) : "",
    newCustomer?.generation ?? "",
    String(newCustomer?.lookedThrough ?? 0),
    newCustomer?.stream ?? "",
    (request.preview ? PREVIEW : "") + [request.decisionId, ...(request.after ?? [])].join("|"),
    String(request.at),
    String(request.lookBackMs),
    safe(request.journey ?? ""),
    journeyCap ? capText(journeyCap) : "",
    aboutText(request.about),
    String(purposes.length),
  ];
  for (const purpose of purposes) args.push(purpose, request.caps(purpose).textAt(request));
  for (const { purpose, urgent, channels, action } of candidates)
    args.push(`${purposes.indexOf(purpose) + 1}:${urgent ? 1 : 0}:${channels.join(",")}`, safe(action));
  return args;
}

/** What RESERVE has answered. */
export function readReserved(answer: readonly string[], request: ReserveRequest): Reserved {
  const [kind, first = "", second = "", third = "", written] = answer;
  if (kind === "unknown") return { kind, generation: first };
  if (kind === "stopped" || kind === "forgotten") return { kind };
  if (kind === "send") return { kind: "send-profile" };
  if (kind === "profile") return { kind: "newer-profile", version: first, profile: parseProfile(second) };
  return {
    kind: "counted",
    full: readFull(first, request),
    written: written || undefined,
    reserved:
      kind === "none" ? undefined : { action: unsafe(second), channels: third.split(",") as Channel[] },
  };
}

function purposesOf({ candidates }: ReserveRequest): readonly Purpose[] {
  const purposes: Purpose[] = [];
  for (const { purpose } of candidates) if (!purposes.includes(purpose)) purposes.push(purpose);
  return purposes;
}

const NONE: FullCaps = new Map();

/** `<purpose>:<channel>:<cap>` each, counted from 1; behind the caps of the purpose comes the journey's own. */
function readFull(text: string, request: ReserveRequest): FullCaps {
  if (text === "") return NONE;
  const purposes = purposesOf(request);
  const full = new Map<string, Cap>();
  for (const one of text.split(";")) {
    const [nth, channel, hit] = one.split(":");
    const purpose = purposes[Number(nth) - 1]!;
    const cap = request.caps(purpose).caps[Number(hit) - 1] ?? request.journeyCap;
    if (cap) full.set(fullKey(purpose, channel as Channel), cap);
  }
  return full;
}

/** A profile as the index holds it. Throws when it is none. */
export function parseProfile(text: string): Profile {
  return profileV1.parse(JSON.parse(text));
}
