/**
 * Where clients come from: `--from tokyo:3,FR,weu:2`.
 * @module
 */
import { UsageError } from "../../../scripts/lib/options.ts";
import { TOR, UNKNOWN_COUNTRY } from "../../../src/core/steering/client-place.ts";
import { type UnitVector, unitVector } from "../../../src/core/steering/great-circle.ts";
import {
  centroidOf,
  isCountry,
  regionOfColo,
  regionOfCountry,
} from "../../../src/core/steering/region-tables.ts";
import { isRegion, REGIONS } from "../../../src/core/steering/regions.ts";
import { CITIES, type City, EUROPEAN_UNION } from "./cities.ts";

/** A place that clients come from. */
export interface ClientOrigin {
  /** As the user wrote it. */
  readonly name: string;
  /** Its part of all clients, 0 to 1; of all places together 1. */
  readonly share: number;
  /** `request.cf` of its requests. */
  readonly cf: Readonly<Record<string, unknown>>;
  /** For the network. */
  readonly at: UnitVector;
}

/** Twelve cities all over the world, which send the same. */
export const DEFAULT_FROM =
  "frankfurt,london,warsaw,ashburn,los-angeles,sao-paulo,johannesburg,dubai,mumbai,singapore,tokyo,sydney";

const LARGEST_SHARE = 1e6;

/** @throws UsageError */
export function parseFrom(text: string): ClientOrigin[] {
  const items = text.split(",").map(parseItem);
  const repeated = items.find(({ name }, index) => items.findIndex((each) => each.name === name) < index);
  if (repeated !== undefined) throw new UsageError(`--from: ${repeated.name} stands there twice`);
  const total = items.reduce((sum, { share }) => sum + share, 0);
  return items.map((item) => ({ ...item, share: item.share / total }));
}

function parseItem(text: string): ClientOrigin {
  const [, name = "", digits] = /^([^:]*)(?::(.*))?$/.exec(text.trim()) ?? [];
  const share = digits === undefined ? 1 : Number(digits.trim() === "" ? Number.NaN : digits);
  if (!(share > 0 && share <= LARGEST_SHARE)) {
    throw new UsageError(
      `--from: the share of ${name} must be a number above 0, got ${JSON.stringify(digits)}`,
    );
  }
  return { name, share, ...placeCalled(name) };
}

function placeCalled(name: string): Pick<ClientOrigin, "cf" | "at"> {
  const city = cityCalled(name);
  if (city !== undefined) return ofCity(city);
  if (isCountry(name) || name === TOR || name === UNKNOWN_COUNTRY) return ofCountry(name);
  const names = CITIES.map((each) => each.name).join(", ");
  throw new UsageError(
    `--from: ${JSON.stringify(name)} is no place; write a country in upper case (JP), a state of the United States or a ` +
      `province of Canada (US-CA), a region (${REGIONS.join(", ")}) or a city (${names}), each with its share: JP:3,FR:1`,
  );
}

function cityCalled(name: string): City | undefined {
  return CITIES.find((city) => {
    if (city.name === name || city.country === name) return true;
    if (city.subdivision !== null && `${city.country}-${city.subdivision}` === name) return true;
    return isRegion(name) && regionOfColo(city.colo) === name;
  });
}

function ofCity({ country, continent, subdivision, latitude, longitude, colo }: City) {
  const cf = {
    ...{ country, continent, colo, latitude: String(latitude), longitude: String(longitude) },
    ...(subdivision === null ? {} : { regionCode: subdivision }),
    ...(EUROPEAN_UNION.has(country) ? { isEUCountry: "1" } : {}),
  };
  return { cf, at: unitVector(latitude, longitude) };
}

/** Of a country without a city here nothing but its name is known: the balancer takes the middle of its region. */
function ofCountry(country: string) {
  const region = regionOfCountry(country);
  const { latitude, longitude } = region === null ? { latitude: 0, longitude: 0 } : centroidOf(region);
  const cf = { country, ...(EUROPEAN_UNION.has(country) ? { isEUCountry: "1" } : {}) };
  return { cf, at: unitVector(latitude, longitude) };
}
