/**
 * Who sends requests: each client has an address, a key and a cookie jar, and stays in its region.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import type { Rng } from "./rng.ts";

/** Whoever sends requests. */
export interface AnyClient {
  /** Its next request, a GET. @param id names it in the log */
  request(id: string): Request;
  /** Takes a Set-Cookie to heart. */
  keep(setCookie: string | null): void;
}

export class Client implements AnyClient {
  readonly index: number;
  readonly region: number;
  readonly #hashKey: string;
  /** The session cookie; empty if there is none. */
  #cookie = "";

  /** @param hashKey what the pool hashes, as in its configuration: each client has a value of its own for it */
  constructor(index: number, region: number, hashKey: string) {
    this.index = index;
    this.region = region;
    this.#hashKey = hashKey;
  }

  /** A GET. @param id names it in the log */
  request(id: string): Request {
    const { kind, name } = this.#keyed();
    const headers = new Headers({ "cf-connecting-ip": addressOf(this.index), "x-request-id": id });
    const cookie = this.#cookieHeader(kind === "cookie" ? name : null);
    if (cookie !== null) headers.set("cookie", cookie);
    if (kind === "header") headers.set(name, String(this.index));
    const query = kind === "query" ? `?${name}=${this.index}` : "";
    const url = `https://example.com/${this.index}${query}`;
    return asRequest(url, headers);
  }

  /** Takes a Set-Cookie to heart. */
  keep(setCookie: string | null): void {
    if (setCookie !== null) this.#cookie = setCookie.slice(0, setCookie.indexOf(";"));
  }

  #keyed(): { kind: string; name: string } {
    const colon = this.#hashKey.indexOf(":");
    return { kind: this.#hashKey.slice(0, Math.max(0, colon)), name: this.#hashKey.slice(colon + 1) };
  }

  #cookieHeader(keyName: string | null): string | null {
    const parts = [this.#cookie, keyName === null ? "" : `${keyName}=${this.index}`].filter(
      (part) => part !== "",
    );
    return parts.length === 0 ? null : parts.join("; ");
  }
}

/** All of a GET that the edge looks at: Node takes longer to make a Request than the edge to serve it. */
export function asRequest(url: string, headers: Headers, cf?: object): Request {
  return { method: "GET", url, headers, body: null, signal: { onabort: null }, cf } as unknown as Request;
}

/** The address of a client by its index, which is below 2^24. */
export function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

export class Clients {
  readonly #count: number;
  readonly #regions: number;
  readonly #hashKey: string;
  /** Those that have sent a request, by index. */
  readonly #clients = new Map<number, Client>();

  constructor(count: number, regions: number, { hash_key }: Pick<PoolConfig, "hash_key">) {
    this.#count = count;
    this.#regions = regions;
    this.#hashKey = hash_key;
  }

  /** Any of them. */
  draw(rng: Rng): Client {
    return this.at(rng.integer(this.#count));
  }

  /** @param index below their number */
  at(index: number): Client {
    let client = this.#clients.get(index);
    if (client === undefined) {
      client = new Client(index, index % this.#regions, this.#hashKey);
      this.#clients.set(index, client);
    }
    return client;
  }
}
