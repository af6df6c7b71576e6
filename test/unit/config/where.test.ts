import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRoutes } from "../../../src/config/parse.ts";
import { compileRoutes, passedRoutes } from "../../../src/config/routing.ts";
import { type Asking, askedNothing, asking } from "../../support/where-request.ts";

function routes(...documents: object[]) {
  const parsed = parseRoutes(documents);
  if (!parsed.ok) throw new Error(parsed.errors.map((error) => error.message).join("\n"));
  return parsed.value;
}

/** True if a route with these conditions takes the request, and the one behind it does not. */
function meets(where: object, request: Asking): boolean {
  const table = compileRoutes(routes({ where, pool: "first" }, { pool: "second" }));
  return table.match("a.test", "/", asking(request))?.pool === "first";
}

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
const from = (cf: object): Asking => ({ cf: { ...BERLIN, ...cf } });

describe("a condition on where the client is", () => {
  it.each<[where: object, request: Asking, met: boolean]>([
    [{ countries: ["DE", "AT"] }, from({}), true],
    [{ countries: ["AT"] }, from({}), false],
    [{ countries: ["XX"] }, from({}), false],
    [{ countries: ["XX"] }, {}, true],
    [{ countries: ["XX"] }, from({ country: "ZZ" }), true],
    [{ countries: ["XX", "DE"] }, from({ country: undefined }), true],
    [{ countries: ["T1"] }, from({ country: "T1" }), true],
    [{ countries: ["XX"] }, from({ country: "T1" }), false],
    [{ continents: ["EU"] }, from({}), true],
    [{ continents: ["EU"] }, from({ continent: "Europe" }), false],
    [{ regions: ["weu"] }, from({}), true],
    [{ regions: ["weu"] }, from({ country: "T1" }), false],
    [{ regions: ["wnam"] }, from({ country: "US", regionCode: "CA" }), true],
    [{ regions: ["neas"] }, from({ country: "RU", longitude: "131.9" }), true],
    [{ colos: ["FRA", "TXL"] }, from({}), true],
    [{ colos: ["FRA"] }, from({ colo: "fra" }), false],
    [{ subdivisions: ["DE-BE"] }, from({}), true],
    [{ subdivisions: ["DE-BE"] }, from({ country: "AT" }), false],
    [{ eu: true }, from({}), true],
    [{ eu: false }, from({}), false],
    [{ eu: false }, from({ country: "CH", isEUCountry: undefined }), true],
    [{ eu: false }, {}, false],
    [{ eu: true }, {}, false],
    [{ eu: false }, from({ country: "T1", isEUCountry: undefined }), false],
    [{ asns: [1, 3320] }, from({}), true],
    [{ asns: [1] }, from({ asn: "garbage" }), false],
  ])("%j meets %j: %s", (where, request, met) => {
    expect(meets(where, request)).toBe(met);
  });

  it("never throws, whatever cf holds, and an unknown field meets nothing but XX", () => {
    const anything = fc.anything({ withBigInt: true, withDate: true });
    const where = { continents: ["EU"], regions: ["weu"], colos: ["FRA"], asns: [3320], eu: true };
    fc.assert(
      fc.property(anything, (cf) => {
        for (const [field, value] of Object.entries(where))
          expect(meets({ [field]: value }, { cf })).toBe(false);
        expect(meets({ countries: ["XX"] }, { cf })).toBe(true);
      }),
      { seed: 1312, numRuns: 300 },
    );
  });
});

describe("a condition on the client's address", () => {
  it.each<[ranges: string[], address: string, met: boolean]>([
    [["192.0.2.0/24"], "192.0.2.255", true],
    [["192.0.2.0/24"], "192.0.3.0", false],
    [["192.0.2.7/24"], "192.0.2.200", true],
    [["192.0.2.7/32"], "192.0.2.7", true],
    [["192.0.2.7/32"], "192.0.2.6", false],
    [["192.0.2.128/25"], "192.0.2.127", false],
    [["192.0.2.128/25"], "192.0.2.128", true],
    [["10.0.0.0/7"], "11.255.255.255", true],
    [["10.0.0.0/7"], "12.0.0.0", false],
    [["0.0.0.0/0"], "203.0.113.9", true],
    [["0.0.0.0/0"], "2001:db8::1", false],
    [["::/0"], "203.0.113.9", false],
    [["2001:db8::/32"], "2001:DB8:ffff::1", true],
    [["2001:db8::/32"], "2001:db9::1", false],
    [["2001:db8:0:8000::/49"], "2001:db8:0:ffff::", true],
    [["2001:db8:0:8000::/49"], "2001:db8:0:7fff::", false],
    [["192.0.2.0/24"], "::ffff:192.0.2.1", true],
    [["::ffff:192.0.2.0/120"], "192.0.2.1", true],
    [["::ffff:c000:200/120"], "::ffff:192.0.2.1", true],
    [["fe80::/10"], "fe80::1%eth0", true],
    [["10.0.0.0/8", "192.0.2.0/24"], "192.0.2.1", true],
    [["0.0.0.0/0", "::/0"], "", false],
    [["0.0.0.0/0", "::/0"], "no address", false],
    [["0.0.0.0/0"], "256.1.1.1", false],
  ])("%j holds %s: %s", (addresses, clientIp, met) => {
    expect(meets({ addresses }, { clientIp })).toBe(met);
  });

  it("agrees with arithmetic on whole numbers, for any range and address of IPv4", () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const number = (parts: number[]) => parts.reduce((sum, part) => sum * 256 + part, 0);
    fc.assert(
      fc.property(octets, fc.nat(32), octets, fc.boolean(), (base, bits, other, near) => {
        const address = near ? [...base.slice(0, 3), other[3]] : other;
        const size = 2 ** (32 - bits);
        const expected = Math.floor(number(base) / size) === Math.floor(number(address) / size);
        const where = { addresses: [`${base.join(".")}/${bits}`] };
        expect(meets(where, { clientIp: address.join(".") })).toBe(expected);
      }),
      { seed: 1313, numRuns: 1_000 },
    );
  });
});

describe("a condition on what the request says", () => {
  const header = (value: string): Asking => ({ headers: { "x-beta": value } });
  const cookie = (value: string): Asking => ({ headers: { cookie: value } });

  it.each<[where: object, request: Asking, met: boolean]>([
    [{ methods: ["GET", "HEAD"] }, { method: "HEAD" }, true],
    [{ methods: ["GET"] }, { method: "POST" }, false],
    [{ headers: { "x-beta": "1" } }, header("1"), true],
    [{ headers: { "x-beta": "1" } }, header("12"), false],
    [{ headers: { "x-beta": "1*" } }, header("12"), true],
    [{ headers: { "x-beta": "1*" } }, header("1"), true],
    [{ headers: { "x-beta": "1*" } }, header("2"), false],
    [{ headers: { "x-beta": "*" } }, header(""), true],
    [{ headers: { "x-beta": "*" } }, {}, false],
    [{ headers: { "x-beta": "" } }, header(""), true],
    [{ headers: { "x-beta": "" } }, {}, false],
    [{ headers: { "x-beta": ["0", "on", "b*"] } }, header("on"), true],
    [{ headers: { "x-beta": ["0", "on", "b*"] } }, header("ON"), false],
    [{ headers: { "x-beta": "1", "x-gamma": "*" } }, header("1"), false],
    [{ headers: { constructor: "*" } }, {}, false],
    [{ cookies: { canary: "1" } }, cookie("a=b; canary=1"), true],
    [{ cookies: { canary: "1" } }, cookie("canary=0; canary=1"), true],
    [{ cookies: { canary: "1" } }, cookie("xcanary=1; canaryx=1"), false],
    [{ cookies: { canary: "*" } }, cookie("canary="), true],
    [{ cookies: { canary: "1" } }, {}, false],
    [{ query: { beta: "1" } }, { query: "a=b&beta=1" }, true],
    [{ query: { beta: "1" } }, { query: "beta=0&beta=1" }, true],
    [{ query: { beta: "*" } }, { query: "beta" }, true],
    [{ query: { beta: "*" } }, { query: "" }, false],
    [{ query: { beta: "*" } }, { query: "xbeta=1&abeta" }, false],
    [{ query: { beta: "a b" } }, { query: "beta=a+b" }, true],
    [{ query: { beta: "a b" } }, { query: "b%65ta=a%20b" }, true],
    [{ query: { beta: "%zz" } }, { query: "beta=%zz" }, true],
    [{ query: { beta: "a=b" } }, { query: "beta=a=b" }, true],
  ])("%j meets %j: %s", (where, request, met) => {
    expect(meets(where, request)).toBe(met);
  });
});

describe("conditions of a route", () => {
  it("must all be met, beside host and path", () => {
    const where = { countries: ["DE"], methods: ["GET"] };
    expect(meets(where, from({}))).toBe(true);
    expect(meets(where, { ...from({}), method: "POST" })).toBe(false);
    expect(meets(where, { ...from({ country: "AT" }) })).toBe(false);
    const table = compileRoutes(routes({ host: "b.test", where, pool: "web" }));
    expect(table.match("a.test", "/", asking(from({})))).toBeNull();
  });

  it("let the first match win", () => {
    const table = compileRoutes(
      routes(
        { where: { countries: ["AT"] }, pool: "at" },
        { where: { countries: ["DE"] }, pool: "de" },
        { where: { continents: ["EU"] }, pool: "eu" },
        { pool: "world" },
      ),
    );
    const pool = (cf: object) => table.match("a.test", "/", asking(from(cf)))?.pool;
    expect(pool({})).toBe("de");
    expect(pool({ country: "FR" })).toBe("eu");
    expect(pool({ country: "US", continent: "NA" })).toBe("world");
    expect(table.match("a.test", "/", asking())?.pool).toBe("world");
  });

  it("are not asked where host or path do not match, nor by routes without", () => {
    const where = { countries: ["DE"] };
    const table = compileRoutes(
      routes({ host: "b.test", where, pool: "x" }, { path: "/v1/*", where, pool: "y" }, { pool: "z" }),
    );
    expect(table.match("a.test", "/v2", askedNothing)?.pool).toBe("z");
    expect(table.match("a.test", "/v2", askedNothing)?.where).toBeNull();
  });

  it("name the first one that a request does not meet", () => {
    const where = { colos: ["FRA"], countries: ["DE"], methods: ["GET"] };
    const by = (request: Asking) =>
      passedRoutes(routes({ where, pool: "web" }), "a.test", "/", asking(request))[0];
    expect(by({ ...from({}), method: "PUT" })).toMatchObject({ by: "where", condition: "methods" });
    expect(by(from({ country: "AT" }))).toMatchObject({ condition: "countries" });
    expect(by(from({}))).toMatchObject({
      condition: "colos",
      label: "*/* (colos FRA; countries DE; methods GET)",
    });
    expect(by(from({ colo: "FRA" }))).toBeUndefined();
  });

  it("stand in the route's label, so that its figures are its own", () => {
    const label = (where: object) =>
      compileRoutes(routes({ where, pool: "a" })).match("a", "/", asking(from({ colo: "FRA" })))?.label;
    expect(label({ countries: ["AT", "DE"] })).toBe("*/* (countries AT,DE)");
    expect(label({ eu: true })).toBe("*/* (eu true)");
  });
});
