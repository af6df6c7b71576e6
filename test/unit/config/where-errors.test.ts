import { describe, expect, it } from "vitest";
import { parseRoutes } from "../../../src/config/parse.ts";

function messages(where: unknown): string[] {
  const parsed = parseRoutes([{ where, pool: "web" }]);
  return parsed.ok ? [] : parsed.errors.map((error) => error.message);
}

const COUNTRY_RULE =
  'must be a country\'s ISO 3166-1 code in upper case, such as "DE", or "T1" (Tor) or "XX" (unknown)';
const RANGE_RULE =
  'must be a range of addresses with the length of its prefix, such as "192.0.2.0/24", "192.0.2.7/32" or "2001:db8::/32"';
const SUBDIVISION_RULE =
  'must be an ISO 3166-2 code in upper case, such as "US-CA", of a state or province that exists';
const VALUE_RULE =
  'must be a text of at most 1024 printable ASCII characters: a value such as "1", a prefix such as "beta*", or "*" for any value';
const TEN_TOO_MANY = Array.from({ length: 1_001 }, () => "DE");

describe("conditions that are refused, with their place and what was found", () => {
  it.each<[where: unknown, errors: string[]]>([
    [[], ["routes[0].where: must be an object, found an empty list"]],
    [{}, ["routes[0].where: must have at least one condition, found an object"]],
    [{ countries: null }, ["routes[0].where: must have at least one condition, found an object"]],
    [{ country: ["DE"] }, ['routes[0].where.country: unknown key, did you mean "countries"?']],
    [{ countries: "DE" }, ['routes[0].where.countries: must be a list of 1 to 1000 items, found "DE"']],
    [
      { countries: [] },
      ["routes[0].where.countries: must be a list of 1 to 1000 items, found an empty list"],
    ],
    [
      { countries: TEN_TOO_MANY },
      ["routes[0].where.countries: must be a list of 1 to 1000 items, found a list"],
    ],
    [{ countries: ["DE", "UK"] }, [`routes[0].where.countries[1]: ${COUNTRY_RULE}, found "UK"`]],
    [{ countries: ["de"] }, [`routes[0].where.countries[0]: ${COUNTRY_RULE}, found "de"`]],
    [
      { colos: ["fra"] },
      [
        'routes[0].where.colos[0]: must be the three letters of a data centre of Cloudflare, such as "FRA", found "fra"',
      ],
    ],
    [{ subdivisions: ["US-ZZ"] }, [`routes[0].where.subdivisions[0]: ${SUBDIVISION_RULE}, found "US-ZZ"`]],
    [{ subdivisions: ["CA"] }, [`routes[0].where.subdivisions[0]: ${SUBDIVISION_RULE}, found "CA"`]],
    [{ subdivisions: ["ZZ-1"] }, [`routes[0].where.subdivisions[0]: ${SUBDIVISION_RULE}, found "ZZ-1"`]],
    [{ eu: "yes" }, ['routes[0].where.eu: must be true or false, found "yes"']],
    [{ asns: [0] }, ["routes[0].where.asns[0]: must be a whole number from 1 to 4294967295, found 0"]],
    [
      { asns: ["AS1"] },
      ['routes[0].where.asns[0]: must be a whole number from 1 to 4294967295, found "AS1"'],
    ],
    ...[
      "192.0.2.1",
      "192.0.2.0/33",
      "192.0.2/24",
      "2001:db8::/129",
      "::ffff:192.0.2.0/24",
      "256.0.0.0/8",
      "x/8",
    ].map((range): [unknown, string[]] => [
      { addresses: [range] },
      [`routes[0].where.addresses[0]: ${RANGE_RULE}, found ${JSON.stringify(range)}`],
    ]),
    [
      { addresses: Array.from({ length: 101 }, () => "10.0.0.0/8") },
      ["routes[0].where.addresses: must be a list of 1 to 100 items, found a list"],
    ],
    [
      { methods: ["get"] },
      ['routes[0].where.methods[0]: must be a method in upper case, such as "GET", found "get"'],
    ],
    [{ cookies: {} }, ["routes[0].where.cookies: must have 1 to 50 names, found an object"]],
    [{ cookies: ["canary"] }, ["routes[0].where.cookies: must be an object of values by name, found a list"]],
    [
      { cookies: { canary: true } },
      ["routes[0].where.cookies.canary: must be a text or a list of 1 to 1000 texts, found true"],
    ],
    [
      { cookies: { canary: [] } },
      ["routes[0].where.cookies.canary: must be a list of 1 to 1000 items, found an empty list"],
    ],
    [{ cookies: { canary: ["1", "é"] } }, [`routes[0].where.cookies.canary[1]: ${VALUE_RULE}, found a text`]],
    [{ cookies: { "a b": "1" } }, ['routes[0].where.cookies["***"]: must be a cookie\'s name, found a text']],
    [
      { query: { "a&b": "1" } },
      ['routes[0].where.query["***"]: must be the name of a query parameter, decoded, found a text'],
    ],
  ])("%j", (where, errors) => {
    expect(messages(where)).toEqual(errors);
  });

  it("suggests the region and the continent that were meant", () => {
    expect(messages({ regions: ["weur"] })[0]).toMatch(
      /^routes\[0\]\.where\.regions\[0\]: .*did you mean "weu"\?$/,
    );
    expect(messages({ continents: ["eu"] })[0]).toMatch(/did you mean "EU"\?$/);
  });

  it("shows no header's name and value that may be a secret", () => {
    const [error = ""] = messages({ headers: { "X-Token: hunter2": "1" } });
    expect(error).toContain("must be a header's name in lower case");
    expect(error).not.toContain("hunter2");
    expect(messages({ headers: { "x-token": "hunter2é" } })[0]).not.toContain("hunter2");
  });
});
