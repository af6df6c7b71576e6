/**
 * The result of a call to an object.
 * @module
 */

/** Why a call failed. `overloaded` must never be retried at once, since that keeps an object overloaded. */
export type ObjectFailure = "overloaded" | "unreachable" | "timeout" | "error";

export type ObjectAnswer<T> = { ok: true; value: T } | { ok: false; failure: ObjectFailure; detail: string };
