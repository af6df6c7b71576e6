/**
 * Runs the health check now.
 * @module
 */
import * as z from "zod";
import { healthCheckSchema } from "../../config/health-schema.ts";
import { type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { askPool, fetchSummary } from "../http/pool-client.ts";
import { Problem } from "../http/problems.ts";
import { probeSchema } from "../http/schemas.ts";
import { needScope } from "../http/tokens.ts";

export const CHECK_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: "/pools/:pool/check",
    scope: "operate",
    summary:
      'Probes every origin now. With a `health_check`, which needs the scope "admin": tries that one, and nothing is saved or counted',
    body: z.strictObject({ health_check: healthCheckSchema.optional() }),
    bodyOptional: true,
    answer: z.object({
      preview: z.boolean().describe("true: the results were not counted"),
      probes: z.array(probeSchema),
    }),
    problems: ["not_found", "conflict"],
    async run({ env, params: { pool = "" }, body, principal }) {
      await fetchSummary(env, pool);
      const monitor = body.health_check ?? null;
      // It can send any request to an origin, and shows the answer.
      if (monitor !== null) needScope(principal, "admin");
      const report = await askPool(env, pool, (stub) => stub.check(monitor, principal.name));
      if (!report.checked) throw new Problem("conflict", { detail: "The pool has no health_check." });
      return json({ preview: monitor !== null, probes: report.probes });
    },
  }),
];
