/**
 * The policy index in Redis: per customer the profile and the contacts that take budget. It is an index only:
 * JetStream holds the truth, and an entry that is missing or of another epoch is `unknown` until rebuilt.
 *
 * I6 In no rolling window does a customer get more contacts than the cap (counting and reserving is one script).
 */
import { randomUUID } from "node:crypto";
import type { GateReply, GateRequest, Profile, ReasonCode } from "#contracts";
import { safe } from "./contact-record.js";
import { BEGIN, FOLD, GENERATION, INSTALL, PEEK, POSITION, REPORT, UNDO } from "./index-scripts.js";
import type { RedisConnection } from "./redis-connection.js";
import {
  parseProfile,
  readReserved,
  reserveArguments,
  type Forgotten,
  type NewerProfile,
  type Reserved,
  type ReserveRequest,
  type Unknown,
} from "./reserve-call.js";
import { unavailable } from "./script.js";
import { GATE, RELEASE, RESERVE } from "./scripts.js";

export interface IndexedProfile {
  readonly profile: Profile;
  /** Hashes of the profile events seen, oldest first, comma-separated. */
  readonly seen: string;
}

export interface Rebuilt extends IndexedProfile {
  /** Reservation id → record. */
  readonly contacts: ReadonlyMap<string, string>;
}

/** Where an event stands. */
export interface EventPosition {
  readonly stream: string;
  readonly seq: number;
}

export interface GateVerdicts {
  readonly urgent: ReasonCode;
  readonly other: ReasonCode;
}

const indexKey = (customer: string): string => `policy:{${customer}}:index`;
const contactsKey = (customer: string): string => `policy:{${customer}}:contacts`;
const GENERATION_KEY = "policy:generation";

export class PolicyIndex {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  get ready(): boolean {
    return this.#connection.ready;
  }

  async reserve(request: ReserveRequest): Promise<Reserved> {
    const keys = [indexKey(request.customerId), contactsKey(request.customerId), GENERATION_KEY];
    const answer = await RESERVE.run(
      this.#connection,
      keys.concat(reserveArguments(this.#connection.epoch, request)),
    );
    return readReserved(answer, request);
  }

  /**
   * What was judged of the profile of this version, for an urgent message and for any other; `permitted` or why not.
   * `missing`: the index has no such reservation.
   */
  async gate(
    request: GateRequest,
    version: string,
    verdicts: GateVerdicts,
    capsText: string,
  ): Promise<
    | Unknown
    | Forgotten
    | NewerProfile
    | { readonly kind: "missing" }
    /** It is reserved for a time after the calendar's day of which was asked. */
    | { readonly kind: "later"; readonly at: number }
    | { readonly kind: "answer"; readonly reply: GateReply }
  > {
    const [answer, detail = "", profile = ""] = await GATE.run(this.#connection, [
      indexKey(request.customerId),
      contactsKey(request.customerId),
      this.#connection.epoch,
      version,
      request.reservationId,
      String(request.attempt),
      safe(request.delivery),
      String(request.at),
      request.channel,
      safe(request.action),
      request.purpose,
      request.redelivered ? "1" : "",
      verdicts.urgent,
      verdicts.other,
      capsText,
      String(request.publishedAt),
    ]);
    if (answer === "unknown" || answer === "missing" || answer === "forgotten") return { kind: answer };
    if (answer === "later") return { kind: answer, at: Number(detail) };
    if (answer === "profile")
      return { kind: "newer-profile", version: detail, profile: parseProfile(profile) };
    const kind = answer === "go" || answer === "claimed" ? answer : "stop";
    return { kind: "answer", reply: { answer: kind, reason: detail as ReasonCode } };
  }

  /** Gives the budget of a reservation back. Nothing happens when it is settled already, or not known. */
  async release(customer: string, id: string): Promise<void> {
    await RELEASE.run(this.#connection, [
      indexKey(customer),
      contactsKey(customer),
      this.#connection.epoch,
      id,
    ]);
  }

  /** Counts a contact that another system reports. */
  async report(customer: string, at: EventPosition, id: string, record: string): Promise<void> {
    const keys = [indexKey(customer), contactsKey(customer), GENERATION_KEY];
    await REPORT.run(this.#connection, [
      ...keys,
      this.#connection.epoch,
      at.stream,
      String(at.seq),
      id,
      record,
    ]);
  }

  /** Takes a reservation away of which nobody was told: as if it had not been made. */
  async undo(customer: string, id: string): Promise<void> {
    await UNDO.run(this.#connection, [indexKey(customer), contactsKey(customer), this.#connection.epoch, id]);
  }

  /** Folds an event into a known profile; `change` answers undefined when there is nothing to write. */
  async fold(
    customer: string,
    at: EventPosition,
    change: (now: IndexedProfile) => IndexedProfile | undefined,
  ): Promise<void> {
    for (;;) {
      const event = [indexKey(customer), GENERATION_KEY, this.#connection.epoch, at.stream, String(at.seq)];
      const [known, seq, profile, seen = ""] = await PEEK.run(this.#connection, event);
      if (known !== "known" || seq === undefined || profile === undefined) return;
      const next = change({ profile: parseProfile(profile), seen });
      if (!next) return;
      const written = [seq, String(next.profile.seq), JSON.stringify(next.profile), next.seen];
      const [answer] = await FOLD.run(this.#connection, [...event, ...written]);
      if (answer !== "again") return;
    }
  }

  /** The generation of the index: all that was put into it since it was empty. Opens one. */
  async generation(positions: ReadonlyMap<string, number>): Promise<string> {
    const args = [GENERATION_KEY, this.#connection.epoch, randomUUID(), fieldsOf(positions)];
    return (await GENERATION.run(this.#connection, args))[0] ?? "";
  }

  /**
   * Opens a rebuild, before anything is read for it; answers its token, or undefined when the customer is known by now.
   * With `more` also then: for contacts that were ordered since.
   */
  async begin(
    customer: string,
    positions: ReadonlyMap<string, number>,
    more = false,
  ): Promise<string | undefined> {
    const epoch = this.#connection.epoch;
    const [answer, token] = await BEGIN.run(this.#connection, [
      indexKey(customer),
      GENERATION_KEY,
      epoch,
      `${epoch}#${randomUUID()}`,
      fieldsOf(positions),
      more ? "more" : "",
    ]);
    return answer === "known" ? undefined : token;
  }

  /**
   * Ends a rebuild. `again`: something happened since it began, read again. Answers the version of the profile when it was
   * this call that installed it.
   */
  async install(
    customer: string,
    token: string,
    rebuilt: Rebuilt,
    more = false,
  ): Promise<{ readonly again: boolean; readonly version?: string }> {
    const [answer, version] = await INSTALL.run(this.#connection, [
      indexKey(customer),
      contactsKey(customer),
      this.#connection.epoch,
      token,
      String(rebuilt.profile.seq),
      JSON.stringify(rebuilt.profile),
      rebuilt.seen,
      this.#connection.origin,
      more ? "more" : "",
      ...[...rebuilt.contacts].flat(),
    ]);
    return { again: answer === "again", ...(version ? { version } : {}) };
  }

  /** Up to where this tail has been followed into the index; undefined when nothing is built in this epoch. */
  async position(tail: string): Promise<number | undefined> {
    try {
      const [epoch, seq] = await this.#connection.redis.hmget(GENERATION_KEY, "epoch", tail);
      return epoch === this.#connection.epoch && seq ? Number(seq) : undefined;
    } catch (error) {
      throw unavailable(error);
    }
  }

  async movePosition(tail: string, seq: number): Promise<void> {
    await POSITION.run(this.#connection, [GENERATION_KEY, this.#connection.epoch, tail, String(seq)]);
  }
}

function fieldsOf(positions: ReadonlyMap<string, number>): string {
  return JSON.stringify([...positions].flatMap(([tail, seq]) => [tail, String(seq)]));
}
