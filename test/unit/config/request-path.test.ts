import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolvePath, resolveUrl } from "../../../src/config/request-path.ts";

const CORPUS: [written: string, resolved: string][] = [
  // RFC 3986, 5.2.4 and 5.4.
  ["/a/b/c/./../../g", "/a/g"],
  ["/b/c/d/../g", "/b/c/g"],
  ["/b/c/d/..", "/b/c/"],
  ["/b/c/d/.", "/b/c/d/"],
  ["/..", "/"],
  ["/.", "/"],
  ["/../../../g", "/g"],
  ["/a/../..", "/"],
  ["/./g/.", "/g/"],
  // Every spelling that a URL parser resolves (WHATWG URL Standard, "single-dot" and "double-dot URL path segment").
  ["/public/%2e%2e/admin", "/admin"],
  ["/public/%2E%2E/admin", "/admin"],
  ["/public/.%2e/admin", "/admin"],
  ["/public/%2E./admin", "/admin"],
  ["/public/%2e/x", "/public/x"],
  ["/public/%2E", "/public/"],
  ["/public\\..\\admin", "/admin"],
  ["/public/..\\admin", "/admin"],
  ["/public\\%2e%2e/admin", "/admin"],
  ["/admin\\keys", "/admin/keys"],
  ["\\evil", "/evil"],
  // `..` takes one segment away, and an empty one is one.
  ["/a//../b", "/a/b"],
  ["/a/..//b", "//b"],
  ["/..//evil.example/x", "//evil.example/x"],
  ["/.//x", "//x"],
  // What the parser must write otherwise.
  ['/a"b^c`d{e}f<g>h i', "/a%22b%5Ec%60d%7Be%7Df%3Cg%3Eh%20i"],
];

/** Looks like something to resolve, and is not. */
const UNTOUCHED = [
  "/",
  "//",
  "//double//slashes//",
  "/...",
  "/.../x",
  "/.well-known/acme",
  "/..a/b..",
  "/%2e%2e%2e",
  "/%2ea",
  "/a/..;/b",
  "/a/..%2fb",
  "/a/%2e%2e%2Fb",
  "/a%5c..%5cb",
  "/%252e%252e/a",
  "/%c0%ae%c0%ae/a",
  "/%61dmin/%zz/%",
  "/a%00b",
  "/;p=1,2/a:b@c!$'()*~|[]",
  "/caf%C3%A9%20x",
];

describe("the one form of a path", () => {
  it.each(CORPUS)("%s is %s", (written, resolved) => {
    expect(resolvePath(written)).toBe(resolved);
  });

  it.each(UNTOUCHED)("%s stays byte for byte", (path) => {
    expect(resolvePath(path)).toBe(path);
  });

  const piece = fc.constantFrom(
    ...[
      "/",
      "/",
      "/",
      "\\",
      ".",
      "..",
      "%2e",
      "%2E",
      "a",
      "b1",
      ";",
      "%2f",
      "%2F",
      "%5c",
      "%",
      "%2",
      "e",
      "~",
    ],
    ...['"', "{", "}", "`", "<", ">", " ", "|", "'", ":", "@", "//", "evil.example", "%25", "...", ".a"],
  );
  const paths = fc.array(piece, { maxLength: 16 }).map((pieces) => `/${pieces.join("")}`);
  const RUNS = { seed: 20_261_130, numRuns: 20_000 };

  it("is the path that Node's URL parser returns", () => {
    fc.assert(
      // The parser drops blanks at a URL's ends; no path has one there that came through a request line.
      fc.property(paths, (path) => {
        expect(resolvePath(path)).toBe(new URL(`http://host${path}?`).pathname);
      }),
      RUNS,
    );
  });

  it("is not changed by a URL parser below any base path, so it never climbs above the base path", () => {
    fc.assert(
      fc.property(paths, fc.constantFrom("", "/base", "/base/v1"), (path, base) => {
        const url = `http://origin.example${base}${resolvePath(path)}`;
        expect(new URL(url).href).toBe(url);
      }),
      RUNS,
    );
  });
});

describe("a request's URL", () => {
  it.each([
    ["http://a.example/x/../y?q=/../%2e%2e/\\{}", "http://a.example/y?q=/../%2e%2e/\\{}"],
    ["http://a.example/x?", "http://a.example/x?"],
    ["http://a.example/x/..?a?b", "http://a.example/?a?b"],
    ["http://a.example/?/../x", "http://a.example/?/../x"],
    ["http://A.example.:80/.", "http://A.example.:80/"],
    ["http://../a", "http://../a"],
    ["http://[::1]:8080//x", "http://[::1]:8080//x"],
    ["http://a.example", "http://a.example/"],
    // What the runtime makes of `OPTIONS *`.
    ["http://a.example*", "http://a.example/"],
  ])("%s is %s", (url, resolved) => {
    expect(resolveUrl(url)).toBe(resolved);
  });
});
