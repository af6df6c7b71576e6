/**
 * Clients that are somewhere: each has an address, a place, a cookie jar and whatever the pools hash.
 * @module
 */
import { type AnyClient, addressOf, asRequest } from "../clients.ts";
import type { ClientOrigin } from "./places.ts";

/** What pools hash, apart from the address and the path. */
export interface Keys {
  readonly headers: readonly string[];
  readonly cookies: readonly string[];
  readonly queries: readonly string[];
}

/** @param hashKeys as in the pools' configurations */
export function keysOf(hashKeys: readonly string[]): Keys {
  const named = (kind: string): string[] => [
    ...new Set(hashKeys.filter((key) => key.startsWith(`${kind}:`)).map((key) => key.slice(kind.length + 1))),
  ];
  return { headers: named("header"), cookies: named("cookie"), queries: named("query") };
}

export class PlacedClient {
  readonly index: number;
  /** Position in the list of places. */
  readonly place: number;
  readonly cf: ClientOrigin["cf"];
  readonly #keys: Keys;
  /** Cookies by host and name: a browser keeps those of each host apart. */
  readonly #jars = new Map<string, Map<string, string>>();

  constructor(index: number, place: number, cf: ClientOrigin["cf"], keys: Keys) {
    this.index = index;
    this.place = place;
    this.cf = cf;
    this.#keys = keys;
  }

  /** @param url a `*` at its end stands for the client's number */
  request(id: string, url: string): Request {
    const { index } = this;
    const headers = new Headers({ "cf-connecting-ip": addressOf(index), "x-request-id": id });
    for (const name of this.#keys.headers) headers.set(name, String(index));
    const kept = this.#jars.get(hostOf(url)) ?? [];
    const hashed = this.#keys.cookies.map((name): [string, string] => [name, String(index)]);
    const cookies = [...hashed, ...kept].map(([name, value]) => `${name}=${value}`);
    if (cookies.length > 0) headers.set("cookie", cookies.join("; "));
    return asRequest(this.#withQuery(url.endsWith("*") ? url.slice(0, -1) + index : url), headers, this.cf);
  }

  /** @param url of the request that it answers */
  keep(setCookie: string, url: string): void {
    const [, name, value] = /^([^=;]+)=([^;]*)/.exec(setCookie) ?? [];
    if (name === undefined || value === undefined) return;
    const jar = this.#jars.get(hostOf(url)) ?? new Map<string, string>();
    this.#jars.set(hostOf(url), jar.set(name, value));
  }

  #withQuery(url: string): string {
    const own = this.#keys.queries.map((name) => `${name}=${this.index}`).join("&");
    if (own === "") return url;
    return `${url}${url.includes("?") ? "&" : "?"}${own}`;
  }
}

/** One request of a client, before it is made. */
export class Errand implements AnyClient {
  readonly client: PlacedClient;
  readonly #url: string;

  constructor(client: PlacedClient, url: string) {
    this.client = client;
    this.#url = url;
  }

  request(id: string): Request {
    return this.client.request(id, this.#url);
  }

  keep(setCookie: string | null): void {
    if (setCookie !== null) this.client.keep(setCookie, this.#url);
  }
}

function hostOf(url: string): string {
  const start = url.indexOf("://") + 3;
  return url.slice(start, url.indexOf("/", start));
}

export class PlacedClients {
  readonly #count: number;
  readonly #from: readonly ClientOrigin[];
  readonly #keys: Keys;
  readonly #clients = new Map<number, PlacedClient>();

  constructor(count: number, from: readonly ClientOrigin[], keys: Keys) {
    this.#count = count;
    this.#from = from;
    this.#keys = keys;
  }

  /** Any of them. @param random in [0, 1) */
  draw(random: number): PlacedClient {
    const index = Math.floor(random * this.#count);
    let client = this.#clients.get(index);
    if (client === undefined) {
      const place = placeAt(this.#from, (index + 0.5) / this.#count);
      client = new PlacedClient(index, place, this.#from[place]?.cf ?? {}, this.#keys);
      this.#clients.set(index, client);
    }
    return client;
  }
}

/** The position of the one whose part of [0, 1) holds `point`. */
export function placeAt(shares: readonly { readonly share: number }[], point: number): number {
  let upTo = 0;
  const found = shares.findIndex(({ share }) => {
    upTo += share;
    return point < upTo;
  });
  return found < 0 ? shares.length - 1 : found;
}

/** How many of `total` each gets in proportion to its share, at least one each (largest remainders). */
export function apportion(shares: readonly { readonly share: number }[], total: number): number[] {
  const spare = total - shares.length;
  const exact = shares.map(({ share }) => share * spare);
  const counts = exact.map((part) => 1 + Math.floor(part));
  const byRest = [...exact.keys()].sort((a, b) => ((exact[b] ?? 0) % 1) - ((exact[a] ?? 0) % 1) || a - b);
  const missing = total - counts.reduce((sum, count) => sum + count, 0);
  for (const index of byRest.slice(0, missing)) counts[index] = (counts[index] ?? 0) + 1;
  return counts;
}
