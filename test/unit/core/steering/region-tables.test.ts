import { describe, expect, it } from "vitest";
import {
  centroidOf,
  isCountry,
  regionOfColo,
  regionOfCountry,
  regionOfSubdivision,
} from "../../../../src/core/steering/region-tables.ts";
import { isRegion, REGIONS } from "../../../../src/core/steering/regions.ts";

/** ISO 3166-1 alpha-2, all 249, as Debian's iso-codes has them. */
const ISO =
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC " +
  "CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD " +
  "GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH " +
  "KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW " +
  "MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC " +
  "SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY " +
  "UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/** ISO 3166-2 of the United States and Canada, all 70, from the same source. */
const SUBDIVISIONS =
  "CA-AB CA-BC CA-MB CA-NB CA-NL CA-NS CA-NT CA-NU CA-ON CA-PE CA-QC CA-SK CA-YT US-AK US-AL US-AR US-AS US-AZ US-CA " +
  "US-CO US-CT US-DC US-DE US-FL US-GA US-GU US-HI US-IA US-ID US-IL US-IN US-KS US-KY US-LA US-MA US-MD US-ME US-MI " +
  "US-MN US-MO US-MP US-MS US-MT US-NC US-ND US-NE US-NH US-NJ US-NM US-NV US-NY US-OH US-OK US-OR US-PA US-PR US-RI " +
  "US-SC US-SD US-TN US-TX US-UM US-UT US-VA US-VI US-VT US-WA US-WI US-WV US-WY";

const DIVIDED = ["US", "CA", "RU"];

describe("the tables of regions", () => {
  it("know every ISO country", () => {
    const codes = ISO.split(" ");
    expect(codes).toHaveLength(249);
    expect(codes.filter((code) => !isCountry(code))).toEqual([]);
  });

  it("put every country but the divided ones into a region", () => {
    const without = ISO.split(" ").filter((code) => regionOfCountry(code) === null);
    expect(without.sort()).toEqual(DIVIDED.sort());
    expect(regionOfCountry("XK")).toBe("eeu");
  });

  it("know only one country beyond ISO, Kosovo", () => {
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
    const known = letters.flatMap((a) => letters.map((b) => a + b)).filter(isCountry);
    expect(known.sort()).toEqual([...ISO.split(" "), "XK"].sort());
  });

  it.each(["", "de", "XX", "T1", "EU", "constructor"])("do not know %j as a country", (code) => {
    expect(isCountry(code)).toBe(false);
    expect(regionOfCountry(code)).toBeNull();
  });

  it("put every state and province into a region", () => {
    const codes = SUBDIVISIONS.split(" ");
    expect(codes.filter((code) => regionOfSubdivision(code) === null)).toEqual([]);
  });

  it("follow the states that Cloudflare names as western", () => {
    const named = ["AZ", "CA", "CO", "HI", "MN", "MO", "NV", "OR", "TX", "UT", "WA"].map(
      (code) => `US-${code}`,
    );
    for (const code of [...named, "CA-AB", "CA-BC"]) expect(regionOfSubdivision(code), code).toBe("wnam");
    for (const code of ["US-NY", "US-FL", "US-IL", "CA-ON", "CA-QC"]) {
      expect(regionOfSubdivision(code), code).toBe("enam");
    }
  });

  it.each([
    ["FRA", "weu"],
    ["WAW", "eeu"],
    ["IAD", "enam"],
    ["SJC", "wnam"],
    ["GRU", "ssam"],
    ["BOG", "nsam"],
    ["NRT", "neas"],
    ["SIN", "seas"],
    ["BOM", "sas"],
    ["SYD", "oc"],
    ["DXB", "me"],
    ["LOS", "naf"],
    ["JNB", "saf"],
    ["DME", "eeu"],
    ["KJA", "neas"],
  ])("put the data centre %s into %s", (colo, region) => {
    expect(regionOfColo(colo)).toBe(region);
  });

  it.each(["ZZZ", "fra", "", "FRANKFURT"])("know no data centre %j", (colo) => {
    expect(regionOfColo(colo)).toBeNull();
  });

  it("have a middle for every region, on the globe", () => {
    for (const region of REGIONS) {
      const { latitude, longitude } = centroidOf(region);
      expect(Math.abs(latitude)).toBeLessThanOrEqual(90);
      expect(Math.abs(longitude)).toBeLessThanOrEqual(180);
    }
    expect(new Set(REGIONS).size).toBe(13);
    expect(isRegion("weu")).toBe(true);
    expect(isRegion("WEU")).toBe(false);
  });
});
