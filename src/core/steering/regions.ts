/**
 * The regions that the world is divided into: Cloudflare's 13, in lower case.
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
