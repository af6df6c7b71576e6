/**
 * The dashboard's static files. Their names carry a digest of their contents, so they never change.
 * @module
 */
import { NAMES } from "../generated/asset-names.js";
import { Problem } from "../http/problems.ts";

export const ASSETS_PATH = "/_lb/assets/";

/** As `scripts/lib/dashboard.ts` writes it. */
interface Asset {
  readonly type: string;
  readonly body: string;
}

/** The path at which the page finds a file. */
export function assetUrl(name: keyof typeof NAMES): string {
  return ASSETS_PATH + NAMES[name];
}

/** @throws Problem if there is no such file */
export async function assetResponse(name: string): Promise<Response> {
  // A module beside the bundle. Its text is not read before a browser asks for a file.
  const { default: text } = await import("../generated/assets.txt");
  const assets = JSON.parse(text) as Record<string, Asset>;
  const asset = Object.hasOwn(assets, name) ? assets[name] : undefined;
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
