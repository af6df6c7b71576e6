/**
 * The dashboard's static files. Their names carry a digest of their contents, so they never change.
 * @module
 */
import { ownValue } from "../../core/own-value.ts";
import { NAMES } from "../generated/asset-names.js";
import { Problem } from "../http/problems.ts";

export const ASSETS_PATH = "/_lb/assets/";

/** As `scripts/lib/dashboard.ts` writes it. */
interface Asset {
  readonly type: string;
  readonly body: string;
}

const FILES: ReadonlySet<string> = new Set(Object.values(NAMES));

/** By file name; null: nobody has asked for one yet. Anybody may ask, and reading them takes a millisecond. */
let read: Readonly<Record<string, Asset>> | null = null;

/** The path at which the page finds a file. */
export function assetUrl(name: keyof typeof NAMES): string {
  return ASSETS_PATH + NAMES[name];
}

/** @throws Problem if there is no such file */
export async function assetResponse(name: string): Promise<Response> {
  const asset = FILES.has(name) ? ownValue(await assets(), name) : undefined;
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

async function assets(): Promise<Readonly<Record<string, Asset>>> {
  // A module beside the bundle. Its text is not read before a browser asks for a file.
  const { default: text } = await import("../generated/assets.txt");
  read ??= JSON.parse(text) as Record<string, Asset>;
  return read;
}
