/**
 * A client's request as the conditions of routes see it. Made only for requests that come to a route that asks; what one
 * route has read is not read again for the next.
 * @module
 */
import type { WhereRequest } from "../../config/where.ts";
import { type AddressGroups, parseAddress } from "../../core/steering/address-range.ts";
import type { ClientPlace } from "../../core/steering/client-place.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { Locations } from "./locations.ts";

export class EdgeWhereRequest implements WhereRequest {
  readonly #edge: EdgeRequest;
  readonly #locations: Locations;
  /** Those read so far, because each reading is a call into the runtime. */
  readonly #headers: Map<string, string | null>;
  #place: ClientPlace | null = null;
  /** Undefined: not looked up yet. */
  #address: AddressGroups | null | undefined;
  /** Undefined: not looked up yet. */
  #colo: string | null | undefined;

  constructor(edge: EdgeRequest, locations: Locations) {
    this.#edge = edge;
    this.#locations = locations;
    this.#headers = new Map([["cookie", edge.headers.cookie]]);
  }

  get method(): string {
    return this.#edge.method;
  }

  get address(): AddressGroups | null {
    if (this.#address === undefined) this.#address = parseAddress(this.#edge.clientIp);
    return this.#address;
  }

  get query(): string {
    const { path, target } = this.#edge;
    return target.slice(path.length + 1);
  }

  header(name: string): string | null {
    const seen = this.#headers.get(name);
    if (seen !== undefined) return seen;
    // A host is the same in any case of letters.
    const value = name === "host" ? this.#edge.host.toLowerCase() : this.#edge.request.headers.get(name);
    this.#headers.set(name, value);
    return value;
  }

  get place(): ClientPlace {
    this.#place ??= this.#locations.placeOf(this.#edge);
    return this.#place;
  }

  get colo(): string | null {
    if (this.#colo === undefined) this.#colo = this.#locations.coloOf(this.#edge);
    return this.#colo;
  }
}
