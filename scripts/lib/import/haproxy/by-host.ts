/**
 * What can matter to a host. Files have a line for each of thousands of hosts: if each host looked at what all others have,
 * that would be the square of them.
 * @module
 */
import { widerHosts } from "../routes.ts";
import type { Condition, Literal } from "./conditions.ts";
import type { Step } from "./decisions.ts";
import type { Alternative, Meaning } from "./meaning.ts";

/** Items in their order, of which some are only for requests to given hosts. */
class ByHost<T> {
  readonly #items: readonly T[];
  /** Those for any host, and their places, ascending. */
  readonly #any: T[] = [];
  readonly #anyPlaces: number[] = [];
  readonly #byHost = new Map<string, number[]>();

  /** @param hostsOf null: any */
  constructor(items: readonly T[], hostsOf: (item: T) => ReadonlySet<string> | null) {
    this.#items = items;
    for (const [place, item] of items.entries()) {
      const hosts = hostsOf(item);
      if (hosts === null) {
        this.#any.push(item);
        this.#anyPlaces.push(place);
      }
      for (const host of hosts ?? []) this.#at(host).push(place);
    }
  }

  #at(host: string): number[] {
    const found = this.#byHost.get(host) ?? [];
    this.#byHost.set(host, found);
    return found;
  }

  /** Those that a request to `host` may meet; null: to a host that no rule names. */
  for(host: string | null): readonly T[] {
    const hosts = host === null ? [] : [host, ...widerHosts(host).filter((each) => each !== null)];
    const own = hosts.flatMap((each) => this.#byHost.get(each) ?? []);
    if (own.length === 0) return this.#any;
    const places = [...new Set([...this.#anyPlaces, ...own])].sort((a, b) => a - b);
    return places.flatMap((place) => this.#items[place] ?? []);
  }
}

// An import makes each of these once.
const STEPS = new WeakMap<readonly Step[], ByHost<Step>>();
const ALTERNATIVES = new WeakMap<Meaning, ByHost<Alternative>>();

/** Without steps that no request to `host` meets. */
export function stepsFor(set: readonly Step[], host: string | null): readonly Step[] {
  const index = STEPS.get(set) ?? new ByHost(set, ({ condition }) => hostsThatMeet(condition));
  STEPS.set(set, index);
  return index.for(host);
}

/** Without alternatives that no request to `host` is in. */
export function alternativesFor(meaning: Meaning, host: string | null): readonly Alternative[] {
  const known = ALTERNATIVES.get(meaning);
  const index =
    known ?? new ByHost(meaning.alternatives, (each) => (each.host === null ? null : new Set([each.host])));
  ALTERNATIVES.set(meaning, index);
  return index.for(host);
}

/** Null: it may be any. */
function hostsThatMeet({ terms, isUnless }: Condition): ReadonlySet<string> | null {
  const named = terms.map((term) => term.map(hostsOf).find((hosts) => hosts !== null) ?? null);
  if (isUnless || named.includes(null)) return null;
  return new Set(named.flatMap((hosts) => hosts ?? []));
}

function hostsOf({ isNegated, meaning }: Literal): string[] | null {
  const hosts = meaning.alternatives.flatMap(({ host }) => host ?? []);
  return isNegated || hosts.length < meaning.alternatives.length ? null : hosts;
}
