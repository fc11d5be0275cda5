#!/usr/bin/env node
/**
 * Writes libs/domain/src/time/country-zones.ts from a tz database (zone.tab, zone1970.tab, tzdata.zi; public domain).
 *   node scripts/country-zones.mjs [folder, default /usr/share/zoneinfo], then prettier
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const from = process.argv[2] ?? "/usr/share/zoneinfo";
const lines = (file) => readFileSync(join(from, file), "utf8").split("\n");
const rows = (file) =>
  lines(file)
    .filter((l) => l !== "" && !l.startsWith("#"))
    .map((l) => l.split("\t"));

const own = new Map();
const all = new Map();
const add = (map, country, zone) => map.set(country, (map.get(country) ?? new Set()).add(zone));
for (const [country, , zone] of rows("zone.tab")) {
  add(own, country, zone);
  add(all, country, zone);
}
for (const [countries, , zone] of rows("zone1970.tab"))
  for (const country of countries.split(",")) add(all, country, zone);
const zi = lines("tzdata.zi");
const version = zi[0].replace("# version ", "");
// Old names. Not those of other countries' zones, nor abbreviations: whoever is on record with EST is hardly in Panama.
const current = new Set([...own.values()].flatMap((zones) => [...zones]));
for (const [, target, alias] of zi.filter((l) => l.startsWith("L ")).map((l) => l.split(" ")))
  if (!current.has(alias) && !/^[A-Z0-9+-]+$/.test(alias))
    for (const zones of all.values()) if (zones.has(target)) zones.add(alias);

/** Offsets at noon and midnight UTC over two years: zones that agree in all of them have the same rules by now. */
function rulesOf(zone) {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "longOffset" });
  const offsets = [];
  for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2028, 0, 1); at += 12 * 3_600_000)
    offsets.push(format.format(at).split(", ")[1]);
  return offsets.join();
}

const byName = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const table = [...own.keys()].sort(byName).map((country) => {
  const seen = new Map();
  for (const zone of own.get(country)) {
    const rules = rulesOf(zone);
    if (!seen.has(rules)) seen.set(rules, zone);
  }
  const kept = [...seen.values()];
  const others = [...all.get(country)].filter((z) => !kept.includes(z)).sort(byName);
  return `  ${country}: [${JSON.stringify(kept.join(" "))}, ${JSON.stringify(others.join(" "))}],`;
});

writeFileSync(
  join(fileURLToPath(new URL("..", import.meta.url)), "libs/domain/src/time/country-zones.ts"),
  `/**
 * The time zones of each country: written by scripts/country-zones.mjs from zone.tab, zone1970.tab and the links of the IANA
 * time zone database, version ${version}, which is in the public domain (https://www.iana.org/time-zones); which clocks differ
 * was asked of the runtime, version ${process.versions.tz}.
 *
 * First those whose clocks differ today, one of each; then the other names under which somebody there may be on record.
 */
export const COUNTRY_ZONES: Readonly<Record<string, readonly [differing: string, others: string]>> = {
${table.join("\n")}
};
`,
);
console.log(`${table.length} countries, tz database ${version}`);
