/** What comes to the admin API with a good token, and is no good itself. */
import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ask, origin, TOKENS } from "./admin-support.ts";
import { A, config, pool } from "./own-pool.ts";

const send = (method: string, path: string, body: string) =>
  exports.default.fetch(`https://lb.example/_lb${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKENS.admin}` },
    body,
  });

describe("a body", () => {
  it("that is not UTF-8 is refused, wherever the wrong byte stands", async () => {
    const id = await pool({ origins: [A] });
    const text = JSON.stringify({ origins: [{ id: "a", url: "http://a.example/?" }] });
    for (const at of [text.indexOf("?"), text.length]) {
      const bytes = new TextEncoder().encode(`${text} `);
      // The first byte of two.
      bytes[at] = 0xc3;
      const response = await exports.default.fetch(`https://lb.example/_lb/pools/${id}`, {
        method: "PUT",
        headers: { authorization: `Bearer ${TOKENS.admin}` },
        body: bytes,
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ detail: "The body is not UTF-8." });
    }
    expect(await config(id)).toEqual({ origins: [A] });
  });
});

describe("a document with a key that stands twice", () => {
  const TWICE =
    '{\n  "origins": [{ "id": "a", "url": "http://a.example", /* 1 */ "weight": 1, "weight": 2 }] }';
  const MESSAGE = 'line 2, column 76: the key "weight" stands twice in this object';

  it.each([
    ["PUT", "/pools/ID", TWICE, MESSAGE],
    [
      "PUT",
      "/routes",
      '[{ "pool": "x", "pool": "ID" }]',
      'line 1, column 17: the key "pool" stands twice in this object',
    ],
    [
      "PATCH",
      "/pools/ID/origins/a",
      '{"weight":1,\n"we\\u0069ght":2}',
      'line 2, column 1: the key "weight" stands twice in this object',
    ],
    [
      "POST",
      "/pools/ID/origins",
      '{"id":"b","id":"c"}',
      'line 1, column 11: the key "id" stands twice in this object',
    ],
    [
      "POST",
      "/pools/ID/check",
      '{"a":{"b":1,"b":2}}',
      'line 1, column 13: the key "b" stands twice in this object',
    ],
  ])("is refused, with the place: %s %s", async (method, path, body, message) => {
    const id = await pool({ origins: [A] });
    const response = await send(method, path.replace("ID", id), body.replace("ID", id));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ type: "invalid", errors: [{ path: "", message }] });
    expect(await config(id)).toEqual({ origins: [A] });
  });
});

describe("a key __proto__", () => {
  it.each([
    [
      "PUT",
      "/pools/ID",
      '{"origins":[{"id":"a","url":"http://a.example"}],"health_check":{"headers":{"__proto__":"x"}}}',
      "health_check.headers.__proto__",
    ],
    ["PUT", "/pools/ID", '{"__proto__":{},"origins":[{"id":"a","url":"http://a.example"}]}', "__proto__"],
    [
      "PUT",
      "/routes",
      '[{"pool":"ID","request_headers":{"set":{"__proto__":"x"}}}]',
      "routes[0].request_headers.set.__proto__",
    ],
    ["PATCH", "/pools/ID/origins/a", '{"__proto__":{"weight":3}}', "__proto__"],
    ["POST", "/explain", '{"url":"http://x/","headers":{"__proto__":"x"}}', "headers.__proto__"],
  ])("is refused wherever it stands: %s %s", async (method, path, body, at) => {
    const id = await pool({ origins: [A] });
    const response = await send(method, path.replace("ID", id), body.replace("ID", id));
    expect(response.status).toBe(422);
    const { errors } = (await response.json()) as { errors: { message: string }[] };
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toMatch(new RegExp(`${at.replaceAll(/[[\].]/g, "\\$&")}: unknown key$`));
    expect(await config(id)).toEqual({ origins: [A] });
  });
});

describe("a query", () => {
  it.each([
    ["/pools/ID/events?limit=", "limit", "1 to 1000"],
    ["/pools/ID/events?limit=0x10", "limit", "1 to 1000"],
    ["/pools/ID/events?limit=1e2", "limit", "1 to 1000"],
    ["/pools/ID/events?limit=%205", "limit", "1 to 1000"],
    ["/pools/ID/stats?window=1.5", "window", "1 to 86400"],
    ["/live?origins=", "origins", "0 to 5000"],
    ["/live?origins=-1", "origins", "0 to 5000"],
    ["/live?events=1001", "events", "0 to 1000"],
    ["/pools/ID/history?since=-1", "since", "0 to 9007199254740991"],
    ["/pools/ID/history?since=1e400", "since", "0 to 9007199254740991"],
  ])("%s is no whole number", async (path, field, range) => {
    const id = await pool({ origins: [A] });
    const { status, body } = await ask(`GET ${path.replace("ID", id)}`);
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      {
        path: field,
        message: expect.stringMatching(
          new RegExp(`^${field}: must be a whole number from ${range}, found "`),
        ),
      },
    ]);
  });

  it("gives a reason in one line, since it is shown in lines", async () => {
    const id = await pool({ origins: [A] });
    for (const message of ["two\nlines", "\u001b[31mred", "\u009bred", "\u2028"]) {
      const line = `PATCH /pools/${id}/origins/a?message=${encodeURIComponent(message)}`;
      const { status, body } = await ask(line, { body: { weight: 2 } });
      expect(status, JSON.stringify(message)).toBe(400);
      expect(body.errors[0].message).toContain("must be a text of 1 to 200 characters in one line");
    }
    const good = `PATCH /pools/${id}/origins/a?message=${encodeURIComponent("größer — 東京")}`;
    expect((await ask(good, { body: { weight: 2 } })).status).toBe(200);
  });
});

it("changes of a pool that come all at once are all made", async () => {
  const id = await pool({ origins: [A] });
  const added = Array.from({ length: 20 }, (_, n) => origin(`n${n}`));
  const answers = await Promise.all(added.map((body) => ask(`POST /pools/${id}/origins`, { body })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect((await config(id)).origins).toHaveLength(21);
});
