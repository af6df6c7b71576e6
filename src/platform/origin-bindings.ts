/**
 * The bindings of the Worker through which origins are reached: whatever has a `fetch` and a name that a pool may give
 * (config/origin-schema.ts).
 * @module
 */
const PREFIX = "ORIGIN_";

/** Sends requests: a VPC service or network, an mTLS certificate, another Worker. */
export type OriginBinding = Pick<Fetcher, "fetch">;

/** Null: the Worker has no such binding, or it sends no requests. */
export function originBinding(env: object, name: string): OriginBinding | null {
  const bound: unknown = Object.hasOwn(env, name) ? Reflect.get(env, name) : null;
  return isBinding(bound) ? bound : null;
}

/** The names of all that there are, in their order. */
export function originBindings(env: object): string[] {
  const names = Object.keys(env).filter((name) => name.startsWith(PREFIX));
  return names.filter((name) => originBinding(env, name) !== null).sort();
}

function isBinding(bound: unknown): bound is OriginBinding {
  return typeof bound === "object" && bound !== null && "fetch" in bound && typeof bound.fetch === "function";
}
