import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RewriteConfig, rewriteLocation, rewritePath } from "../../../src/config/rewrite.ts";

const rewrite = (rules: Partial<RewriteConfig>): RewriteConfig => ({
  strip_prefix: null,
  add_prefix: null,
  replace: null,
  rewrite_location: true,
  ...rules,
});
const STRIP = rewrite({ strip_prefix: "/v1" });
const ADD = rewrite({ add_prefix: "/api" });
const BOTH = rewrite({ strip_prefix: "/v2", add_prefix: "/api" });

describe("the path that origins see", () => {
  it.each<[rules: RewriteConfig, path: string, sent: string]>([
    [STRIP, "/v1", "/"],
    [STRIP, "/v1/", "/"],
    [STRIP, "/v1/x", "/x"],
    [STRIP, "/v10", "/v10"],
    [STRIP, "/v1x/y", "/v1x/y"],
    [STRIP, "/V1/x", "/V1/x"],
    [STRIP, "/x/v1/y", "/x/v1/y"],
    [STRIP, "/v1/v1/x", "/v1/x"],
    [STRIP, "/v1%2Fx", "/v1%2Fx"],
    [STRIP, "/v1/%2Fx", "/%2Fx"],
    [STRIP, "/v1/a%2Fb%61", "/a%2Fb%61"],
    [STRIP, "/%76%31/x", "/%76%31/x"],
    [STRIP, "/v1//x", "/x"],
    [STRIP, "/v1///evil.example", "/evil.example"],
    [STRIP, "/v1/x//y", "/x//y"],
    [STRIP, "//v1/x", "//v1/x"],
    [STRIP, "/v1;a=b/x", "/v1;a=b/x"],
    [STRIP, "/", "/"],
    [ADD, "/", "/api/"],
    [ADD, "/x", "/api/x"],
    [ADD, "//x", "/api//x"],
    [BOTH, "/v2", "/api"],
    [BOTH, "/v2/", "/api/"],
    [BOTH, "/v2/x%2Fy", "/api/x%2Fy"],
    [BOTH, "/other", "/api/other"],
    [rewrite({ replace: "/index.html" }), "/a/b", "/index.html"],
    [rewrite({ strip_prefix: "/a/b" }), "/a/b/c", "/c"],
    [rewrite({ strip_prefix: "/a%2Fb" }), "/a%2Fb/c", "/c"],
    [rewrite({ strip_prefix: "/a%2Fb" }), "/a/b/c", "/a/b/c"],
  ])("by %j, %s is %s", (rules, path, sent) => {
    expect(rewritePath(rules, path)).toBe(sent);
  });

  it("begins with one slash unless the client's path had more, and never changes a byte after the prefix", () => {
    const segment = fc.constantFrom("v1", "v10", "", "a", "%2F", "%61", "a%2fb", "x;y", "v1%2Fx");
    const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join("/")}`);
    fc.assert(
      fc.property(path, (given) => {
        const sent = rewritePath(STRIP, given);
        expect(sent.startsWith("/")).toBe(true);
        if (sent.startsWith("//")) expect(given.startsWith("//")).toBe(true);
        const [first, ...rest] = given.slice(1).split("/");
        const expected = first === "v1" ? `/${rest.join("/").replace(/^\/+/, "")}` : given;
        expect(sent).toBe(expected);
      }),
      { seed: 1314, numRuns: 1_000 },
    );
  });
});

describe("the Location of a redirect", () => {
  const back = (rules: RewriteConfig, location: string, path = "/v2/x", base = "http://10.0.0.1:8080") =>
    rewriteLocation(rules, location, { path, base, scheme: "https", host: "www.example.com" });

  it.each<[location: string, seen: string | null]>([
    ["/api/login", "/v2/login"],
    ["/api", "/v2"],
    ["/api/", "/v2/"],
    ["/api?a=/api#x", "/v2?a=/api#x"],
    ["/api2/login", null],
    ["/login", null],
    ["login", null],
    ["../x", null],
    ["?page=2", null],
    ["#top", null],
    ["/api/caf\uFFFD", null],
    ["/api/café", "/v2/café"],
    ["", null],
    ["http://10.0.0.1:8080/api/login?a=b", "/v2/login?a=b"],
    ["http://10.0.0.1:9999/api/login", null],
    ["https://www.example.com/api/x", "https://www.example.com/v2/x"],
    ["https://WWW.example.com/api/x", "https://WWW.example.com/v2/x"],
    ["//www.example.com/api/x", "//www.example.com/v2/x"],
    ["https://other.example/api/x", null],
    ["//other.example/api/x", null],
    ["mailto:a@b.c", null],
    ["http://", null],
    ["/api//evil.example", "/v2//evil.example"],
    ["https://www.example.com:443/api/x", "https://www.example.com:443/v2/x"],
    ["//www.example.com:443/api/x", "//www.example.com:443/v2/x"],
    ["https://www.example.com:444/api/x", null],
    ["https://www.example.com@evil.example/api/x", null],
    ["https://www.example.com\\@evil.example/api/x", null],
    ["/\\evil.example/api/x", null],
    ["/\t/evil.example/api/x", null],
    ["///evil.example/api/x", null],
    ["/api/../login", null],
    ["/login/../api/x", "/v2/x"],
  ])("%s comes to the client as %s", (location, seen) => {
    expect(back(BOTH, location)).toBe(seen);
  });

  it("gets back the prefix that was removed, and only if it was removed", () => {
    expect(back(STRIP, "/login", "/v1/x")).toBe("/v1/login");
    expect(back(STRIP, "/", "/v1")).toBe("/v1/");
    expect(back(STRIP, "/login", "/v10/x")).toBe("/login");
    expect(back(ADD, "/api//evil.example")).toBe("/evil.example");
    expect(back(ADD, "/api")).toBe("/");
  });

  it("without a path is the root, at the origin's own port under every spelling", () => {
    const base = "http://o.example";
    expect(back(STRIP, "http://o.example", "/v1/x", base)).toBe("/v1/");
    expect(back(STRIP, "http://O.example:80?a=b", "/v1/x", base)).toBe("/v1/?a=b");
    expect(back(STRIP, "//o.example:80/login", "/v1/x", base)).toBe("/v1/login");
    expect(back(STRIP, "http://o.example:80/login", "/v1/x", "http://o.example:80")).toBe("/v1/login");
    expect(back(STRIP, "http://o.example:81/login", "/v1/x", base)).toBeNull();
    expect(back(STRIP, "https://www.example.com", "/v1/x")).toBe("https://www.example.com/v1/");
    expect(back(STRIP, "https://www.example.com#top", "/v1/x")).toBe("https://www.example.com/v1/#top");
  });

  it("never leads to another host than the origin's Location does", () => {
    const piece = fc.constantFrom(
      "/",
      "\\",
      "\t",
      "//",
      "api",
      "v1",
      "base",
      "..",
      "evil.example",
      "?",
      "#",
      ":80",
      "@",
    );
    const start = fc.constantFrom(
      "",
      "/",
      "//",
      "/api",
      "/base/api",
      "http://o.example",
      "https://www.example.com",
    );
    const given = fc
      .tuple(start, fc.array(piece, { maxLength: 6 }))
      .map(([first, rest]) => first + rest.join(""));
    const here = "https://www.example.com/v1/x";
    const hosts = new Set(["www.example.com", "o.example", "o.example:80"]);
    fc.assert(
      fc.property(given, fc.constantFrom(STRIP, ADD, BOTH), (location, rules) => {
        for (const base of ["http://o.example", "http://o.example/base"]) {
          const seen = back(rules, location, "/v1/x", base);
          if (seen === null) continue;
          expect(new URL(seen, here).host).toBe("www.example.com");
          expect(hosts).toContain(new URL(location, here).host);
        }
      }),
      { seed: 1315, numRuns: 5_000 },
    );
  });

  it("loses the origin's own path prefix", () => {
    expect(back(BOTH, "/base/api/x", "/v2/y", "http://o.example/base")).toBe("/v2/x");
    expect(back(STRIP, "http://o.example/base/x", "/v1/y", "http://o.example/base")).toBe("/v1/x");
  });
});
