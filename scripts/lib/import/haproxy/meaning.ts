/**
 * What a test of HAProxy's says, in the words of routes.
 * @module
 */
import { EVERY, type Match } from "../matches.ts";
import { MOST_ADDRESSES } from "../where.ts";

/** Requests to a host that match, but for some; host null: any. */
export interface Alternative {
  readonly host: string | null;
  readonly match: Match;
  readonly but: readonly Match[];
}

export interface Meaning {
  /** A request meets the test if it is in one of these. */
  readonly alternatives: readonly Alternative[];
  /** Requests that met it there and do not here, each with the reason. */
  readonly lost: readonly string[];
  /** What the test reads: `path`, or a header as `header:name`. */
  readonly reads: readonly string[];
}

export const ALWAYS: Meaning = { alternatives: [{ host: null, match: EVERY, but: [] }], lost: [], reads: [] };
export const NEVER: Meaning = { alternatives: [], lost: [], reads: [] };

/** Met where one of them is. */
export function anyOf(meanings: readonly Meaning[]): Meaning {
  return {
    alternatives: joined(meanings.flatMap(({ alternatives }) => alternatives)),
    lost: meanings.flatMap(({ lost }) => lost),
    reads: meanings.flatMap(({ reads }) => reads),
  };
}

/** Two lists of addresses, one after the other, are one if that is not too long. */
function joined(alternatives: readonly Alternative[]): Alternative[] {
  const found: Alternative[] = [];
  for (const next of alternatives) {
    const before = addressesOf(found.at(-1));
    const own = addressesOf(next);
    const isOne = before !== null && own !== null && before.length + own.length <= MOST_ADDRESSES;
    if (isOne) found.pop();
    found.push(isOne ? { ...next, match: { path: null, where: { addresses: [...before, ...own] } } } : next);
  }
  return found;
}

/** Addresses if it is about nothing else. */
function addressesOf(alternative: Alternative | undefined): readonly string[] | null {
  if (alternative === undefined) return null;
  const { host, match, but } = alternative;
  const isPlain = host === null && match.path === null && but.length === 0;
  return isPlain && Object.keys(match.where ?? {}).length === 1 ? (match.where?.addresses ?? null) : null;
}

export function lost(reason: string): Meaning {
  return { alternatives: [], lost: [reason], reads: [] };
}

export function matching(match: Match, but: readonly Match[] = []): Meaning {
  return { alternatives: [{ host: null, match, but }], lost: [], reads: [] };
}

/** Requests to one of the hosts; a host is one of a route's. */
export function toHosts(hosts: readonly string[], match: Match = EVERY, but: readonly Match[] = []): Meaning {
  return { alternatives: hosts.map((host) => ({ host, match, but })), lost: [], reads: [] };
}

/** True or false for every request: it does not depend on any. */
export function constantOf({ alternatives, lost: missing }: Meaning): boolean | null {
  if (missing.length > 0) return null;
  if (alternatives.length === 0) return false;
  const isAll = alternatives.some(
    ({ host, match, but }) =>
      host === null && match.path === null && match.where === null && but.length === 0,
  );
  return isAll ? true : null;
}
