/**
 * The dashboard's bundled browser code: `npm run dashboard` writes the module, wrangler and vitest run that by
 * themselves.
 * @module
 */

/** File names with a digest of the contents, by the name of the source's kind. */
export const NAMES: {
  "main.js": string;
  "main.css": string;
  "icon.svg": string;
  "icon-trouble.svg": string;
};

/** By file name. */
export const ASSETS: Record<string, { type: string; body: string }>;
