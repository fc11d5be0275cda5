/**
 * Where the customer is, as far as it is known, and which packs apply there.
 *
 * For marketing and collections a pack applies unless the customer is known to be elsewhere: what is not known never permits
 * more. For service it applies only where they are known to be there: missing data does not silence a service message.
 */
import type { PolicyPackDefinition, Profile, Purpose } from "#contracts";
import { countriesOfZone, isCountry, isRegion } from "../time/candidate-zones.js";

export interface Place {
  /** Where they may be; none where nothing is known. A country on record, or else the countries of their time zone. */
  readonly countries: readonly string[];
  /** The part of that country, where it is known. */
  readonly region?: string;
}

/** A country or region that does not exist, and a region of another country, are as good as none. */
export function placeOf({ country, region, timezone }: Profile): Place {
  const part = region !== undefined && isRegion(region) ? region : undefined;
  const named = country !== undefined && isCountry(country) ? country : part?.slice(0, 2);
  if (named === undefined) return { countries: timezone === undefined ? [] : countriesOfZone(timezone) };
  return part?.startsWith(named) ? { countries: [named], region: part } : { countries: [named] };
}

/** Whether a pack applies to messages of this purpose there. */
export function appliesThere({ appliesTo }: PolicyPackDefinition, place: Place, purpose: Purpose): boolean {
  if (!appliesTo) return true;
  const { countries = [], regions = [] } = appliesTo;
  if (place.countries.length === 0) return purpose !== "service";
  if (countries.some((c) => place.countries.includes(c))) return true;
  return regions.some((r) =>
    place.region === undefined
      ? purpose !== "service" && place.countries.includes(r.slice(0, 2))
      : r === place.region,
  );
}

/** Which packs apply, by what is on record of the place; equal sets are the same array. */
interface PacksByPlace {
  readonly sets: Map<string, readonly PolicyPackDefinition[]>;
  readonly byRecord: Map<string, readonly PolicyPackDefinition[]>;
}

/** Packs do not change once they are loaded. `undefined`: none of them names a place. */
const scoped = new WeakMap<readonly PolicyPackDefinition[], PacksByPlace | undefined>();
/** What is on record comes from events: without a bound a sender of nonsense would fill the memory. */
const MAX_RECORDS = 4_096;

/**
 * The packs that apply to messages of this purpose to a customer, in their order. Always the same array for the same packs,
 * so that what is computed of it can be kept.
 */
export function packsFor(
  packs: readonly PolicyPackDefinition[],
  purpose: Purpose,
  copies: readonly Profile[],
): readonly PolicyPackDefinition[] {
  let known = scoped.get(packs);
  if (known === undefined) {
    if (scoped.has(packs)) return packs;
    known = packs.some((p) => p.appliesTo) ? { sets: new Map(), byRecord: new Map() } : undefined;
    scoped.set(packs, known);
    if (known === undefined) return packs;
  }
  const profile = newest(copies);
  const service = purpose === "service" ? "s" : "";
  const record = `${service}|${profile?.country ?? ""}|${profile?.region ?? ""}|${profile?.timezone ?? ""}`;
  let found = known.byRecord.get(record);
  if (!found) {
    const place = profile ? placeOf(profile) : { countries: [] };
    const applying = packs.filter((p) => appliesThere(p, place, purpose));
    const names = applying.map((p) => p.id).join();
    found = known.sets.get(names) ?? applying;
    known.sets.set(names, found);
    if (known.byRecord.size >= MAX_RECORDS) known.byRecord.clear();
    known.byRecord.set(record, found);
  }
  return found;
}

/** What is on record of the place is never taken back: the newest copy has it all. */
export function newest(copies: readonly Profile[]): Profile | undefined {
  let last: Profile | undefined;
  for (const p of copies) if (!last || p.seq > last.seq) last = p;
  return last;
}
