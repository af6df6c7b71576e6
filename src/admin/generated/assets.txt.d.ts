/**
 * The dashboard's bundled browser code, written with `asset-names.js`: a JSON object of its files' types and bodies, by
 * file name. wrangler makes a module beside the bundle of it.
 * @module
 */
declare const text: string;
export default text;
