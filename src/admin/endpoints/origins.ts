/**
 * Single origins: edits of the pool's document, and drains.
 * @module
 */
import * as z from "zod";
import { originSchema as originDocument } from "../../config/origin-schema.ts";
import type { OriginDescription } from "../../contract/admin.ts";
import { editDocument, type OriginDocument, type PoolDocument } from "../http/document-edit.ts";
import { type Call, type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { askPool, fetchDescription, fetchSummary } from "../http/pool-client.ts";
import { Problem } from "../http/problems.ts";
import { originSchema, writeSchema } from "../http/schemas.ts";
import { allows } from "../http/tokens.ts";

const { weight, rate_limit, max_connections, enabled, backup, url, binding, resolve_override } =
  originDocument.shape;
// Unwrapped: the default of a field that was not sent must not be written.
const patchSchema = z.strictObject({
  weight: weight.unwrap().optional(),
  enabled: enabled.unwrap().optional(),
  rate_limit: rate_limit.unwrap().optional(),
  max_connections: max_connections.unwrap().optional(),
  backup: backup.unwrap().optional(),
  url: url.optional(),
  binding: binding.unwrap().optional(),
  resolve_override: resolve_override.unwrap().optional(),
});
/** Fields that an operator of a pool may change without being its author. */
const OPERATED: ReadonlySet<string> = new Set(["weight", "enabled"]);

type Edit = (origins: OriginDocument[]) => OriginDocument[];

async function edit(call: Call, what: string, change: Edit, status = 200): Promise<Response> {
  const changed = (document: PoolDocument) => ({ ...document, origins: change(document.origins) });
  return await editDocument(call, what, changed, status);
}

function found(origins: OriginDocument[], id: string): OriginDocument {
  const origin = origins.find((each) => each.id === id);
  if (origin === undefined) throw noSuchOrigin(id);
  return origin;
}

function noSuchOrigin(id: string): Problem {
  return new Problem("not_found", { detail: `The pool has no origin ${JSON.stringify(id.slice(0, 64))}.` });
}

async function turn(call: Call, verb: "drain" | "undrain"): Promise<Response> {
  const { env, principal } = call;
  const { pool = "", origin: id = "" } = call.params;
  await fetchSummary(env, pool);
  const result = await askPool(env, pool, (stub) => stub[verb](id, principal.name));
  if (result === "missing") throw noSuchOrigin(id);
  const { origins } = await fetchDescription(env, pool);
  const origin: OriginDescription | undefined = origins.find((each) => each.id === id);
  if (origin === undefined) throw noSuchOrigin(id);
  return json({ changed: result === "changed", ...origin });
}

const turnSchema = originSchema.extend({ changed: z.boolean().describe("false: it was so already") });

export const ORIGIN_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: "/pools/:pool/origins",
    scope: "admin",
    summary: "Adds an origin",
    conditional: true,
    statuses: [201],
    body: originDocument,
    answer: writeSchema,
    problems: ["not_found", "conflict"],
    async run(call) {
      const { body, raw } = call;
      const add: Edit = (origins) => {
        if (origins.some((each) => each.id === body.id)) {
          throw new Problem("conflict", { detail: `There is an origin ${JSON.stringify(body.id)} already.` });
        }
        return [...origins, raw as OriginDocument];
      };
      return await edit(call, `added origin ${body.id}`, add, 201);
    },
  }),
  endpoint({
    method: "patch",
    path: "/pools/:pool/origins/:origin",
    scope: "operate",
    summary: "Changes an origin. The scope `operate` may change `weight` and `enabled`",
    conditional: true,
    body: patchSchema,
    answer: writeSchema,
    problems: ["not_found", "conflict"],
    async run(call) {
      const { body, params, principal } = call;
      const { origin: id = "" } = params;
      const fields = Object.keys(body);
      if (!allows(principal.scope, "admin") && !fields.every((field) => OPERATED.has(field))) {
        throw new Problem("forbidden", { detail: "This token may change weight and enabled." });
      }
      return await edit(call, `changed ${fields.join(", ")} of origin ${id}`, (origins) => {
        const origin = found(origins, id);
        return origins.map((each) => (each === origin ? { ...each, ...body } : each));
      });
    },
  }),
  endpoint({
    method: "delete",
    path: "/pools/:pool/origins/:origin",
    scope: "admin",
    summary: "Drains an origin, then removes it. It is gone from the configuration at once",
    conditional: true,
    answer: writeSchema,
    problems: ["not_found", "conflict", "invalid"],
    async run(call) {
      const { origin: id = "" } = call.params;
      return await edit(call, `removed origin ${id}`, (origins) => {
        const origin = found(origins, id);
        return origins.filter((each) => each !== origin);
      });
    },
  }),
  endpoint({
    method: "post",
    path: "/pools/:pool/origins/:origin/drain",
    scope: "operate",
    summary: "No new requests to this origin; its sessions go on until the pool's drain_timeout",
    answer: turnSchema,
    problems: ["not_found"],
    run: (call) => turn(call, "drain"),
  }),
  endpoint({
    method: "post",
    path: "/pools/:pool/origins/:origin/undrain",
    scope: "operate",
    summary: "Ends a drain",
    answer: turnSchema,
    problems: ["not_found"],
    run: (call) => turn(call, "undrain"),
  }),
];
