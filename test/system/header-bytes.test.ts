/**
 * Bytes in header values that are not ASCII, where the balancer rewrites headers. A Worker reads U+FFFD for what is not UTF-8
 * (docs/platform.md, headers), so such a header is kept as it came wherever that can be done.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { BareClient, BareOrigin, head, sends } from "./support/bare-ends.ts";
import { eventually } from "./support/eventually.ts";

let origin: BareOrigin;
let balancer: Balancer;

beforeAll(async () => {
  origin = await BareOrigin.start(sends("200 OK"));
  const rewrite = { strip_prefix: "/v2", add_prefix: "/api", rewrite_location: true };
  const rules = { response_headers: { set: { "x-path": "{host}{path}" }, add: { vary: "x" } } };
  balancer = await startBalancer({
    config: {
      routes: [
        { host: "sticky.test", pool: "sticky" },
        { path: "/rules/*", pool: "web", ...rules, request_headers: rules.response_headers },
        { pool: "web", rewrite, ...rules },
      ],
      pools: {
        web: { origins: [{ id: "a", url: origin.url }] },
        sticky: { origins: [{ id: "a", url: origin.url }], sticky: true },
      },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  origin?.stop();
});

/** The answer's head, a byte a character, after the origin's `headers`, of which each character is a byte. */
async function answered(headers: readonly string[], request = head("GET /v2/x")): Promise<string> {
  origin.answer = ({ socket }) => {
    const lines = ["HTTP/1.1 302 Found", ...headers, "connection: close", "content-length: 0"];
    socket.end(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  };
  const client = await BareClient.send(balancer.url, Buffer.from(request, "latin1"));
  return eventually("an answer", () => (client.text.includes("\r\n\r\n") ? client.text : undefined));
}

const valuesOf = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`^${name}: (.*)\r$`, "gim"))].map(([, value]) => value);
const utf8 = (text: string) => Buffer.from(text).toString("latin1");

describe("a Location below a rewritten path", () => {
  test.for([
    ["in ASCII", "/api/caf%E9", "/v2/caf%E9"],
    ["in UTF-8", utf8("/api/café?東=京"), utf8("/v2/café?東=京")],
  ] as const)("%s is rewritten", async ([, location, seen]) => {
    expect(valuesOf(await answered([`location: ${location}`]), "location")).toEqual([seen]);
  });

  test.for([
    ["in Latin-1", "/api/caf\xe9"],
    ["in UTF-8 that is cut off", "/api/caf\xc3"],
    ["with a surrogate", "/api/\xed\xa0\x80"],
    ["in an overlong form", "/api/\xc0\xaf"],
    ["with wrong bytes in its query alone", "/api/x?q=\xff"],
  ] as const)("%s stays as it came, since no Worker can read its bytes", async ([, location]) => {
    expect(valuesOf(await answered([`location: ${location}`]), "location")).toEqual([location]);
  });
});

test("headers that rules do not name keep their bytes beside those that they set and add to", async () => {
  const request = head("GET /rules/caf%E9", "x-name: Gr\xfc\xdfe", "vary: \xe9");
  const arriving = origin.next();
  const text = await answered(["x-name: Gr\xfc\xdfe", "vary: \xe9"], request);
  for (const seen of [text, (await arriving).text]) {
    expect(valuesOf(seen, "x-name")).toEqual(["Gr\xfc\xdfe"]);
    expect(valuesOf(seen, "vary").join(", ")).toBe("\xe9, x");
    expect(valuesOf(seen, "x-path")).toEqual(["raw.test/rules/caf%E9"]);
  }
});

describe("an answer that begins a session", () => {
  const ask = (cacheControl: string) =>
    answered(
      [`cache-control: ${cacheControl}`, "set-cookie: n\xe9=\xe9"],
      head("GET /", "host: sticky.test"),
    );

  test("keeps the bytes of the origin's cookies, and of a Cache-Control that says nothing to shared caches", async () => {
    const text = await ask('max-age=60, x="caf\xe9"');
    expect(valuesOf(text, "cache-control").join(", ")).toBe('max-age=60, x="caf\xe9", private');
    expect(valuesOf(text, "set-cookie")).toContain("n\xe9=\xe9");
  });

  test("loses the bytes of a Cache-Control that shared caches would store it by", async () => {
    const text = await ask('public, x="caf\xe9"');
    expect(valuesOf(text, "cache-control").join(", ")).toBe(`x="${utf8("caf\uFFFD")}", private`);
  });
});
