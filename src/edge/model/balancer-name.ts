/**
 * The name by which this balancer recognizes requests that it has sent itself.
 * @module
 */
import { murmur3 } from "../../core/hash/murmur3.ts";
import type { Env } from "../../platform/env.ts";

/** Without the characters that separate names in a list. */
const NAME = /^[\w.-]{1,64}$/;

/**
 * `LB_NAME`, if it is a valid name. Else a name that is unique to the deployment, so that one deployment can be behind
 * another: 64 bits of a hash of an object's id, which Cloudflare derives from the deployment's own namespace. Origins
 * see the name; its only use is to get a request refused as a loop.
 */
export function balancerName(env: Pick<Env, "LB_NAME" | "UPSTREAM_POOL">): string {
  if (env.LB_NAME !== undefined && NAME.test(env.LB_NAME)) return env.LB_NAME;
  const id = env.UPSTREAM_POOL.idFromName("").toString();
  return `lb-${[0, 1].map((seed) => murmur3(id, seed).toString(16).padStart(8, "0")).join("")}`;
}
