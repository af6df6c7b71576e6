/**
 * Who sends requests: each client has an address, a key and a cookie jar, and stays in its region.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import type { EdgeRequest } from "../../src/edge/edge-request.ts";
import type { Chance } from "./chance.ts";

export class Client {
  readonly region: number;
  readonly #index: number;
  readonly #hashKey: string;
  /** The session cookie; empty if there is none. */
  #cookie = "";

  /** @param hashKey what the pool hashes, as in its configuration: each client has a value of its own for it */
  constructor(index: number, region: number, hashKey: string) {
    this.#index = index;
    this.region = region;
    this.#hashKey = hashKey;
  }

  request(method: string, nowMs: number): EdgeRequest {
    const path = `/${this.#index}`;
    const { kind, name } = this.#keyed();
    const get = (header: string): string | null => {
      if (header === "cookie") return this.#cookieHeader(kind === "cookie" ? name : null);
      return String(this.#index);
    };
    return {
      request: { headers: { get } } as unknown as Request,
      method,
      scheme: "https",
      host: "example.com",
      path,
      target: kind === "query" ? `${path}?${name}=${this.#index}` : path,
      clientIp: `10.${(this.#index >> 16) & 255}.${(this.#index >> 8) & 255}.${this.#index & 255}`,
      id: "",
      startedAtMs: nowMs,
      key: "",
      session: null,
    };
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
    const parts = [this.#cookie, keyName === null ? "" : `${keyName}=${this.#index}`].filter(
      (part) => part !== "",
    );
    return parts.length === 0 ? null : parts.join("; ");
  }
}

export class Clients {
  readonly #clients: Client[];

  constructor(count: number, regions: number, { hash_key }: Pick<PoolConfig, "hash_key">) {
    this.#clients = Array.from({ length: count }, (_, index) => new Client(index, index % regions, hash_key));
  }

  /** Any of them. */
  draw(chance: Chance): Client {
    const client = this.#clients[chance.integer(this.#clients.length)];
    if (client === undefined) throw new RangeError("there must be clients");
    return client;
  }
}
