/**
 * The API's own description, OpenAPI 3.1, from the endpoints and their schemas.
 * @module
 */
import * as z from "zod";
import { type Endpoint, queryOf } from "../http/endpoint.ts";
import { PROBLEMS, type ProblemType } from "../http/problems.ts";
import { isList } from "../http/query.ts";

const PREFIX = "/_lb";
/** Answers that every endpoint may give. */
const COMMON: readonly ProblemType[] = [
  "bad_request",
  "unauthorized",
  "https_required",
  "forbidden",
  "too_many_attempts",
  "internal",
  "access_unavailable",
  "pool_unavailable",
];

/** Answers of an endpoint that fails. */
export function problemsOf({ body, conditional, problems = [] }: Endpoint): ReadonlySet<ProblemType> {
  const checked: ProblemType[] = body === undefined ? [] : ["invalid"];
  const read: ProblemType[] = body === undefined ? [] : ["too_large"];
  const matched: ProblemType[] = conditional === true ? ["precondition_failed"] : [];
  return new Set([...COMMON, ...checked, ...read, ...matched, ...problems]);
}

type Json = Record<string, unknown>;

export function openApiDocument(endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Json> = {};
  for (const each of endpoints) {
    const path = openApiPath(each.path);
    paths[path] = { ...paths[path], [each.method]: operation(each) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Edge balancer: admin API", version: "1" },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { access: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        access: { type: "apiKey", in: "header", name: "Cf-Access-Jwt-Assertion" },
      },
      schemas: { Problem: problemSchema() },
    },
  };
}

/** `/pools/:pool` as OpenAPI writes it, with the prefix. */
export function openApiPath(path: string): string {
  return PREFIX + path.replace(/:(\w+)/g, "{$1}");
}

function operation(endpoint: Endpoint): Json {
  const { summary, scope, body, bodyOptional } = endpoint;
  return {
    summary,
    description: `Needs the scope \`${scope}\`.`,
    operationId: operationId(endpoint),
    parameters: parameters(endpoint),
    ...(body === undefined
      ? {}
      : { requestBody: { required: bodyOptional !== true, content: content(inputSchema(body)) } }),
    responses: responses(endpoint),
  };
}

function operationId({ method, path }: Endpoint): string {
  const words = path.split("/").filter((word) => word !== "");
  return [method, ...words.map((word) => word.replace(/^:/, "by_").replace(/\W/g, "_"))].join("_");
}

function parameters(endpoint: Endpoint): Json[] {
  const { path, conditional } = endpoint;
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(queryOf(endpoint).shape).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    // The items of a list are separated by commas.
    ...(isList(schema) ? { style: "form", explode: false } : {}),
    schema: outputSchema(schema as z.ZodType),
  }));
  const match = { name: "If-Match", in: "header", required: false, schema: { type: "string" } };
  return [...inPath, ...inQuery, ...(conditional === true ? [match] : [])];
}

function responses(endpoint: Endpoint): Json {
  const { statuses = [200], answer, mediaType } = endpoint;
  const done = { description: "Done", content: content(outputSchema(answer), mediaType) };
  const answers: Json = Object.fromEntries(statuses.map((status) => [status, done]));
  for (const type of problemsOf(endpoint)) {
    const { status, title } = PROBLEMS[type];
    answers[status] = {
      description: title,
      content: content({ $ref: "#/components/schemas/Problem" }, "application/problem+json"),
    };
  }
  return answers;
}

function content(schema: Json, mediaType = "application/json"): Json {
  return { [mediaType]: { schema } };
}

function inputSchema(schema: z.ZodType): Json {
  return plain(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
}

function outputSchema(schema: z.ZodType): Json {
  return plain(z.toJSONSchema(schema, { io: "output", unrepresentable: "any" }));
}

/** OpenAPI 3.1 schemas are JSON Schema 2020-12 already; the mark says nothing new. */
function plain({ $schema: _, ...schema }: Json): Json {
  return schema;
}

function problemSchema(): Json {
  return outputSchema(
    z.object({
      type: z.string(),
      title: z.string(),
      status: z.number(),
      detail: z.string().optional(),
      errors: z
        .array(z.object({ path: z.string(), message: z.string() }))
        .optional()
        .describe("Each wrong place of the body, or parameter of the query, with its rule"),
      request_id: z.string(),
    }),
  );
}
