import { countriesOfZone, isCountry, isRegion, zonesOfCountry, zonesOfRegion } from "./candidate-zones.js";
import { COUNTRY_ZONES } from "./country-zones.js";
import { isTimeZone, offsetAt, zoneOf } from "./zone.js";

const STEP = 3 * 86_400_000 + 43_200_000;
/** What the clocks of a zone show over two years, seen every three and a half days. */
function clock(name: string): string {
  const zone = zoneOf(name)!;
  const offsets: number[] = [];
  for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2028, 0, 1); at += STEP) offsets.push(offsetAt(zone, at));
  return offsets.join();
}

describe("candidate zones", () => {
  it("are zones that the runtime knows", () => {
    const unknown = Object.entries(COUNTRY_ZONES).flatMap(([country, names]) =>
      names
        .flatMap((n) => n.split(" "))
        .filter((n) => n !== "" && !isTimeZone(n))
        .map((n) => `${country} ${n}`),
    );
    expect(unknown).toEqual([]);
  });

  it.each(["US", "CA", "AU", "BR", "RU", "MX"])("stand for every clock of %s", (country) => {
    const [differing, others] = COUNTRY_ZONES[country]!;
    const clocks = new Set(differing.split(" ").map(clock));
    expect(clocks.size).toBe(differing.split(" ").length);
    const own = others.split(" ").filter((n) => countriesOfZone(n).every((c) => c === country));
    expect(own.filter((n) => !clocks.has(clock(n)))).toEqual([]);
  });

  it("of a part of a country are among the clocks of the country", () => {
    for (const region of ["US-FL", "US-TX", "CA-NL", "CA-NU", "AU-NSW", "AU-WA", "BR-AM", "BR-PE"]) {
      const clocks = zonesOfCountry(region.slice(0, 2)).map(clock);
      expect([region, zonesOfRegion(region)!.filter((n) => !clocks.includes(clock(n)))]).toEqual([
        region,
        [],
      ]);
    }
    expect(zonesOfRegion("US-FL")).toEqual(["America/New_York", "America/Chicago"]);
    expect(zonesOfRegion("RU-MOW")).toBeUndefined();
  });

  it("know countries and their parts from what is none", () => {
    expect(["US", "FR", "us", "USA", "XX"].map(isCountry)).toEqual([true, true, false, false, false]);
    expect(["US-FL", "FR-75", "US-ZZ", "XX-1", "Florida"].map(isRegion)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    // 50 states and the District of Columbia; 13 provinces and territories; 8; 27.
    const known = (country: string, parts: string): number =>
      parts.split(" ").filter((p) => zonesOfRegion(`${country}-${p}`)).length;
    expect(
      known(
        "US",
        "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY",
      ),
    ).toBe(51);
    expect(known("CA", "AB BC MB NB NL NS NT NU ON PE QC SK YT")).toBe(13);
    expect(known("AU", "ACT NSW NT QLD SA TAS VIC WA")).toBe(8);
    expect(
      known("BR", "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO"),
    ).toBe(27);
  });

  it("belong to countries, by their old names too", () => {
    expect(countriesOfZone("Europe/Paris")).toEqual(["FR", "MC"]);
    expect(countriesOfZone("Asia/Calcutta")).toEqual(["IN"]);
    expect(countriesOfZone("US/Pacific")).toEqual(["US"]);
    expect(countriesOfZone("UTC")).toEqual([]);
  });
});
