/**
 * Options of `explain` that say where a client is, and what they stand for in `request.cf`.
 * @module
 */
import { UsageError } from "../lib/options.ts";

export const CLIENT_OPTIONS = {
  country: { type: "string" },
  state: { type: "string" },
  continent: { type: "string" },
  from: { type: "string" },
  asn: { type: "string" },
  colo: { type: "string" },
} as const;

export const CLIENT_HELP = `  --country CC client's country, such as JP; T1 is Tor
  --state CODE its state or province there, such as CA or US-CA
  --continent CODE
               its continent: AF, AN, AS, EU, NA, OC or SA
  --from LAT,LON
               its coordinates in degrees, such as 35.7,139.7
  --asn N      number of its network
  --colo CODE  the data centre of Cloudflare its request comes to, such as FRA`;

type Values = { readonly [K in keyof typeof CLIENT_OPTIONS]?: string | undefined };

/** Members of the European Union: Cloudflare tells with the country, so it is filled in. */
const EU = new Set(
  "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" "),
);

/** What Cloudflare would tell of the client; undefined: nothing was said. @throws UsageError */
export function cfOf(values: Values): Record<string, string> | undefined {
  const country = values.country?.toUpperCase();
  const fields = {
    country,
    regionCode: values.state?.toUpperCase().replace(/^[A-Z]{2}-/, ""),
    isEUCountry: country !== undefined && EU.has(country) ? "1" : undefined,
    continent: values.continent?.toUpperCase(),
    asn: values.asn?.replace(/^AS/i, ""),
    colo: values.colo?.toUpperCase(),
    ...coordinatesOf(values.from),
  };
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function coordinatesOf(from: string | undefined): { latitude?: string; longitude?: string } {
  if (from === undefined) return {};
  const [, latitude, longitude] = /^\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*$/.exec(from) ?? [];
  if (latitude === undefined || longitude === undefined) {
    throw new UsageError(`--from: ${JSON.stringify(from)} is not of the form LATITUDE,LONGITUDE`);
  }
  return { latitude, longitude };
}
