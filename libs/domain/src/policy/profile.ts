/**
 * The profile: consents, holds, time zone, language and place of one customer, folded from events. The context actor
 * and the policy service's index fold the same events with this one function, so that both copies agree.
 *
 * `seq` is the EVT sequence of the last event that changed the profile; an event at or below it is already in.
 */
import {
  CHANNELS,
  consentKey,
  customerRegisteredV1,
  eventTypes,
  holdLiftedV1,
  holdPlacedV1,
  messageReceivedV1,
  PURPOSES,
  type ConsentChanged,
  type CustomerEvent,
  type Profile,
  type ProfileChangeEntry,
} from "#contracts";
import { epochMs } from "../time/iso-text.js";
import { channelsOfReply, readConsent, readReply, withConsents, withReply } from "./consent-record.js";
import { withHold } from "./holds.js";
import { wordOf } from "./reply-words.js";

/** What is known of a customer of whom nothing was said yet. */
export const emptyProfile: Profile = Object.freeze({ seq: 0, consents: {}, holds: [] });

export type ProfileEvent = Pick<CustomerEvent, "type" | "data" | "seq" | "time">;

export type ProfileChange =
  | { readonly kind: "unchanged"; readonly profile: Profile }
  | { readonly kind: "changed"; readonly profile: Profile }
  /** The event's data is not what its type promises; `detail` names the field. The profile stays as it was. */
  | { readonly kind: "invalid"; readonly profile: Profile; readonly detail: string };

/** Families (first token of the type) of the events that can change a profile. */
export const PROFILE_FAMILIES = ["customer", "consent", "hold", "message"] as const;

/** What an event that changed a profile said, for the audit: without the values that may be personal. */
export function profileChangesOf(before: Profile, after: Profile, event: ProfileEvent): ProfileChangeEntry[] {
  const changes: ProfileChangeEntry[] = [];
  const consent = ({ purpose, channel, granted, address, expiresAt }: ConsentChanged): void =>
    void changes.push({
      what: "consent",
      purpose,
      channel,
      granted,
      ...(address === undefined ? {} : { address }),
      ...(expiresAt === undefined || !granted ? {} : { until: epochMs(expiresAt) }),
    });
  if (event.type === eventTypes.consentChanged) {
    const read = readConsent(event.data);
    if (read.success) consent(read.data);
  }
  if (event.type === eventTypes.registered)
    for (const c of customerRegisteredV1.parse(event.data).consents ?? []) consent(c);
  if (event.type === eventTypes.messageReceived) {
    const { address, channel: by } = readReply(event.data);
    for (const purpose of PURPOSES)
      for (const channel of channelsOfReply(by)) {
        const key = consentKey(purpose, channel, address);
        const recordIn = (p: Profile): boolean | undefined => p.consentsAt?.[key] ?? p.consents[key];
        const granted = recordIn(after);
        if (granted !== undefined && granted !== recordIn(before))
          consent({ purpose, channel, granted, ...(address === undefined ? {} : { address }) });
      }
  }
  const by = byOf(event);
  for (const h of after.holds)
    if (!before.holds.includes(h))
      changes.push({
        what: "hold",
        hold: h.kind,
        placed: true,
        ...by,
        ...(h.until === undefined ? {} : { until: h.until }),
      });
  for (const { kind } of before.holds)
    if (!after.holds.some((h) => h.kind === kind))
      changes.push({ what: "hold", hold: kind, placed: false, ...by });
  if (before.timezone !== after.timezone) changes.push({ what: "timezone" });
  if (before.language !== after.language) changes.push({ what: "language" });
  if (before.country !== after.country) changes.push({ what: "country" });
  if (before.region !== after.region) changes.push({ what: "region" });
  return changes;
}

function byOf({ data }: ProfileEvent): { by?: string } {
  return typeof data["by"] === "string" ? { by: data["by"] } : {};
}

/** Folds one event into a profile. Events of other types leave it unchanged. */
export function applyProfileEvent(profile: Profile, event: ProfileEvent): ProfileChange {
  if (event.seq <= profile.seq) return { kind: "unchanged", profile };
  switch (event.type) {
    case eventTypes.registered: {
      const parsed = customerRegisteredV1.safeParse(event.data);
      if (!parsed.success) return invalid(profile, parsed.error);
      const { timezone, language, country, region, consents = [], addresses } = parsed.data;
      return changed(profile, event, {
        ...withConsents(profile, consents, event.time),
        ...(timezone === undefined ? {} : { timezone }),
        ...(language === undefined ? {} : { language }),
        ...(country === undefined ? {} : { country }),
        ...(region === undefined ? {} : { region }),
        ...(addresses === undefined ? {} : { addresses: { ...profile.addresses, ...addresses } }),
      });
    }
    case eventTypes.consentChanged: {
      const parsed = readConsent(event.data);
      if (!parsed.success) return invalid(profile, parsed.error);
      return changed(profile, event, withConsents(profile, [parsed.data], event.time));
    }
    case eventTypes.messageReceived: {
      const word = wordOf(event);
      const parsed = messageReceivedV1.safeParse(event.data);
      if (!parsed.success && word !== "stop") return invalid(profile, parsed.error);
      if (word !== "stop" && word !== "start") return { kind: "unchanged", profile };
      return changed(profile, event, withReply(profile, word, readReply(event.data)));
    }
    case eventTypes.holdPlaced: {
      const parsed = holdPlacedV1.safeParse(event.data);
      if (!parsed.success) return invalid(profile, parsed.error);
      return changed(profile, event, { ...profile, holds: withHold(profile.holds, parsed.data, event.time) });
    }
    case eventTypes.holdLifted: {
      const parsed = holdLiftedV1.safeParse(event.data);
      if (!parsed.success) return invalid(profile, parsed.error);
      const holds = profile.holds.filter((h) => h.kind !== parsed.data.kind);
      if (holds.length === profile.holds.length) return { kind: "unchanged", profile };
      return changed(profile, event, { ...profile, holds });
    }
    default:
      return { kind: "unchanged", profile };
  }
}

function changed(before: Profile, event: ProfileEvent, after: Profile): ProfileChange {
  if (same(before, after)) return { kind: "unchanged", profile: before };
  return { kind: "changed", profile: { ...after, seq: event.seq } };
}

/** Consents and holds stay the same objects when nothing about them has changed. */
function same(a: Profile, b: Profile): boolean {
  return (
    a.timezone === b.timezone &&
    a.language === b.language &&
    a.country === b.country &&
    a.region === b.region &&
    a.holds === b.holds &&
    a.consents === b.consents &&
    a.consentsAt === b.consentsAt &&
    a.consentUntil === b.consentUntil &&
    a.stopped === b.stopped &&
    a.refusedAt === b.refusedAt &&
    CHANNELS.every((c) => a.addresses?.[c] === b.addresses?.[c])
  );
}

interface ParseFailure {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

function invalid(profile: Profile, error: ParseFailure): ProfileChange {
  const detail = error.issues.map((i) => `data.${i.path.map(String).join(".")}: ${i.message}`).join("; ");
  return { kind: "invalid", profile, detail };
}
