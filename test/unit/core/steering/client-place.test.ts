import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientPlace, coloOf, NOWHERE } from "../../../../src/core/steering/client-place.ts";

const BERLIN = {
  country: "DE",
  continent: "EU",
  regionCode: "BE",
  isEUCountry: "1",
  latitude: "52.52",
  longitude: "13.40",
  asn: 3320,
  colo: "TXL",
};

describe("where a client is", () => {
  it("takes all fields of request.cf", () => {
    expect(clientPlace(BERLIN)).toEqual({
      country: "DE",
      continent: "EU",
      subdivision: "DE-BE",
      region: "weu",
      eu: true,
      asn: 3320,
      coordinates: { latitude: 52.52, longitude: 13.4 },
    });
  });

  it.each([[null], [undefined], ["{}"], [7], [[]], [true]])("is unknown if cf is %j", (cf) => {
    expect(clientPlace(cf)).toEqual(NOWHERE);
  });

  it("takes numbers and their texts", () => {
    expect(clientPlace({ asn: "64512" }).asn).toBe(64_512);
    expect(clientPlace({ latitude: -33.9, longitude: "151.2" }).coordinates).toEqual({
      latitude: -33.9,
      longitude: 151.2,
    });
  });

  it.each([
    ["", ""],
    [" ", "1"],
    ["1", null],
    ["90.1", "0"],
    ["0", "180.5"],
    ["NaN", "0"],
    ["1e1", "0"],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
    ["north", "0"],
    [[1], [2]],
    ["0x10", "0"],
  ])("has no coordinates at %j, %j", (latitude, longitude) => {
    expect(clientPlace({ latitude, longitude }).coordinates).toBeNull();
  });

  it.each([
    ["90", "-180"],
    ["-90", "180"],
    ["0", "0"],
  ])("has coordinates at the edge %s, %s", (latitude, longitude) => {
    expect(clientPlace({ latitude, longitude }).coordinates).toEqual({
      latitude: Number(latitude),
      longitude: Number(longitude),
    });
  });

  it.each([0, -1, 1.5, 4_294_967_296, "AS3320", "", null, Number.NaN])("has no network %j", (asn) => {
    expect(clientPlace({ asn }).asn).toBeNull();
  });

  it.each(["ZZ", "de", "", 7, null, undefined, "constructor"])("is in XX if the country is %j", (country) => {
    expect(clientPlace({ ...BERLIN, country })).toMatchObject({
      country: "XX",
      region: null,
      subdivision: null,
    });
  });

  it("is in no region and not known to be in the EU by Tor, and the rest counts as given", () => {
    expect(clientPlace({ ...BERLIN, country: "T1", isEUCountry: "1" })).toEqual({
      country: "T1",
      continent: "EU",
      subdivision: null,
      region: null,
      eu: null,
      asn: 3320,
      coordinates: { latitude: 52.52, longitude: 13.4 },
    });
  });

  it("is outside the EU if the country is known and cf does not name the EU", () => {
    expect(clientPlace({ country: "US" }).eu).toBe(false);
    expect(clientPlace({ country: "US", isEUCountry: "0" }).eu).toBe(false);
    expect(clientPlace({}).eu).toBeNull();
  });

  it.each([
    [{ country: "US", regionCode: "CA" }, "wnam"],
    [{ country: "US", regionCode: "NY", longitude: "-120", latitude: "40" }, "enam"],
    [{ country: "US", regionCode: "ZZ", longitude: "-120", latitude: "40" }, "wnam"],
    [{ country: "US", longitude: "-100", latitude: "40" }, "enam"],
    [{ country: "US", longitude: "-100.1", latitude: "40" }, "wnam"],
    [{ country: "US", longitude: "172.9", latitude: "52.9" }, "wnam"],
    [{ country: "US" }, null],
    [{ country: "US", longitude: "-120" }, null],
    [{ country: "CA", regionCode: "QC" }, "enam"],
    [{ country: "RU" }, "eeu"],
    [{ country: "RU", longitude: "60", latitude: "55" }, "eeu"],
    [{ country: "RU", longitude: "60.1", latitude: "55" }, "neas"],
    [{ country: "RU", longitude: "-170", latitude: "66" }, "neas"],
    [{ country: "JP", regionCode: "13" }, "neas"],
  ])("%j is in region %s", (cf, region) => {
    expect(clientPlace(cf).region).toBe(region);
  });

  it("never throws, whatever cf holds", () => {
    const anything = fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true });
    const fields = fc.record(Object.fromEntries([...Object.keys(BERLIN)].map((key) => [key, anything])), {
      requiredKeys: [],
    });
    const check = (cf: unknown) => {
      const place = clientPlace(cf);
      expect(place.coordinates === null || Math.abs(place.coordinates.latitude) <= 90).toBe(true);
      expect(coloOf(cf) ?? "AAA").toMatch(/^[A-Z]{3}$/);
    };
    fc.assert(fc.property(fc.oneof(anything, fields), check), { seed: 1311, numRuns: 2_000 });
  });
});

describe("the data centre of a request", () => {
  it.each([
    [{ colo: "FRA" }, "FRA"],
    [{ colo: "fra" }, null],
    [{ colo: "FRAX" }, null],
    [{ colo: 7 }, null],
    [{}, null],
    [null, null],
    ["FRA", null],
  ])("%j came to %s", (cf, colo) => {
    expect(coloOf(cf)).toBe(colo);
  });
});
