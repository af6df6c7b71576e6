/**
 * Bindings of origins on this machine, where there are no VPC services, no certificates of yours and no other Workers: a
 * server that listens here stands in for each.
 * @module
 */
const PREFIX = "LB_BINDING_";
const NAME = /^ORIGIN_[A-Z0-9_]+$/;

/** A server, in Miniflare's words. */
export interface StandIn {
  readonly external: { readonly address: string } & ({ readonly http: object } | { readonly https: object });
}

/** From variables such as `LB_BINDING_ORIGIN_VPC=http://127.0.0.1:9000`. @throws Error that says which is wrong */
export function originStandIns(env: Readonly<Record<string, string | undefined>>): Record<string, StandIn> {
  const given = Object.entries(env).filter(([variable]) => variable.startsWith(PREFIX));
  return Object.fromEntries(
    given.map(([variable, text = ""]) => {
      const name = variable.slice(PREFIX.length);
      if (!NAME.test(name)) throw new Error(`${variable}: the binding of an origin begins with ORIGIN_`);
      return [name, standIn(variable, text)];
    }),
  );
}

function standIn(variable: string, text: string): StandIn {
  const url = URL.parse(text);
  const isServer = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (!isServer) throw new Error(`${variable}: must be a http or https URL without a path`);
  const isSecure = url.protocol === "https:";
  const address = `${url.hostname}:${url.port || (isSecure ? 443 : 80)}`;
  return { external: isSecure ? { address, https: {} } : { address, http: {} } };
}
