/** problem+json: what both roles answer is what each of them answered before they shared it. */
import { describe, expect, it } from "vitest";
import {
  PROBLEMS as API_PROBLEMS,
  type ProblemType as ApiType,
  Problem,
  type ProblemDetails,
  problemResponse,
} from "../../../src/admin/http/problems.ts";
import { PROBLEMS as EDGE_PROBLEMS, type ProblemType, problem } from "../../../src/edge/response/problem.ts";

const COMMON = {
  "content-type": "application/problem+json",
  "cache-control": "no-store",
  "x-request-id": "r1",
};

async function answered(response: Response) {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  };
}

/** As the data path made it. */
function formerOfEdge(type: ProblemType, retryAfterS?: number) {
  const { status, title } = EDGE_PROBLEMS[type];
  const headers: Record<string, string> = { ...COMMON };
  if (type === "websocket_version") headers["sec-websocket-version"] = "13";
  if (retryAfterS !== undefined) headers["retry-after"] = String(Math.max(1, Math.ceil(retryAfterS)));
  return { status, headers, text: JSON.stringify({ type, title, status, request_id: "r1" }) };
}

/** As the admin API made it. */
function formerOfApi(type: ApiType, { detail, errors, retryAfterS, headers }: ProblemDetails) {
  const { status, title } = API_PROBLEMS[type];
  const body = {
    type,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    request_id: "r1",
  };
  const retry = retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
  return { status, headers: { ...COMMON, ...retry, ...headers }, text: JSON.stringify(body) };
}

describe("a problem of the data path", () => {
  it.each(Object.keys(EDGE_PROBLEMS) as ProblemType[])("has not changed: %s", async (type) => {
    for (const retryAfterS of [undefined, 0, 0.2, 1, 2.5, 60]) {
      expect(await answered(problem(type, "r1", retryAfterS))).toEqual(formerOfEdge(type, retryAfterS));
    }
  });
});

describe("a problem of the admin API", () => {
  const DETAILS: ProblemDetails[] = [
    {},
    { detail: "Version 3 is not kept." },
    { errors: [{ path: "origins[0].weight", message: "must be a number" }] },
    { retryAfterS: 5 },
    { headers: { allow: "GET", "www-authenticate": "Bearer" } },
  ];

  it.each(Object.keys(API_PROBLEMS) as ApiType[])("has not changed: %s", async (type) => {
    for (const details of DETAILS) {
      expect(await answered(problemResponse(new Problem(type, details), "r1"))).toEqual(
        formerOfApi(type, details),
      );
    }
  });
});
