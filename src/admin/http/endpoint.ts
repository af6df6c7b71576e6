/**
 * The description of an endpoint of the admin API. The app, the check of scopes and the OpenAPI document are all made
 * from one list of these.
 * @module
 */
import * as z from "zod";
import type { Env } from "../../platform/env.ts";
import type { ProblemType } from "./problems.ts";
import type { Principal, Scope } from "./tokens.ts";

type Method = "get" | "put" | "post" | "patch" | "delete";

const MESSAGE_RULE = "must be a text of 1 to 200 characters in one line";

/** Parameters of every endpoint that writes a version. */
const messageQuery = z.object({
  message: z
    .string()
    // It is shown in lists and terminals, which line breaks and control characters would disturb.
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u, MESSAGE_RULE)
    .optional()
    .describe("Why this is written, for the versions and the audit event"),
});

/** A request, as an endpoint gets it: checked. */
export interface Call<B = unknown, Q = unknown> {
  env: Env;
  request: Request;
  principal: Principal;
  /** Of the path, decoded. */
  params: Record<string, string>;
  /** The reason for a write, in the writer's words; null: none was given. */
  message: string | null;
  query: Q;
  body: B;
  /** The body as it was written, defaults not filled in. */
  raw: unknown;
  /** The body with its comments and layout; empty: there is none. */
  text: string;
}

/** Its entry in the OpenAPI document, and the checks before `run`. */
interface Outline {
  method: Method;
  /** Under `/_lb`, as Hono writes it: `/pools/:pool`. */
  path: string;
  scope: Scope;
  summary: string;
  /** Writes a version: takes If-Match, and `?message=` that says why. */
  conditional?: boolean;
  /** Of the success. Default: 200 alone. */
  statuses?: readonly (200 | 201)[];
  answer: z.ZodType;
  /** The answer is not JSON. */
  mediaType?: string;
  /** Beyond those that every endpoint may answer. */
  problems?: readonly ProblemType[];
}

export interface Endpoint extends Outline {
  body?: z.ZodType;
  /** The body may be left out. */
  bodyOptional?: boolean;
  /** The body is only documented by `body`; the pool's object checks it, in its own terms. */
  bodyUnchecked?: boolean;
  query?: z.ZodObject;
  run(call: Call): Promise<Response> | Response;
}

interface TypedEndpoint<B extends z.ZodType, Q extends z.ZodObject> extends Omit<Endpoint, "run"> {
  body?: B;
  query?: Q;
  run(call: Call<z.output<B>, z.output<Q>>): Promise<Response> | Response;
}

/** All parameters of its query, those of every write too. */
export function queryOf({
  query,
  conditional,
}: Endpoint): z.ZodObject<{ message?: typeof messageQuery.shape.message }> {
  return z.object({ ...query?.shape, ...(conditional === true ? messageQuery.shape : {}) });
}

/** An endpoint whose `run` gets the types of its schemas. */
export function endpoint<B extends z.ZodType, Q extends z.ZodObject>(typed: TypedEndpoint<B, Q>): Endpoint {
  return { ...typed, run: (call) => typed.run(call as Call<z.output<B>, z.output<Q>>) };
}

export function json(
  value: unknown,
  options: { status?: number; headers?: Record<string, string> } = {},
): Response {
  return new Response(JSON.stringify(value), {
    status: options.status ?? 200,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      ...options.headers,
    },
  });
}
