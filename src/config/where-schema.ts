/**
 * The schema of a route's conditions beyond host and path: where a client is, and its request's headers, cookies and
 * query.
 * @module
 */
import * as z from "zod";
import { parseRange } from "../core/steering/address-range.ts";
import { CONTINENTS, TOR, UNKNOWN_COUNTRY } from "../core/steering/client-place.ts";
import { isCountry, regionOfSubdivision } from "../core/steering/region-tables.ts";
import { REGIONS } from "../core/steering/regions.ts";
import { flag, integer, list, object, oneOf, text, textThat, unmasked } from "./fields.ts";

const MAX_ENTRIES = 1_000;
const MAX_ADDRESSES = 100;
const MAX_NAMES = 50;

/** An absent condition is always met. */
function condition<T extends z.ZodType>(schema: T, means: string) {
  return schema.nullable().default(null).describe(means);
}

function entries<T extends z.ZodType>(item: T, means: string) {
  return condition(list(item, 1, MAX_ENTRIES), means);
}

const country = textThat(
  (code) => isCountry(code) || code === TOR || code === UNKNOWN_COUNTRY,
  'must be a country\'s ISO 3166-1 code in upper case, such as "DE", or "T1" (Tor) or "XX" (unknown)',
);

const SUBDIVISION_RULE =
  'must be an ISO 3166-2 code in upper case, such as "US-CA", of a state or province that exists';

/** Subdivisions of the United States and Canada are checked against a list; of others only the form is checked. */
function isSubdivision(code: string): boolean {
  const [, country = ""] = /^([A-Z]{2})-[A-Z0-9]{1,3}$/.exec(code) ?? [];
  if (country === "US" || country === "CA") return regionOfSubdivision(code) !== null;
  return isCountry(country);
}

const range = textThat(
  (address) => parseRange(address) !== null,
  'must be a range of addresses with the length of its prefix, such as "192.0.2.0/24", "192.0.2.7/32" or "2001:db8::/32"',
);

const VALUE_RULE =
  'must be a text of at most 1024 printable ASCII characters: a value such as "1", a prefix such as "beta*", or "*" for any value';
const value = unmasked(text(/^[ -~]{0,1024}$/, VALUE_RULE));

const VALUES_RULE = `must be a text or a list of 1 to ${MAX_ENTRIES} texts`;
const values = z
  .union([value, list(value, 1, MAX_ENTRIES)], { error: VALUES_RULE })
  .transform((found) => (typeof found === "string" ? [found] : found));

function named(name: z.ZodString, means: string) {
  const size = `must have 1 to ${MAX_NAMES} names`;
  const schema = z
    .record(name, values, { error: "must be an object of values by name" })
    .refine((found) => Object.keys(found).length >= 1 && Object.keys(found).length <= MAX_NAMES, size);
  return condition(
    schema,
    `${means} A text is exact; one that ends in \`*\` is a prefix; \`*\` alone matches any value. All names must match, each with one of its values.`,
  );
}

const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}";
const headerName = text(/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/, "must be a header's name in lower case");
const cookieName = text(new RegExp(`^${TOKEN}$`), "must be a cookie's name");
const queryName = text(/^[^\s&=#]{1,128}$/, "must be the name of a query parameter, decoded");

export const whereSchema = object({
  countries: entries(
    country,
    "The client's country: ISO 3166-1 codes in upper case, `XK`, `T1` for Tor, `XX` for unknown.",
  ),
  continents: entries(oneOf(CONTINENTS), "The client's continent."),
  regions: entries(oneOf(REGIONS), "The client's region, one of Cloudflare's 13."),
  colos: entries(
    text(/^[A-Z]{3}$/, 'must be the three letters of a data centre of Cloudflare, such as "FRA"'),
    "The data centre of Cloudflare that the request came to, such as `FRA`.",
  ),
  subdivisions: entries(
    textThat(isSubdivision, SUBDIVISION_RULE),
    "The client's state or province: ISO 3166-2 codes such as `US-CA`.",
  ),
  eu: condition(flag(), "Whether the client's country is in the European Union."),
  asns: entries(integer(1, 4_294_967_295), "Number of the network (autonomous system) the client is in."),
  addresses: condition(
    list(range, 1, MAX_ADDRESSES),
    "The client's address: ranges such as `192.0.2.0/24` or `2001:db8::/32`.",
  ),
  methods: entries(
    text(/^[A-Z][A-Z-]{0,31}$/, 'must be a method in upper case, such as "GET"'),
    "The request's method.",
  ),
  headers: named(headerName, "The request's headers, names in lower case."),
  cookies: named(cookieName, "The request's cookies."),
  query: named(queryName, "The parameters of the request's query, decoded."),
}).refine((where) => Object.values(where).some((field) => field !== null), {
  error: "must have at least one condition",
  // A misspelt condition counts as missing, and is reported already.
  when: ({ issues }) => issues.length === 0,
});
