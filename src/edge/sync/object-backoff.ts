/**
 * For how long a pool's object is left alone after calls to it that failed.
 * @module
 */

export const OBJECT_BACKOFF = {
  usual: { firstMs: 500, longestMs: 15_000 },
  overloaded: { firstMs: 4_000, longestMs: 60_000 },
} as const;
