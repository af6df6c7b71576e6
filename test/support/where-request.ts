/**
 * Makes requests in the form that conditions of routes read.
 * @module
 */
import type { WhereSource } from "../../src/config/routing.ts";
import { parseAddress } from "../../src/core/steering/address-range.ts";
import { clientPlace, coloOf } from "../../src/core/steering/client-place.ts";

export interface Asking {
  method?: string;
  clientIp?: string;
  query?: string;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
  cf?: unknown;
}

export function asking({
  method = "GET",
  clientIp = "",
  query = "",
  headers = {},
  cf = null,
}: Asking = {}): WhereSource {
  const header = (name: string) => (Object.hasOwn(headers, name) ? (headers[name] ?? null) : null);
  return {
    where: {
      method,
      address: parseAddress(clientIp),
      query,
      header,
      place: clientPlace(cf),
      colo: coloOf(cf),
    },
  };
}

/** Throws if a condition reads it, because most requests must not be parsed. */
export const askedNothing: WhereSource = {
  get where(): never {
    throw new Error("no route here has conditions");
  },
};
