/**
 * The policy index in Redis: per customer the profile and the contacts that take budget. It is an index only:
 * JetStream holds the truth, and an entry that is missing or of another epoch is `unknown` until rebuilt.
 *
 * I6 In no rolling window does a customer get more contacts than the cap (counting and reserving is one script).
 */
import { randomUUID } from "node:crypto";
import {
  profileV1,
  type Channel,
  type GateReply,
  type GateRequest,
  type Profile,
  type ReasonCode,
} from "#contracts";
import type { Cap } from "#domain";
import { parseRecord, scriptCap, type ContactRecord, type RecordState } from "./contact-record.js";
import type { RedisConnection } from "./redis-connection.js";
import {
  BEGIN,
  CONFIRM,
  FOLD,
  GATE,
  INSTALL,
  PEEK,
  RESERVE,
  SETTLE,
  WATERMARK,
  unavailable,
} from "./scripts.js";

const DAY_MS = 86_400_000;
/** How long contacts are kept for counting: no cap may look back further. */
export const CONTACTS_KEPT_MS = 100 * DAY_MS;
/** Reservations that do not count are kept as long as a command may live. */
const OTHERS_KEPT_MS = 14 * DAY_MS;

export interface Candidate {
  readonly action: string;
  readonly purpose: ContactRecord["p"];
  readonly urgent?: boolean | undefined;
  readonly channels: readonly Channel[];
  readonly caps: readonly Cap[];
}

/** A cap that left no room: for this candidate and channel (indices into the request). */
export interface CapDenial {
  readonly candidate: number;
  readonly channel: number;
  readonly cap: Cap;
}

export type Unknown = { readonly kind: "unknown" };
/** The index knows a newer profile than the one judged. */
export type NewerProfile = { readonly kind: "newer-profile"; readonly profile: Profile };

export type Reserved =
  | Unknown
  | NewerProfile
  | { readonly kind: "none"; readonly denials: readonly CapDenial[] }
  /** `held`: it stood already, by an earlier request for the same decision. */
  | {
      readonly kind: "reserved" | "held";
      readonly record: ContactRecord;
      readonly denials: readonly CapDenial[];
    };

export interface ReserveRequest {
  readonly decisionId: string;
  readonly customerId: string;
  readonly at: number;
  readonly candidates: readonly Candidate[];
  readonly journey?: string | undefined;
  readonly journeyCap?: Cap | undefined;
  readonly profile: Profile;
  /** The newest `seq` of the profiles judged. */
  readonly judgedSeq: number;
}

export interface IndexedProfile {
  readonly profile: Profile;
  /** Hashes of the profile events seen, oldest first, comma-separated. */
  readonly seen: string;
}

export interface Rebuilt extends IndexedProfile {
  readonly contacts: ReadonlyMap<string, ContactRecord>;
}

const indexKey = (customer: string): string => `policy:{${customer}}:index`;
const contactsKey = (customer: string): string => `policy:{${customer}}:contacts`;
const WATERMARK_KEY = "policy:watermark";

export class PolicyIndex {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  get ready(): boolean {
    return this.#connection.ready;
  }

  async reserve(request: ReserveRequest): Promise<Reserved> {
    const caps = [...new Set(request.candidates.flatMap((c) => c.caps))];
    const [kind, first = "", record] = await RESERVE.run(
      this.#redis,
      ...this.#keys(request.customerId),
      this.#connection.epoch,
      String(request.judgedSeq),
      JSON.stringify(request.profile),
      String(request.profile.seq),
      JSON.stringify({
        id: request.decisionId,
        at: request.at,
        keep: CONTACTS_KEPT_MS,
        keepOther: OTHERS_KEPT_MS,
        journey: request.journey,
        journeyCap: request.journeyCap && scriptCap(request.journeyCap),
        caps: caps.map(scriptCap),
        candidates: request.candidates.map((c) => ({
          a: c.action,
          u: c.purpose,
          g: c.urgent ? 1 : undefined,
          ch: c.channels,
          caps: c.caps.map((cap) => caps.indexOf(cap) + 1),
        })),
      }),
    );
    if (kind === "unknown") return { kind };
    if (kind === "profile") return { kind: "newer-profile", profile: parseProfile(first) };
    const denials = parseDenials(first, caps);
    if (kind === "none" || record === undefined) return { kind: "none", denials };
    return { kind: kind === "held" ? "held" : "reserved", record: parseRecord(record), denials };
  }

  /** Once the ledger has it: `ok` when it still stands; `full` when the index was lost and there is no room left. */
  async confirm(
    customer: string,
    id: string,
    record: ContactRecord,
    caps: readonly Cap[],
  ): Promise<"ok" | "full" | "unknown"> {
    const channel = record.u.split(",")[0];
    const mine = caps.filter((c) => c.channel === undefined || c.channel === channel).map(scriptCap);
    const [answer] = await CONFIRM.run(
      this.#redis,
      ...this.#keys(customer),
      this.#connection.epoch,
      id,
      JSON.stringify(record),
      JSON.stringify(mine),
    );
    return answer === "ok" || answer === "full" ? answer : "unknown";
  }

  async profile(customer: string): Promise<Unknown | { readonly kind: "known"; readonly profile: Profile }> {
    try {
      const [epoch, profile] = await this.#redis.hmget(indexKey(customer), "epoch", "profile");
      if (epoch !== this.#connection.epoch || !profile) return { kind: "unknown" };
      return { kind: "known", profile: parseProfile(profile) };
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** What was judged of the profile with sequence `judgedSeq`, for an urgent message and for any other; `permitted` or why not. */
  async gate(
    request: GateRequest,
    judgedSeq: number,
    verdicts: { readonly urgent: ReasonCode; readonly other: ReasonCode },
    caps: readonly Cap[],
  ): Promise<Unknown | NewerProfile | { readonly kind: "answer"; readonly reply: GateReply }> {
    const [answer, detail = ""] = await GATE.run(
      this.#redis,
      ...this.#keys(request.customerId),
      this.#connection.epoch,
      String(judgedSeq),
      request.reservationId,
      JSON.stringify({
        action: request.action,
        purpose: request.purpose,
        channel: request.channel,
        attempt: String(request.attempt),
        delivery: request.delivery,
        at: request.at,
        redelivered: request.redelivered,
        publishedAt: request.publishedAt,
        verdicts,
        caps: caps.map(scriptCap),
      }),
    );
    if (answer === "unknown") return { kind: "unknown" };
    if (answer === "profile") return { kind: "newer-profile", profile: parseProfile(detail) };
    const kind = answer === "go" || answer === "claimed" ? answer : "stop";
    return { kind: "answer", reply: { answer: kind, reason: detail as ReasonCode } };
  }

  /** What became of a reservation. Nothing happens when it is settled already, or not known. */
  async settle(customer: string, id: string, state: RecordState): Promise<void> {
    await SETTLE.run(this.#redis, ...this.#keys(customer), this.#connection.epoch, id, state);
  }

  /** Folds into a known profile; `change` answers undefined when there is nothing to write. */
  async fold(customer: string, change: (now: IndexedProfile) => IndexedProfile | undefined): Promise<void> {
    for (;;) {
      const epoch = this.#connection.epoch;
      const [known, seq, profile, seen = ""] = await PEEK.run(this.#redis, indexKey(customer), epoch);
      if (known !== "known" || seq === undefined || profile === undefined) return;
      const next = change({ profile: parseProfile(profile), seen });
      if (!next) return;
      const [answer] = await FOLD.run(
        this.#redis,
        indexKey(customer),
        epoch,
        seq,
        String(next.profile.seq),
        JSON.stringify(next.profile),
        next.seen,
      );
      if (answer !== "again") return;
    }
  }

  /** Opens a rebuild, before anything is read for it; answers its token, or undefined when it is known by now. */
  async begin(customer: string, positions: ReadonlyMap<string, number>): Promise<string | undefined> {
    const epoch = this.#connection.epoch;
    const fields = [...positions].flatMap(([tail, seq]) => [tail, String(seq)]);
    const [answer, token] = await BEGIN.run(
      this.#redis,
      indexKey(customer),
      WATERMARK_KEY,
      epoch,
      `${epoch}#${randomUUID()}`,
      JSON.stringify(fields),
    );
    return answer === "known" ? undefined : token;
  }

  /** Ends a rebuild. False when something happened since it began: read again. */
  async install(customer: string, token: string, rebuilt: Rebuilt): Promise<boolean> {
    const [answer] = await INSTALL.run(
      this.#redis,
      ...this.#keys(customer),
      this.#connection.epoch,
      token,
      String(rebuilt.profile.seq),
      JSON.stringify(rebuilt.profile),
      rebuilt.seen,
      this.#connection.origin,
      ...[...rebuilt.contacts].flatMap(([id, record]) => [id, JSON.stringify(record)]),
    );
    return answer !== "again";
  }

  /** Up to where this tail has been followed into the index; undefined when nothing is built in this epoch. */
  async watermark(tail: string): Promise<number | undefined> {
    try {
      const [epoch, seq] = await this.#redis.hmget(WATERMARK_KEY, "epoch", tail);
      return epoch === this.#connection.epoch && seq ? Number(seq) : undefined;
    } catch (error) {
      throw unavailable(error);
    }
  }

  async moveWatermark(tail: string, seq: number): Promise<void> {
    await WATERMARK.run(this.#redis, WATERMARK_KEY, this.#connection.epoch, tail, String(seq));
  }

  get #redis(): RedisConnection["redis"] {
    return this.#connection.redis;
  }

  #keys(customer: string): [string, string] {
    return [indexKey(customer), contactsKey(customer)];
  }
}

function parseDenials(text: string, caps: readonly Cap[]): readonly CapDenial[] {
  if (text === "") return [];
  return text.split(";").flatMap((one) => {
    const [candidate = 0, channel = 0, index = 0] = one.split(":").map(Number);
    const cap = caps[index - 1];
    return cap ? [{ candidate: candidate - 1, channel: channel - 1, cap }] : [];
  });
}

function parseProfile(text: string): Profile {
  return profileV1.parse(JSON.parse(text));
}
