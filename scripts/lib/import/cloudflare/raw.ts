/**
 * A thing of Cloudflare's API that is not checked yet, with its place in a file.
 * @module
 */
import type { ConfigPath } from "../../../../src/config/errors.ts";

export type Kind = "pools" | "monitors" | "load_balancers";
export const KINDS: readonly Kind[] = ["pools", "monitors", "load_balancers"];

export interface Raw {
  readonly kind: Kind;
  /** As the API gives it. */
  readonly value: unknown;
  /** Of it in the file. */
  readonly path: ConfigPath;
  /** Where a path within `value` stands in the file, from `path` on. */
  readonly locate: (steps: ConfigPath) => ConfigPath;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
