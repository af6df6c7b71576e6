/** Paths of the project. @module */
import { join, resolve } from "node:path";

export const PROJECT = resolve(import.meta.dirname, "../..");

/** Directory of the built Worker. */
export const DIST = join(PROJECT, "dist");
