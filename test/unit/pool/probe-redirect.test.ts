import { describe, expect, it } from "vitest";
import { isRedirect, redirected } from "../../../src/pool/health/probe-redirect.ts";

const headers = { authorization: "Bearer secret", "X-Key": "k" };
const from = (url: string, method = "GET") => ({ url, method, headers });

describe("the configured headers", () => {
  it.each([
    ["/other", "https://a.example/other"],
    ["other?x=1", "https://a.example/health/other?x=1"],
    ["https://a.example:443/", "https://a.example/"],
    ["https://A.example/", "https://a.example/"],
    ["//a.example/", "https://a.example/"],
  ])("stay with the origin at %s", (location, url) => {
    expect(redirected(from("https://a.example/health/"), 302, location)).toEqual({
      url,
      method: "GET",
      headers,
    });
  });

  it.each([
    "https://b.example/",
    "//evil.example/",
    "https://a.example.evil.example/",
    "https://sub.a.example/",
    "https://a.example:8443/",
    "\\\\evil.example/",
  ])("are dropped at another host or port: %s", (location) => {
    expect(redirected(from("https://a.example/"), 302, location)).toMatchObject({ headers: {} });
  });

  it("are dropped at another scheme, and stay dropped on the way back", () => {
    const up = redirected(from("http://a.example/"), 307, "https://a.example/");
    expect(up).toEqual({ url: "https://a.example/", method: "GET", headers: {} });
    if (typeof up === "string") throw new Error(up);
    const away = redirected(up, 307, "https://b.example/");
    if (typeof away === "string") throw new Error(away);
    expect(redirected(away, 307, "https://a.example/")).toMatchObject({ headers: {} });
  });
});

describe("a redirect", () => {
  it.each([
    ["https://a.example/", "http://a.example/", "a redirect from https to http"],
    ["https://a.example/", "http://b.example/", "a redirect from https to http"],
    ["https://a.example/", "https://u:p@a.example/", "a redirect to a URL with credentials"],
    ["https://a.example/", "https://127.0.0.1/", "a redirect to a local address"],
    ["http://a.example/", "http://0x7f.1/", "a redirect to a local address"],
    ["http://a.example/", "http://[::1]/", "a redirect to a local address"],
    ["http://a.example/", "http://169.254.169.254/latest/", "a redirect to a local address"],
    ["http://a.example/", "http://localhost/", "a redirect to a local address"],
    ["http://a.example/", "ftp://a.example/", "a redirect to what is no http or https URL"],
    ["http://a.example/", "javascript:alert(1)", "a redirect to what is no http or https URL"],
    ["http://a.example/", "http://[", "a redirect to what is no http or https URL"],
  ])("from %s to %s is not followed", (url, location, reason) => {
    expect(redirected(from(url), 302, location)).toBe(reason);
  });

  it("between local addresses is followed, because these are for tests on one machine", () => {
    expect(redirected(from("http://127.0.0.1:8001/"), 302, "http://localhost:8002/")).toMatchObject({
      url: "http://localhost:8002/",
    });
  });

  // The table of fetch.spec.whatwg.org, 4.4, written out.
  it.each([
    [301, { GET: "GET", HEAD: "HEAD", OPTIONS: "OPTIONS", POST: "GET" }],
    [302, { GET: "GET", HEAD: "HEAD", OPTIONS: "OPTIONS", POST: "GET" }],
    [303, { GET: "GET", HEAD: "HEAD", OPTIONS: "GET", POST: "GET" }],
    [307, { GET: "GET", HEAD: "HEAD", OPTIONS: "OPTIONS", POST: "POST" }],
    [308, { GET: "GET", HEAD: "HEAD", OPTIONS: "OPTIONS", POST: "POST" }],
  ])("of status %i goes on with the method that fetch would use", (status, methods) => {
    const after = Object.keys(methods).map((method) => {
      const next = redirected(from("https://a.example/", method), status, "/x");
      return [method, typeof next === "string" ? next : next.method];
    });
    expect(Object.fromEntries(after)).toEqual(methods);
  });

  it("has one of five statuses", () => {
    const all = Array.from({ length: 500 }, (_, i) => i + 100);
    expect(all.filter(isRedirect)).toEqual([301, 302, 303, 307, 308]);
  });
});
