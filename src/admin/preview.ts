/**
 * What a document would change, before it is put in force. Answers what the PUT of the same document would answer if
 * it has errors.
 * @module
 */
import { diffJson } from "../config/diff.ts";
import { formatPath } from "../config/errors.ts";
import { id } from "../config/fields.ts";
import { parsePool } from "../config/parse.ts";
import { poolSchema, routesSchema } from "../config/schema.ts";
import { previewSchema } from "./answers.ts";
import { checked } from "./body.ts";
import { type Endpoint, endpoint, json } from "./endpoint.ts";
import { askPool, etagOf, versionOf } from "./pool-client.ts";
import { Problem } from "./problems.ts";
import { readRoutes, validateRoutes } from "./routes.ts";

const poolIdSchema = id();

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
    async run({ env, params: { pool = "" }, raw }) {
      checked(poolIdSchema, pool);
      const parsed = parsePool(raw, {
        allowIpOrigins: env.ALLOW_IP_ORIGINS === "1",
        path: ["pools", pool],
      });
      if (!parsed.ok) {
        const errors = parsed.errors.map(({ path, message }) => ({ path: formatPath(path), message }));
        throw new Problem("invalid", { errors });
      }
      const described = await askPool(env, pool, (stub) => stub.describe());
      const version = versionOf(described);
      const before: unknown = described.document === null ? {} : JSON.parse(described.document);
      return json({ version, etag: etagOf(version), changes: diffJson(before, raw) });
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
    async run({ env, raw }) {
      await validateRoutes(env, raw);
      const { routes, etag } = await readRoutes(env);
      return json({ etag, changes: diffJson(routes, raw) });
    },
  }),
];
