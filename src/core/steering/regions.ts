/**
 * The areas that the world is divided into: Cloudflare's 13, in lower case. One list for conditions, health,
 * statistics and brokers.
 * @module
 */

export const REGIONS = [
  "wnam",
  "enam",
  "nsam",
  "ssam",
  "weu",
  "eeu",
  "me",
  "naf",
  "saf",
  "sas",
  "seas",
  "neas",
  "oc",
] as const;

export type Region = (typeof REGIONS)[number];

export function isRegion(text: string): text is Region {
  return (REGIONS as readonly string[]).includes(text);
}

export const REGION_NAMES: Readonly<Record<Region, string>> = {
  wnam: "western North America",
  enam: "eastern North America",
  nsam: "northern South America",
  ssam: "southern South America",
  weu: "western Europe",
  eeu: "eastern Europe",
  me: "the Middle East",
  naf: "northern Africa",
  saf: "southern Africa",
  sas: "southern Asia",
  seas: "south-eastern Asia",
  neas: "north-eastern Asia",
  oc: "Oceania",
};
