/**
 * What a call of the admin API is made of. The app, the check of scopes and the OpenAPI document are all made from
 * the same list of these.
 * @module
 */
import type * as z from "zod";
import type { Env } from "../platform/env.ts";
import type { ProblemType } from "./problems.ts";
import type { Principal, Scope } from "./tokens.ts";

export type Method = "get" | "put" | "post" | "patch" | "delete";

/** A request, as an endpoint gets it: checked. */
export interface Call<B = unknown, Q = unknown> {
  env: Env;
  request: Request;
  principal: Principal;
  /** Of the path, decoded. */
  params: Record<string, string>;
  query: Q;
  body: B;
  /** The body as it was written, defaults not filled in. */
  raw: unknown;
}

/** What the document says of it, and what is checked before `run`. */
interface Outline {
  method: Method;
  /** Under `/_lb`, as Hono writes it: `/pools/:pool`. */
  path: string;
  scope: Scope;
  summary: string;
  /** Takes If-Match. */
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
