/**
 * The dashboard's static files. Their names carry a digest of their contents, so they never change.
 * @module
 */
import { ASSETS, NAMES } from "./generated/dashboard.js";
import { Problem } from "./problems.ts";

export const ASSETS_PATH = "/_lb/assets/";

/** Where the page finds a file. */
export function assetUrl(name: keyof typeof NAMES): string {
  return ASSETS_PATH + NAMES[name];
}

/** @throws Problem if there is no such file */
export function assetResponse(name: string): Response {
  const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  if (asset === undefined) throw new Problem("not_found");
  return new Response(asset.body, {
    headers: {
      "content-type": asset.type,
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    },
  });
}
