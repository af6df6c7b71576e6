/**
 * Options of `explain` that say where a client is, and what they stand for in `request.cf`.
 * @module
 */
import {
  type ClientPlace,
  clientPlace,
  coloOf,
  UNKNOWN_COUNTRY,
} from "../../src/core/steering/client-place.ts";
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
  refuseUnknown(values, { ...clientPlace(fields), colo: coloOf(fields) });
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function coordinatesOf(from: string | undefined): { latitude?: string; longitude?: string } {
  if (from === undefined) return {};
  const [latitude = "", longitude = "", ...rest] = from.split(",").map((degrees) => degrees.trim());
  return rest.length > 0 ? {} : { latitude, longitude };
}

/**
 * The balancer takes what it cannot read for unknown, which would explain another client than the one that is meant.
 * @param known what it would know @throws UsageError
 */
function refuseUnknown(values: Values, known: ClientPlace & { colo: string | null }): void {
  const { country, state = "" } = values;
  const isCountryKnown = known.country !== UNKNOWN_COUNTRY || country?.toUpperCase() === UNKNOWN_COUNTRY;
  const isStateKnown = known.subdivision?.endsWith(state.toUpperCase()) === true;
  const rules: readonly [option: keyof Values, isKnown: boolean, rule: string][] = [
    ["country", isCountryKnown, "a country's ISO 3166-1 code, such as JP"],
    ["state", isStateKnown, "a state or province of the client's --country, such as CA or US-CA"],
    ["continent", known.continent !== null, "one of AF, AN, AS, EU, NA, OC and SA"],
    ["from", known.coordinates !== null, "of the form LATITUDE,LONGITUDE, in degrees"],
    ["asn", known.asn !== null, "the number of a network, 1 to 4294967295"],
    ["colo", known.colo !== null, "the three letters of a data centre, such as FRA"],
  ];
  for (const [option, isKnown, rule] of rules)
    if (values[option] !== undefined && !isKnown)
      throw new UsageError(`--${option}: ${JSON.stringify(values[option])} is not ${rule}`);
}
