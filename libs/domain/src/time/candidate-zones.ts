/** Which time zones a place has, and which countries a time zone is in: for customers of whom not all is known. */
import { COUNTRY_ZONES } from "./country-zones.js";

/**
 * Zones of the parts of countries that have several, ISO 3166-2: every one in which some of their people live. USA: 49 CFR
 * Part 71; Canada, Australia and Brazil: comments of zone.tab. Parts that are missing have all zones of their country.
 */
const REGION_ZONES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "America/New_York":
      "US-CT US-DC US-DE US-GA US-MA US-MD US-ME US-NC US-NH US-NJ US-NY US-OH US-PA US-RI US-SC US-VA US-VT US-WV",
    "America/New_York America/Chicago": "US-FL US-IN US-KY US-MI US-TN",
    "America/Chicago": "US-AL US-AR US-IA US-IL US-LA US-MN US-MO US-MS US-OK US-WI",
    "America/Chicago America/Denver": "US-KS US-ND US-NE US-SD US-TX",
    "America/Denver": "US-CO US-MT US-NM US-UT US-WY",
    "America/Denver America/Phoenix": "US-AZ",
    "America/Denver America/Los_Angeles": "US-ID US-NV US-OR",
    "America/Los_Angeles": "US-CA US-WA",
    "America/Anchorage America/Adak": "US-AK",
    "Pacific/Honolulu": "US-HI",
    "America/St_Johns America/Goose_Bay": "CA-NL",
    "America/Halifax": "CA-NB CA-NS CA-PE",
    "America/Toronto America/Halifax America/Blanc-Sablon": "CA-QC",
    "America/Toronto America/Winnipeg America/Atikokan": "CA-ON",
    "America/Winnipeg": "CA-MB",
    "America/Regina America/Edmonton": "CA-SK",
    "America/Edmonton": "CA-AB",
    "America/Edmonton America/Inuvik": "CA-NT",
    "America/Vancouver America/Edmonton America/Creston America/Dawson_Creek America/Fort_Nelson": "CA-BC",
    "America/Whitehorse": "CA-YT",
    "America/Iqaluit America/Atikokan America/Rankin_Inlet America/Cambridge_Bay": "CA-NU",
    "Australia/Sydney": "AU-ACT AU-VIC AU-TAS",
    "Australia/Sydney Australia/Broken_Hill Australia/Lord_Howe": "AU-NSW",
    "Australia/Brisbane": "AU-QLD",
    "Australia/Adelaide": "AU-SA",
    "Australia/Darwin": "AU-NT",
    "Australia/Perth Australia/Eucla": "AU-WA",
    "America/Sao_Paulo":
      "BR-AL BR-AP BR-BA BR-CE BR-DF BR-ES BR-GO BR-MA BR-MG BR-PA BR-PB BR-PI BR-PR BR-RJ BR-RN BR-RS BR-SC BR-SE BR-SP BR-TO",
    "America/Sao_Paulo America/Noronha": "BR-PE",
    "America/Manaus": "BR-MS BR-MT BR-RO BR-RR",
    "America/Manaus America/Eirunepe": "BR-AM",
    "America/Eirunepe": "BR-AC",
  }).flatMap(([zones, regions]) => regions.split(" ").map((region) => [region, zones] as const)),
);

const split = (names: string): readonly string[] => (names === "" ? [] : names.split(" "));

const byCountry = new Map<string, readonly string[]>();
const byRegion = new Map<string, readonly string[]>();
const byZone = new Map<string, string[]>();
for (const [country, [differing, others]] of Object.entries(COUNTRY_ZONES)) {
  byCountry.set(country, split(differing));
  for (const zone of [...split(differing), ...split(others)]) {
    const countries = byZone.get(zone);
    if (countries) countries.push(country);
    else byZone.set(zone, [country]);
  }
}
for (const [region, zones] of REGION_ZONES) byRegion.set(region, split(zones));
const divided = new Set([...byRegion.keys()].map((region) => region.slice(0, 2)));
const NONE: readonly string[] = [];

/** True for ISO 3166-1 alpha-2. */
export function isCountry(name: string): boolean {
  return byCountry.has(name);
}

/** True for what may be a part of a country (ISO 3166-2): of those whose parts are known here, only these are. */
export function isRegion(name: string): boolean {
  const country = name.slice(0, 2);
  return divided.has(country)
    ? byRegion.has(name)
    : byCountry.has(country) && /^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(name);
}

/** One zone of each kind of clock in this part of a country; `undefined` when it is not known which these are. */
export function zonesOfRegion(region: string): readonly string[] | undefined {
  return byRegion.get(region);
}

/** One zone of each kind of clock in this country; none for what is no country. */
export function zonesOfCountry(country: string): readonly string[] {
  return byCountry.get(country) ?? NONE;
}

/** The countries in which this zone, by its current or an old name, is used; none for one that belongs to no country. */
export function countriesOfZone(zone: string): readonly string[] {
  return byZone.get(zone) ?? NONE;
}
