/**
 * The profile: consents, holds, time zone, language and place of one customer, folded from events. The context actor
 * and the policy service's index fold the same events with this one function, so that both copies agree.
 *
 * `seq` is the EVT sequence of the last event that changed the profile; an event at or below it is already in.
 */
import {
  CHANNELS,
  consentChangedV1,
  consentKey,
  customerRegisteredV1,
  eventTypes,
  holdLiftedV1,
  holdPlacedV1,
  type ConsentChanged,
  type CustomerEvent,
  type HoldKind,
  type Profile,
  type ProfileChangeEntry,
} from "#contracts";

/** What is known of a customer of whom nothing was said yet. */
export const emptyProfile: Profile = Object.freeze({ seq: 0, consents: {}, holds: [] });

export type ProfileEvent = Pick<CustomerEvent, "type" | "data" | "seq" | "time">;

export type ProfileChange =
  | { readonly kind: "unchanged"; readonly profile: Profile }
  | { readonly kind: "changed"; readonly profile: Profile }
  /** The event's data is not what its type promises; `detail` names the field. The profile stays as it was. */
  | { readonly kind: "invalid"; readonly profile: Profile; readonly detail: string };

/** Families (first token of the type) of the events that can change a profile. */
export const PROFILE_FAMILIES = ["customer", "consent", "hold"] as const;

/** What an event that changed a profile said, for the audit: without the values that may be personal. */
export function profileChangesOf(before: Profile, after: Profile, event: ProfileEvent): ProfileChangeEntry[] {
  const changes: ProfileChangeEntry[] = [];
  const consent = ({ purpose, channel, granted }: ConsentChanged): void =>
    void changes.push({ what: "consent", purpose, channel, granted });
  if (event.type === eventTypes.consentChanged) consent(consentChangedV1.parse(event.data));
  if (event.type === eventTypes.registered)
    for (const c of customerRegisteredV1.parse(event.data).consents ?? []) consent(c);
  const kinds = (p: Profile): HoldKind[] => p.holds.map((h) => h.kind);
  for (const hold of kinds(after))
    if (!kinds(before).includes(hold)) changes.push({ what: "hold", hold, placed: true });
  for (const hold of kinds(before))
    if (!kinds(after).includes(hold)) changes.push({ what: "hold", hold, placed: false });
  if (before.timezone !== after.timezone) changes.push({ what: "timezone" });
  if (before.language !== after.language) changes.push({ what: "language" });
  if (before.country !== after.country) changes.push({ what: "country" });
  if (before.region !== after.region) changes.push({ what: "region" });
  return changes;
}

/** Folds one event into a profile. Events of other types leave it unchanged. */
export function applyProfileEvent(profile: Profile, event: ProfileEvent): ProfileChange {
  if (event.seq <= profile.seq) return { kind: "unchanged", profile };
  switch (event.type) {
    case eventTypes.registered: {
      const parsed = customerRegisteredV1.safeParse(event.data);
      if (!parsed.success) return invalid(profile, parsed.error);
      const { timezone, language, country, region, consents = [] } = parsed.data;
      return changed(profile, event, {
        ...profile,
        ...(timezone === undefined ? {} : { timezone }),
        ...(language === undefined ? {} : { language }),
        ...(country === undefined ? {} : { country }),
        ...(region === undefined ? {} : { region }),
        consents: consents.reduce(withConsent, profile.consents),
      });
    }
    case eventTypes.consentChanged: {
      const parsed = consentChangedV1.safeParse(event.data);
      if (!parsed.success) return invalid(profile, parsed.error);
      return changed(profile, event, { ...profile, consents: withConsent(profile.consents, parsed.data) });
    }
    case eventTypes.holdPlaced: {
      const parsed = holdPlacedV1.safeParse(event.data);
      if (!parsed.success) return invalid(profile, parsed.error);
      const { kind } = parsed.data;
      if (profile.holds.some((h) => h.kind === kind)) return { kind: "unchanged", profile };
      return changed(profile, event, { ...profile, holds: [...profile.holds, { kind, since: event.time }] });
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

/** `*` stands for every channel, so that one refusal of `*` is the full opt-out of a purpose. */
function withConsent(consents: Profile["consents"], change: ConsentChanged): Profile["consents"] {
  const next = { ...consents };
  for (const channel of change.channel === "*" ? CHANNELS : [change.channel]) {
    next[consentKey(change.purpose, channel)] = change.granted;
  }
  return next;
}

function changed(before: Profile, event: ProfileEvent, after: Profile): ProfileChange {
  if (same(before, after)) return { kind: "unchanged", profile: before };
  return { kind: "changed", profile: { ...after, seq: event.seq } };
}

function same(a: Profile, b: Profile): boolean {
  const keys = Object.keys(b.consents);
  return (
    a.timezone === b.timezone &&
    a.language === b.language &&
    a.country === b.country &&
    a.region === b.region &&
    a.holds === b.holds &&
    keys.length === Object.keys(a.consents).length &&
    keys.every((k) => a.consents[k] === b.consents[k])
  );
}

interface ParseFailure {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

function invalid(profile: Profile, error: ParseFailure): ProfileChange {
  const detail = error.issues.map((i) => `data.${i.path.map(String).join(".")}: ${i.message}`).join("; ");
  return { kind: "invalid", profile, detail };
}
