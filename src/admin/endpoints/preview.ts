/**
 * Shows the changes that a document would make, before it is put in force. For a document with errors the answer is
 * that of the PUT.
 * @module
 */
import { type ConfigPath, formatPath, shownErrors } from "../../config/errors.ts";
import { id } from "../../config/fields.ts";
import { parsePool, parseRoutes } from "../../config/parse.ts";
import { poolWarnings } from "../../config/pool-warnings.ts";
import { routeWarnings } from "../../config/route-warnings.ts";
import { poolSchema, routesSchema } from "../../config/schema.ts";
import type { ConfigWarning } from "../../config/warnings.ts";
import { checked } from "../http/body.ts";
import { type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { changesShown } from "../http/masking.ts";
import { askPool, etagOf, versionOf } from "../http/pool-client.ts";
import { Problem } from "../http/problems.ts";
import { previewSchema } from "../http/schemas.ts";
import { poolsFor, readRoutes } from "./routes.ts";

const poolIdSchema = id();

/** @param base path of the document in a whole configuration */
function shown(base: ConfigPath, { path, message }: ConfigWarning): { path: string; message: string } {
  return { path: formatPath([...base, ...path]), message };
}

export const PREVIEW_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: "/pools/:pool/preview",
    scope: "read",
    summary: "What a configuration would change. Changes nothing",
    body: poolSchema,
    bodyUnchecked: true,
    answer: previewSchema,
    problems: ["invalid", "too_large"],
    async run({ env, params: { pool = "" }, raw, principal }) {
      checked(poolIdSchema, pool);
      const parsed = parsePool(raw, {
        allowIpOrigins: env.ALLOW_IP_ORIGINS === "1",
        path: ["pools", pool],
      });
      if (!parsed.ok) throw new Problem("invalid", { errors: shownErrors(parsed.errors) });
      const described = await askPool(env, pool, (stub) => stub.describe());
      const version = versionOf(described);
      const before: unknown = described.document === null ? {} : JSON.parse(described.document);
      const changes = changesShown(before, raw, principal);
      const warnings = poolWarnings(parsed.value).map((warning) => shown(["pools", pool], warning));
      return json({ version, etag: etagOf(version), changes, warnings });
    },
  }),
  endpoint({
    method: "post",
    path: "/routes/preview",
    scope: "read",
    summary: "What new routes would change. Changes nothing",
    body: routesSchema,
    bodyUnchecked: true,
    answer: previewSchema.omit({ version: true }),
    problems: ["invalid", "too_large"],
    async run({ env, raw, principal }) {
      const wanted = parseRoutes(raw, { pools: await poolsFor(env, raw) });
      if (!wanted.ok) throw new Problem("invalid", { errors: shownErrors(wanted.errors) });
      const { routes, etag } = await readRoutes(env);
      const warnings = routeWarnings(wanted.value, {}).map((warning) => shown([], warning));
      return json({ etag, changes: changesShown(routes, raw, principal), warnings });
    },
  }),
];
