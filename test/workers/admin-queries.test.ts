/** Query parameters of the admin API: each that is no good is refused in one way, and none is passed over. */
import { beforeAll, describe, expect, it } from "vitest";
import { ENDPOINTS } from "../../src/admin/endpoints/all.ts";
import { openApiDocument } from "../../src/admin/endpoints/openapi.ts";
import { POOL_EVENT_KINDS } from "../../src/contract/events.ts";
import { type Answer, ask } from "./admin-support.ts";
import { A, pool } from "./own-pool.ts";

const KINDS = `must be one of ${POOL_EVENT_KINDS.map((kind) => `"${kind}"`).join(", ")}`;
let id = "";

beforeAll(async () => {
  id = await pool({ origins: [A] });
});

function expectRefused({ status, headers, body }: Answer, errors: readonly object[]): void {
  expect([status, headers.get("content-type"), body.type]).toEqual([
    400,
    "application/problem+json",
    "bad_request",
  ]);
  expect(body.errors).toEqual(errors);
  expect(body.detail).toBe(body.errors.map(({ message }: { message: string }) => message).join("\n"));
}

const refused = (path: string, message: string | RegExp) => ({
  path,
  message: typeof message === "string" ? `${path}: ${message}` : expect.stringMatching(message),
});

describe("a value that a parameter cannot have", () => {
  it.each([
    ["/pools/ID/events?kind=unhealty", "kind[0]", `${KINDS}, found "unhealty", did you mean "unhealthy"?`],
    ["/pools/ID/events?kind=audit,nothing", "kind[1]", `${KINDS}, found "nothing"`],
    ["/pools/ID/events?kind=", "kind[0]", `${KINDS}, found ""`],
    ["/pools/ID/events?kind=audit,", "kind[1]", `${KINDS}, found ""`],
    ["/routes/events?kind=__proto__", "kind[0]", `${KINDS}, found "__proto__"`],
    ["/pools/ID/history?range=year", "range", 'must be "hour" or "day", found "year"'],
    ["/pools/ID/history?range=", "range", 'must be "hour" or "day", found ""'],
    ["/routes/versions/1?against=-1", "against", 'must be a version, found "-1"'],
    ["/routes/versions/1?against=9999999999999999", "against", 'must be a version, found "9999999999999999"'],
    ["/stats?window=9", "window", 'must be a whole number from 10 to 86400, found "9"'],
    ["/live?pool=", "pool", 'must have at least one character, found ""'],
  ])("is refused with those that it can have: %s", async (path, at, message) => {
    expectRefused(await ask(`GET ${path.replace("ID", id)}`), [refused(at, message)]);
  });
});

describe("a parameter that there is not", () => {
  it.each(ENDPOINTS.map((each) => [each.method.toUpperCase(), each.path, each] as const))(
    "is refused with the names of those that there are: %s %s",
    async (method, path, { query, conditional }) => {
      const names = [...Object.keys(query?.shape ?? {}), ...(conditional === true ? ["message"] : [])];
      const there = names.length === 0 ? "there is none here" : `there are ${names.join(", ")}`;
      const asked = path.replace(":pool", id).replace(/:\w+/g, "1");
      // Without a body, which nothing is to be done with.
      expectRefused(await ask(`${method} ${asked}?__proto__=1`), [
        refused("__proto__", `no parameter of this endpoint, ${there}`),
      ]);
    },
  );

  it("is named among others that are no good, each in its place", async () => {
    expectRefused(await ask(`GET /pools/${id}/events?lmit=5&limit=x&=1`), [
      refused("lmit", "no parameter of this endpoint, there are limit, kind"),
      refused('[""]', "no parameter of this endpoint, there are limit, kind"),
      refused("limit", 'must be a whole number from 1 to 1000, found "x"'),
    ]);
  });
});

describe("a parameter", () => {
  it("that stands twice is refused, of which one alone would count", async () => {
    expectRefused(await ask(`GET /pools/${id}/events?limit=1&l%69mit=2`), [
      refused("limit", "stands more than once"),
    ]);
    const line = `PATCH /pools/${id}/origins/a?message=one&message=two`;
    expectRefused(await ask(line, { body: { weight: 2 } }), [refused("message", "stands more than once")]);
    expect((await ask(`GET /pools/${id}`)).body.config).toEqual({ origins: [A] });
  });

  it("that is not in UTF-8 is refused, which would else become another text", async () => {
    for (const bytes of ["%FF", "a%C3", "%", "%zz", "%ED%A0%80"]) {
      const line = `PATCH /pools/${id}/origins/a?message=${bytes}`;
      expectRefused(await ask(line, { body: { weight: 2 } }), [
        refused("message", "is not UTF-8 in percent-encoding"),
      ]);
    }
    expectRefused(await ask(`GET /pools/${id}/events?%FF=1`), [
      refused('["%FF"]', "no parameter of this endpoint, there are limit, kind"),
    ]);
  });

  it("may be written in each way that forms write it", async () => {
    for (const query of ["kind=audit%2Cconfig_applied", "k%69nd=audit", "&&limit=5&", "kind=audit,audit", ""])
      expect((await ask(`GET /pools/${id}/events?${query}`)).status, query).toBe(200);
    const line = `PATCH /pools/${id}/origins/a?message=two+words%2B`;
    expect((await ask(line, { body: { weight: 1 } })).status).toBe(200);
  });

  it("that is not known is told of only so many times", async () => {
    const many = Array.from({ length: 500 }, (_, n) => `n${n}=`).join("&");
    expect((await ask(`GET /stats?${many}`)).body.errors).toHaveLength(20);
  });

  it("that is a list says so in the OpenAPI document, with the values that it takes", () => {
    const document = JSON.parse(JSON.stringify(openApiDocument(ENDPOINTS)));
    const { parameters, responses } = document.paths["/_lb/pools/{pool}/events"].get;
    const kind = parameters.find(({ name }: { name: string }) => name === "kind");
    expect(kind).toMatchObject({ in: "query", style: "form", explode: false });
    expect(kind.schema).toMatchObject({ type: "array", items: { enum: POOL_EVENT_KINDS } });
    expect(responses["400"].content).toHaveProperty(["application/problem+json"]);
  });
});
