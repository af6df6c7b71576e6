/**
 * The fields of Cloudflare's Rules language that a route has conditions for.
 *
 * Source: Cloudflare Rules language, fields reference; the names with `ip.geoip.` are the older ones.
 * @module
 */
import type { Rule } from "../model.ts";
import { validWhere } from "../where.ts";
import type { Condition } from "./condition.ts";

/** The part of a condition that one comparison gives. */
export type Test = Partial<Condition>;

interface Field {
  /** True: it is a condition by itself, without a comparison. */
  readonly isFlag: boolean;
  /** One of these must hold for the field to have one of `values`; null: no route can say it. */
  alternatives(values: readonly string[]): (Test | null)[];
  /** For the field to begin with `text`; absent: no route can say it. */
  beginningWith?(text: string): Test | null;
}

type Where = NonNullable<Rule["where"]>;

const HEADER = /^http\.request\.headers\["([^"\\]+)"\]\[0\]$/;

/** @returns null if there is no such condition */
export function conditionField(name: string): Field | null {
  const header = HEADER.exec(name)?.[1];
  if (header !== undefined) return byHeader(header);
  return BY_NAME.get(name) ?? null;
}

function listed(make: (values: string[]) => Where): Field {
  return { isFlag: false, alternatives: (values) => [tested(make([...values]))] };
}

function tested(where: Where): Test | null {
  const valid = validWhere(where);
  return valid === null ? null : { where: valid };
}

/** A value that ends in `*` would become a prefix. */
function byHeader(name: string): Field {
  const among = (values: string[]): Where => ({ headers: { [name.toLowerCase()]: values } });
  return {
    isFlag: false,
    alternatives: (values) => [
      values.some((value) => value.endsWith("*")) ? null : tested(among([...values])),
    ],
    beginningWith: (text) => tested(among([`${text}*`])),
  };
}

const country = listed((countries) => ({ countries }));
const continent = listed((continents) => ({ continents }) as Where);
const asn = listed((numbers) => ({ asns: numbers.map(Number) }));
const eu: Field = { isFlag: true, alternatives: () => [{ where: { eu: true } }] };

const BY_NAME: ReadonlyMap<string, Field> = new Map<string, Field>([
  [
    "http.host",
    { isFlag: false, alternatives: (hosts) => hosts.map((host) => ({ host: host.toLowerCase() })) },
  ],
  [
    "http.request.uri.path",
    {
      isFlag: false,
      alternatives: (paths) => paths.map((text) => ({ path: { text, kind: "exact" } })),
      beginningWith: (text) => ({ path: { text, kind: "prefix" } }),
    },
  ],
  ["http.request.method", listed((methods) => ({ methods }))],
  ["http.user_agent", byHeader("user-agent")],
  ["http.referer", byHeader("referer")],
  ["ip.src", listed((addresses) => ({ addresses: addresses.map(asRange) }))],
  ["ip.src.country", country],
  ["ip.geoip.country", country],
  ["ip.src.continent", continent],
  ["ip.geoip.continent", continent],
  ["ip.src.asnum", asn],
  ["ip.geoip.asnum", asn],
  ["ip.src.is_in_european_union", eu],
  ["ip.geoip.is_in_european_union", eu],
]);

function asRange(address: string): string {
  if (address.includes("/")) return address;
  return `${address}/${address.includes(":") ? 128 : 32}`;
}
