/**
 * The schema of one origin of a pool: where it is, how it is reached, and how much of the traffic it may get.
 * @module
 */
import type * as z from "zod";
import { flag, id, integer, number, object, text, textThat } from "./fields.ts";
import { isHostName, isOriginUrl } from "./urls.ts";

/**
 * Bindings that origins may name. The prefix keeps a document away from bindings that are none of its business, such as
 * those of KV and the objects.
 */
const BINDING = /^ORIGIN_[A-Z0-9_]{1,57}$/;
const BINDING_RULE =
  'must be the name of a binding: ORIGIN_ and 1 to 57 capital letters, digits or "_", such as "ORIGIN_VPC"';
const HOST_RULE = 'must be a DNS name, such as "origin-2.example.com", without scheme and port';

const weight = number(0, 1_000).refine((value) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-9, {
  error: "must have at most two decimals",
});

/** True if an origin may have this weight. */
export function isWeight(value: unknown): value is number {
  return weight.safeParse(value).success;
}

export const originSchema = object({
  id: id().describe("Name of the origin, unique in its pool. Its state is kept under it."),
  url: textThat(isOriginUrl, "must be a http or https URL, without credentials, query or fragment").describe(
    "Address of the origin: http or https, optionally with a port and a path that is put before each request's path. It needs a DNS name, because Workers cannot fetch IP addresses, unless it has a `binding`.",
  ),
  binding: text(BINDING, BINDING_RULE)
    .nullable()
    .default(null)
    .describe(
      "Binding of the Worker through which requests and probes go, instead of over the public network: a VPC service or network, an mTLS certificate, another Worker. It is declared in `wrangler.toml`, and its name begins with `ORIGIN_`.",
    ),
  resolve_override: textThat(isHostName, HOST_RULE)
    .nullable()
    .default(null)
    .describe(
      "Name that is looked up instead of the url's, whose name the request keeps as its `Host`. Cloudflare heeds it only if both names are in the Worker's zone.",
    ),
  weight: weight
    .default(1)
    .describe(
      "Share of the traffic relative to the others, at most two decimals. 0: not picked, but keeps its sessions.",
    ),
  rate_limit: integer(1, 1_000_000)
    .nullable()
    .default(null)
    .describe("Most requests in any one second. Replaces the pool's."),
  max_connections: integer(1, 1_000_000)
    .nullable()
    .default(null)
    .describe("Most requests in flight at once."),
  backup: flag().default(false).describe("Used only when no other origin is eligible."),
  enabled: flag().default(true).describe("false: takes no traffic at all."),
}).superRefine(({ binding, resolve_override }, context) => {
  if (binding === null || resolve_override === null) return;
  const message = "must not stand beside binding: no name is looked up for that";
  context.addIssue({ code: "custom", path: ["resolve_override"], message });
});

interface Reached {
  readonly binding: string | null;
  readonly resolve_override: string | null;
}

interface Checked {
  readonly health_check: { readonly type: "http" | "tcp" } | null;
  readonly origins: readonly Reached[];
}

/** Refuses checks that open a connection by themselves, for origins that only `fetch` reaches. */
export function refuseTcpChecks({ health_check, origins }: Checked, context: z.RefinementCtx): void {
  if (health_check?.type !== "tcp") return;
  for (const [index, origin] of origins.entries()) {
    const field = (["binding", "resolve_override"] as const).find((each) => origin[each] !== null);
    if (field === undefined) continue;
    const message = "must not stand beside a health check of the type tcp, which would reach another place";
    context.addIssue({ code: "custom", path: ["origins", index, field], message });
  }
}
