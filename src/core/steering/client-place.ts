/**
 * Reads from `request.cf` where a client is. Every field may be absent or garbage; an unusable one counts as unknown
 * and never causes an error.
 * @module
 */
import { type UnitVector, unitVector } from "./great-circle.ts";
import {
  type Coordinates,
  centroidOf,
  isCountry,
  regionOfCountry,
  regionOfSubdivision,
} from "./region-tables.ts";
import type { Region } from "./regions.ts";

export const CONTINENTS = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"] as const;
type Continent = (typeof CONTINENTS)[number];

/** A client whose country is not known. */
export const UNKNOWN_COUNTRY = "XX";
/** A client that comes by Tor. It is in no country, so in no region either. */
export const TOR = "T1";

/** Null: unknown. */
export interface ClientPlace {
  /** ISO 3166-1 alpha-2 or XK, upper case; `T1` Tor; `XX` unknown. */
  readonly country: string;
  readonly continent: Continent | null;
  /** ISO 3166-2, such as `US-CA`. */
  readonly subdivision: string | null;
  readonly region: Region | null;
  /** In the European Union. */
  readonly eu: boolean | null;
  /** Number of the network, 1 to 4,294,967,295. */
  readonly asn: number | null;
  readonly coordinates: Coordinates | null;
}

/** Nothing is known. */
export const NOWHERE: ClientPlace = {
  country: UNKNOWN_COUNTRY,
  continent: null,
  subdivision: null,
  region: null,
  eu: null,
  asn: null,
  coordinates: null,
};

/** The client's place on the globe: its coordinates, or else the middle of its region. Null: neither is known. */
export function placeOnGlobe({
  coordinates,
  region,
}: Pick<ClientPlace, "coordinates" | "region">): UnitVector | null {
  const place = coordinates ?? (region === null ? null : centroidOf(region));
  return place === null ? null : unitVector(place.latitude, place.longitude);
}

/** @param cf the value of `request.cf`; anything but an object counts as unknown */
export function clientPlace(cf: unknown): ClientPlace {
  if (!isFields(cf)) return NOWHERE;
  const country = countryOf(cf.country);
  const isKnown = country !== UNKNOWN_COUNTRY && country !== TOR;
  const subdivision = isKnown ? subdivisionOf(country, cf.regionCode) : null;
  const coordinates = coordinatesOf(cf);
  return {
    country,
    continent: CONTINENTS.find((code) => code === cf.continent) ?? null,
    subdivision,
    region: regionOf(country, subdivision, coordinates),
    eu: country === TOR ? null : euOf(cf.isEUCountry, isKnown),
    asn: asnOf(cf.asn),
    coordinates,
  };
}

/** The data centre's code in `request.cf`, such as `FRA`; null: unknown. */
export function coloOf(cf: unknown): string | null {
  const colo = isFields(cf) ? cf.colo : null;
  return typeof colo === "string" && /^[A-Z]{3}$/.test(colo) ? colo : null;
}

function isFields(cf: unknown): cf is Readonly<Record<string, unknown>> {
  return typeof cf === "object" && cf !== null && !Array.isArray(cf);
}

function countryOf(value: unknown): string {
  return typeof value === "string" && (value === TOR || isCountry(value)) ? value : UNKNOWN_COUNTRY;
}

function subdivisionOf(country: string, code: unknown): string | null {
  return typeof code === "string" && /^[A-Z0-9]{1,3}$/.test(code) ? `${country}-${code}` : null;
}

function euOf(value: unknown, isKnown: boolean): boolean | null {
  if (value === "1") return true;
  return isKnown ? false : null;
}

function asnOf(value: unknown): number | null {
  const asn = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof asn !== "number" || !Number.isInteger(asn)) return null;
  return asn >= 1 && asn <= 4_294_967_295 ? asn : null;
}

function coordinatesOf(cf: Readonly<Record<string, unknown>>): Coordinates | null {
  const latitude = degrees(cf.latitude, 90);
  const longitude = degrees(cf.longitude, 180);
  return latitude === null || longitude === null ? null : { latitude, longitude };
}

/** A number or its text, from -most to most. `Number(...)` alone would not do: it takes a blank for 0. */
function degrees(value: unknown, most: number): number | null {
  const text = typeof value === "number" ? `${value}` : value;
  if (typeof text !== "string" || !/^[+-]?\d{1,3}(\.\d{0,20})?$/.test(text)) return null;
  const number = Number(text);
  return Math.abs(number) <= most ? number : null;
}

/**
 * Longitude in degrees east: clients of the United States and Canada west of it are western if their state is not
 * known.
 */
const MIDDLE_OF_AMERICA = -100;
/** Longitude in degrees east: Russian clients east of it, and those beyond the date line, are in Asia. */
const URALS = 60;

function regionOf(
  country: string,
  subdivision: string | null,
  coordinates: Coordinates | null,
): Region | null {
  const longitude = coordinates?.longitude ?? null;
  if (country === "RU") {
    const isInAsia = longitude !== null && (longitude > URALS || longitude < MIDDLE_OF_AMERICA);
    return isInAsia ? "neas" : "eeu";
  }
  if (country !== "US" && country !== "CA") return regionOfCountry(country);
  const region = subdivision === null ? null : regionOfSubdivision(subdivision);
  if (region !== null || longitude === null) return region;
  // The Aleutian islands end beyond the date line.
  return longitude < MIDDLE_OF_AMERICA || longitude > 0 ? "wnam" : "enam";
}
