/**
 * File names of the dashboard's bundled browser code: `npm run dashboard` writes the module, wrangler and vitest run that
 * by themselves.
 * @module
 */

/** With a digest of the contents, by the name of the source's kind. */
export const NAMES: {
  "main.js": string;
  "main.css": string;
  "icon.svg": string;
  "icon-trouble.svg": string;
};
