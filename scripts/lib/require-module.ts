/**
 * Loads modules that take a second to load only when they are needed, and in half of that time.
 * @module
 */
import { createRequire } from "node:module";

/** Loads a CommonJS module with `require`. With `import` Node would first parse all of it to find its exports. */
export function requireModule<Module>(name: string): Module {
  return createRequire(import.meta.url)(name) as Module;
}
