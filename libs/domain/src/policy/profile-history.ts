/**
 * What a customer's profile events say, with what the profile itself leaves out: the evidence of each consent, who placed a
 * hold and why. Read from EVT when somebody asks; folded by the same function as the profile, so that the two agree.
 */
import {
  CHANNELS,
  consentKey,
  customerRegisteredV1,
  eventTypes,
  holdPlacedV1,
  type Channel,
  type ConsentChanged,
  type ConsentRecord,
  type ConsentStatement,
  type CustomerEvent,
  type HoldKind,
  type HoldRecord,
  type HoldStatement,
  type Profile,
  type Purpose,
} from "#contracts";
import { epochMs } from "../time/iso-text.js";
import { readConsent } from "./consent-record.js";
import { holds } from "./holds.js";
import { applyProfileEvent, emptyProfile } from "./profile.js";
import { wordOf } from "./reply-words.js";

/** The customer's profile events, each once, in the order of the stream. */
export class ProfileHistory {
  profile: Profile = emptyProfile;
  /** All that was told of consents, oldest first. */
  readonly consentsTold: ConsentStatement[] = [];
  /** All that was told of holds, oldest first. */
  readonly holdsTold: HoldStatement[] = [];
  /** By key of the profile: what the record goes back to. */
  readonly #consents = new Map<string, ConsentStatement>();
  readonly #holds = new Map<HoldKind, HoldStatement>();

  apply(event: CustomerEvent): void {
    const before = this.profile;
    this.profile = applyProfileEvent(before, event).profile;
    const taken = this.profile !== before;
    switch (event.type) {
      case eventTypes.consentChanged: {
        const read = readConsent(event.data);
        if (read.success) this.#told(event, read.data, before);
        break;
      }
      case eventTypes.registered: {
        const read = customerRegisteredV1.safeParse(event.data);
        for (const c of (read.success && read.data.consents) || []) this.#told(event, c, before);
        break;
      }
      case eventTypes.messageReceived:
        this.#replied(event, before);
        break;
      case eventTypes.holdPlaced:
      case eventTypes.holdLifted: {
        const read = holdPlacedV1.safeParse(event.data);
        if (!read.success) break;
        const { kind, reason, by, until } = read.data;
        const placed = event.type === eventTypes.holdPlaced;
        const statement: HoldStatement = {
          kind,
          placed,
          at: event.time,
          ...(by === undefined ? {} : { by }),
          ...(reason === undefined ? {} : { reason }),
          ...(until === undefined || !placed ? {} : { until: epochMs(until) }),
          taken,
          event: refOf(event),
        };
        this.holdsTold.push(statement);
        if (taken && placed) this.#holds.set(kind, statement);
      }
    }
    for (const key of this.#consents.keys())
      if (recordOf(this.profile, key) === undefined) this.#consents.delete(key);
  }

  /** What is on record now (epoch ms), in the order of purpose, channel and address. */
  consents(now: number): ConsentRecord[] {
    const { consents, consentsAt, consentUntil } = this.profile;
    return [...Object.entries(consents), ...Object.entries(consentsAt ?? {})]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, granted]) => {
        const [purpose, channel, address] = key.split(".") as [Purpose, Channel, string?];
        const told = this.#consents.get(key)!;
        const expiresAt = granted ? consentUntil?.[key] : undefined;
        return {
          purpose,
          channel,
          ...(address === undefined ? {} : { address }),
          state: !granted ? "refused" : expiresAt !== undefined && expiresAt <= now ? "expired" : "granted",
          ...(expiresAt === undefined ? {} : { expiresAt }),
          obtainedAt: told.obtainedAt,
          ...(told.evidence === undefined ? {} : { evidence: told.evidence }),
          source: told.source,
          event: told.event,
        };
      });
  }

  /** Holds that stand, and those whose end has come without their being lifted. */
  holds(now: number): HoldRecord[] {
    return this.profile.holds.map((hold) => {
      const told = this.#holds.get(hold.kind)!;
      return {
        kind: hold.kind,
        state: holds(hold, now) ? "holds" : "over",
        since: hold.since,
        ...(hold.until === undefined ? {} : { until: hold.until }),
        ...(told.by === undefined ? {} : { by: told.by }),
        ...(told.reason === undefined ? {} : { reason: told.reason }),
        event: told.event,
      };
    });
  }

  #told(event: CustomerEvent, change: ConsentChanged, before: Profile): void {
    const { purpose, address, granted, evidence } = change;
    const keys = (change.channel === "*" ? CHANNELS : [change.channel]).map((c) =>
      consentKey(purpose, c, address),
    );
    const statement: ConsentStatement = {
      purpose,
      channel: change.channel,
      ...(address === undefined ? {} : { address }),
      granted,
      obtainedAt: change.obtainedAt === undefined ? event.time : epochMs(change.obtainedAt),
      ...(change.expiresAt === undefined || !granted ? {} : { expiresAt: epochMs(change.expiresAt) }),
      ...(evidence === undefined ? {} : { evidence }),
      source: change.source ?? event.source,
      taken: keys.some((k) => recordOf(this.profile, k) === granted),
      event: refOf(event),
    };
    this.consentsTold.push(statement);
    for (const k of new Set([...keys, ...keysOf(this.profile)])) {
      const now = recordOf(this.profile, k);
      if (now === granted && (keys.includes(k) || now !== recordOf(before, k)))
        this.#consents.set(k, statement);
    }
  }

  #replied(event: CustomerEvent, before: Profile): void {
    const word = wordOf(event) ?? "other";
    for (const key of keysOf(before, this.profile)) {
      const granted = recordOf(this.profile, key);
      if (granted === undefined || granted === recordOf(before, key)) continue;
      const [purpose, channel, address] = key.split(".") as [Purpose, Channel, string?];
      const statement: ConsentStatement = {
        purpose,
        channel,
        ...(address === undefined ? {} : { address }),
        granted,
        obtainedAt: event.time,
        evidence: `${word.toUpperCase()} in a reply`,
        source: event.source,
        taken: true,
        event: refOf(event),
      };
      this.consentsTold.push(statement);
      this.#consents.set(key, statement);
    }
  }
}

function recordOf({ consents, consentsAt }: Profile, key: string): boolean | undefined {
  return consents[key] ?? consentsAt?.[key];
}

function keysOf(...profiles: Profile[]): Set<string> {
  return new Set(profiles.flatMap((p) => [...Object.keys(p.consents), ...Object.keys(p.consentsAt ?? {})]));
}

function refOf({ id, source, sourceUri, type, seq }: CustomerEvent): ConsentStatement["event"] {
  return { id, source: sourceUri ?? source, type, seq };
}
