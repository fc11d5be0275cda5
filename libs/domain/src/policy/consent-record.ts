/**
 * How the consents of a profile change: by what is told (`consent.changed`, `customer.registered`) and by words in replies.
 * Pure, and folded alike by the context actor and the policy index.
 *
 * - A refusal of a channel covers all its addresses; a grant of a channel lifts no refusal of a single address.
 * - A refusal never expires, and is never lost for a formality: where the rest of the event cannot be read, it refuses the
 *   channel.
 * - A grant that was obtained long before it is told (an import, a late form) lifts no refusal that may be younger: who
 *   refused and has changed their mind says so anew.
 * - STOP refuses on the channel and address that it came by (on every channel, where that cannot be read). START brings
 *   back what STOP has ended, nothing else: it is no consent by itself.
 */
import {
  CHANNELS,
  consentChangedV1,
  consentKey,
  messageReceivedV1,
  PURPOSES,
  type Channel,
  type ConsentChanged,
  type Profile,
  type Purpose,
} from "#contracts";
import { epochMs } from "../time/iso-text.js";

/** A grant that is told later than this after it was obtained is history. */
const HISTORIC_MS = 86_400_000;
/** Addresses with consents of their own, all channels together. */
const MAX_ADDRESSES = 64;

const refusalV1 = consentChangedV1.pick({ purpose: true, channel: true });

/** What `consent.changed` says; `undefined` with what is wrong where it cannot be read and is no refusal. */
export function readConsent(data: unknown): ReturnType<typeof consentChangedV1.safeParse> {
  const parsed = consentChangedV1.safeParse(data);
  if (parsed.success || (data as { granted?: unknown } | undefined)?.granted !== false) return parsed;
  const refusal = refusalV1.safeParse(data);
  return refusal.success ? { success: true, data: { ...refusal.data, granted: false } } : parsed;
}

/** What of a reply says whom and where it is about. */
export interface Reply {
  /** `*` where it cannot be read. */
  readonly channel: Channel | "*";
  readonly address?: string | undefined;
  readonly purpose?: Purpose | undefined;
}

/** The reply of an event's data; of one that cannot be read, the channel if possible: for a STOP that must not be lost. */
export function readReply(data: Readonly<Record<string, unknown>>): Reply {
  const parsed = messageReceivedV1.safeParse(data);
  if (parsed.success) return parsed.data;
  const channel = messageReceivedV1.shape.channel.safeParse(data["channel"]);
  return { channel: channel.success ? channel.data : "*" };
}

/** Where a text to a number arrives, calls do, too: 47 CFR 64.1200(a)(10) has a word end both. */
export function channelsOfReply(channel: Reply["channel"]): readonly Channel[] {
  if (channel === "*") return CHANNELS;
  return channel === "sms" || channel === "ivr" ? ["sms", "ivr"] : [channel];
}

/** The profile after these changes, in order. `at`: the time of the event that tells them, epoch ms. */
export function withConsents(profile: Profile, changes: readonly ConsentChanged[], at: number): Profile {
  if (changes.length === 0) return profile;
  const draft = new Draft(profile);
  for (const change of changes)
    for (const channel of change.channel === "*" ? CHANNELS : [change.channel])
      draft.tell(change, channel, at);
  return draft.done();
}

/** The profile after a reply that says STOP or START. */
export function withReply(profile: Profile, word: "stop" | "start", reply: Reply): Profile {
  const draft = new Draft(profile);
  if (word === "stop") {
    for (const purpose of new Set<Purpose>(["marketing", reply.purpose ?? "marketing"]))
      for (const channel of channelsOfReply(reply.channel))
        draft.stop(consentKey(purpose, channel), reply.address);
  } else {
    for (const purpose of PURPOSES)
      for (const channel of channelsOfReply(reply.channel))
        draft.start(consentKey(purpose, channel), reply.address);
  }
  return draft.done();
}

class Draft {
  readonly #profile: Profile;
  readonly #consents: Record<string, boolean>;
  readonly #at: Record<string, boolean>;
  readonly #until: Record<string, number>;
  readonly #stopped: Record<string, boolean>;
  readonly #refusedAt: Record<string, number>;

  constructor(profile: Profile) {
    this.#profile = profile;
    this.#consents = { ...profile.consents };
    this.#at = { ...profile.consentsAt };
    this.#until = { ...profile.consentUntil };
    this.#stopped = { ...profile.stopped };
    this.#refusedAt = { ...profile.refusedAt };
  }

  tell(change: ConsentChanged, channel: Channel, at: number): void {
    const key = consentKey(change.purpose, channel);
    const { granted, address } = change;
    const k = address === undefined ? key : `${key}.${address}`;
    const obtainedAt = change.obtainedAt === undefined ? undefined : epochMs(change.obtainedAt);
    if (granted) {
      const refused = this.#at[k] === false || this.#consents[k] === false ? k : key;
      if (obtainedAt !== undefined && obtainedAt < at - HISTORIC_MS && this.#refuses(refused, obtainedAt))
        return;
    } else if (address === undefined) for (const other of this.#addressesOf(key)) this.#forget(other);
    this.#put(key, address, granted);
    delete this.#until[k];
    delete this.#refusedAt[k];
    if (!this.#has(k)) return;
    if (granted && change.expiresAt !== undefined) this.#until[k] = epochMs(change.expiresAt);
    if (!granted && obtainedAt !== undefined) this.#refusedAt[k] = obtainedAt;
  }

  /** True when a refusal under this key may be younger than what was obtained then. */
  #refuses(k: string, obtainedAt: number): boolean {
    const record = this.#at[k] ?? this.#consents[k];
    return record === false && obtainedAt <= (this.#refusedAt[k] ?? Infinity);
  }

  stop(key: string, address: string | undefined): void {
    const k = address === undefined ? key : `${key}.${address}`;
    const before = address === undefined ? this.#consents[key] : this.#at[k];
    if (address === undefined)
      for (const other of this.#addressesOf(key)) {
        if (!this.#at[other]) continue;
        delete this.#at[other];
        this.#stopped[other] = true;
      }
    if (before === false) return;
    this.#put(key, address, false);
    delete this.#refusedAt[k];
    if (this.#has(k)) this.#stopped[k] = before === true;
  }

  start(key: string, address: string | undefined): void {
    for (const k of Object.keys(this.#stopped)) {
      const own = k === key ? undefined : k.startsWith(`${key}.`) ? k.slice(key.length + 1) : null;
      if (own === null) continue;
      // An address is brought back by a word from there, or where a word without one had ended it.
      if (own !== undefined && (address === undefined ? this.#at[k] === false : own !== address)) continue;
      const records = own === undefined ? this.#consents : this.#at;
      if (this.#stopped[k]) records[k] = true;
      else delete records[k];
      delete this.#stopped[k];
    }
  }

  /** What is on record under a key, by whatever was told last. */
  #put(key: string, address: string | undefined, granted: boolean): void {
    if (address === undefined) {
      this.#consents[key] = granted;
      delete this.#stopped[key];
      return;
    }
    const k = `${key}.${address}`;
    if (this.#at[k] === undefined && Object.keys(this.#at).length >= MAX_ADDRESSES) {
      // No room: a grant is not taken, and a refusal refuses the channel.
      if (!granted) this.#consents[key] = false;
      return;
    }
    this.#at[k] = granted;
    delete this.#stopped[k];
  }

  #has(k: string): boolean {
    return k in this.#consents || k in this.#at;
  }

  #forget(k: string): void {
    delete this.#at[k];
    delete this.#until[k];
    delete this.#stopped[k];
    delete this.#refusedAt[k];
  }

  /** Keys of what is, or was, on record for single addresses of a channel. */
  #addressesOf(key: string): string[] {
    return [...new Set([...Object.keys(this.#at), ...Object.keys(this.#stopped)])].filter((k) =>
      k.startsWith(`${key}.`),
    );
  }

  /** The profile itself where nothing has changed; what is empty is left out. */
  done(): Profile {
    const { consentsAt: at, consentUntil: until, stopped, refusedAt, ...rest } = this.#profile;
    const before = this.#profile;
    const same =
      sameRecord(before.consents, this.#consents) &&
      sameRecord(at, this.#at) &&
      sameRecord(until, this.#until) &&
      sameRecord(stopped, this.#stopped) &&
      sameRecord(refusedAt, this.#refusedAt);
    if (same) return before;
    return {
      ...rest,
      consents: this.#consents,
      ...(isEmpty(this.#at) ? {} : { consentsAt: this.#at }),
      ...(isEmpty(this.#until) ? {} : { consentUntil: this.#until }),
      ...(isEmpty(this.#stopped) ? {} : { stopped: this.#stopped }),
      ...(isEmpty(this.#refusedAt) ? {} : { refusedAt: this.#refusedAt }),
    };
  }
}

const isEmpty = (record: object): boolean => Object.keys(record).length === 0;

function sameRecord<T>(a: Readonly<Record<string, T>> = {}, b: Readonly<Record<string, T>>): boolean {
  const keys = Object.keys(b);
  return keys.length === Object.keys(a).length && keys.every((k) => a[k] === b[k]);
}
