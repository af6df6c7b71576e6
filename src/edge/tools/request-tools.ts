/**
 * Applies a route's changes to one request and its answer. Made only for routes that change anything.
 * @module
 */
import type { Fill, Placeholder } from "../../config/placeholders.ts";
import { rewriteLocation, rewritePath } from "../../config/rewrite.ts";
import { endOfHost } from "../../config/route-pattern.ts";
import { type FixedAnswer, type HeaderRules, locationOf, type RouteTools } from "../../config/route-tools.ts";
import { UNKNOWN_COUNTRY } from "../../core/steering/client-place.ts";
import { retryAfter } from "../../platform/problem.ts";
import type { EdgeWhereRequest } from "../location/where-request.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { EdgeServer } from "../model/edge-server.ts";
import { isRebuildable } from "../response/tracked-response.ts";

interface Asking {
  readonly edge: EdgeRequest;
  readonly where: EdgeWhereRequest;
}

/** The origin and pool of an answer. */
export interface ServedBy {
  readonly pool: string;
  readonly server: EdgeServer;
}

export class RequestTools {
  readonly #tools: RouteTools;
  readonly #context: Asking;

  constructor(tools: RouteTools, context: Asking) {
    this.#tools = tools;
    this.#context = context;
    const { edge } = context;
    if (tools.rewrite !== null) {
      edge.sentTarget = rewritePath(tools.rewrite, edge.path) + edge.target.slice(edge.path.length);
    }
  }

  /** Changes the headers of a request that is about to be sent. */
  prepare(headers: Headers, pool: string, server: EdgeServer): void {
    const { requestHeaders } = this.#tools;
    if (requestHeaders !== null) apply(requestHeaders, headers, this.#fill({ pool, server }));
  }

  /** The answer that the route gives itself. */
  respond(answer: FixedAnswer): Response {
    return this.finish(this.#fixed(answer), null);
  }

  /** The route's own answer in place of a 503 of ours; null: it has none, or the client asks for JSON. */
  unavailable(retryAfterS: number | undefined): Response | null {
    const { unavailable } = this.#tools;
    const accept = this.#context.edge.request.headers.get("accept") ?? "";
    if (unavailable === null || /\bapplication\/(?:problem\+)?json\b/i.test(accept)) return null;
    return this.finish(this.#fixed(unavailable, retryAfterS), null);
  }

  /** The answer as the client gets it. @param by null: no origin */
  finish(response: Response, by: ServedBy | null): Response {
    if (response.status === 101 || !isRebuildable(response)) return response;
    const location = by === null ? null : this.#location(response, by.server);
    const { responseHeaders } = this.#tools;
    if (location === null && responseHeaders === null) return response;
    // Keeps the unread body, its encoding and its length (docs/platform.md, body passthrough).
    const copy = new Response(response.body, response);
    if (location !== null) copy.headers.set("location", location);
    if (responseHeaders !== null) apply(responseHeaders, copy.headers, this.#fill(by));
    return copy;
  }

  #location({ headers }: Response, { base }: EdgeServer): string | null {
    const { rewrite } = this.#tools;
    if (rewrite === null || !rewrite.rewrite_location) return null;
    const location = headers.get("location");
    const { path, scheme, host } = this.#context.edge;
    return location === null ? null : rewriteLocation(rewrite, location, { path, scheme, host, base });
  }

  /** @param retryAfterS unless the answer has one itself */
  #fixed({ status, body, headers: fixed, rules, location }: FixedAnswer, retryAfterS?: number): Response {
    const { edge } = this.#context;
    const fill = this.#fill(null);
    const headers = new Headers({ ...retryAfter(retryAfterS), ...Object.fromEntries(fixed) });
    headers.set("x-request-id", edge.id);
    if (location !== null) headers.set("location", locationOf(location, fill));
    if (rules !== null) apply(rules, headers, fill);
    return new Response(edge.method === "HEAD" ? null : body, { status, headers });
  }

  #fill(by: ServedBy | null): Fill {
    return (placeholder) => this.#valueOf(placeholder, by);
  }

  #valueOf(placeholder: Placeholder, by: ServedBy | null): string {
    const { edge, where } = this.#context;
    switch (placeholder) {
      case "client_ip":
        return edge.clientIp;
      case "country":
        return where.place.country === UNKNOWN_COUNTRY ? "" : where.place.country;
      case "region":
        return where.place.region ?? "";
      case "colo":
        return where.colo ?? "";
      case "request_id":
        return edge.id;
      case "host":
        return edge.host.slice(0, endOfHost(edge.host));
      case "path":
        return edge.path;
      case "target":
        return edge.target;
      case "query":
        return edge.target.slice(edge.path.length + 1);
      case "pool":
        return by?.pool ?? "";
      case "origin":
        return by?.server.id ?? "";
    }
  }
}

function apply({ remove, set, add }: HeaderRules, headers: Headers, fill: Fill): void {
  for (const name of remove) headers.delete(name);
  for (const [name, value] of set) {
    const text = value(fill);
    if (text === "") headers.delete(name);
    else headers.set(name, text);
  }
  for (const [name, value] of add) {
    const text = value(fill);
    if (text !== "") headers.append(name, text);
  }
}
