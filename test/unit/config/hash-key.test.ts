import { describe, expect, it } from "vitest";
import { compileHashKey } from "../../../src/config/hash-key.ts";

function request(target: string, headers: Record<string, string> = {}, clientIp = "192.0.2.1") {
  return { request: { headers: new Headers(headers) }, target, path: target.split("?")[0] ?? "", clientIp };
}

function keyOf(hashKey: string, ...args: Parameters<typeof request>): string {
  return compileHashKey({ algorithm: "consistent_hash", hash_key: hashKey })(request(...args));
}

describe("the hash key of consistent_hash", () => {
  it("client_ip: the address, of IPv6 its /64", () => {
    expect(keyOf("client_ip", "/")).toBe("192.0.2.1");
    const one = keyOf("client_ip", "/", {}, "2001:db8:1:2::7");
    expect(keyOf("client_ip", "/", {}, "2001:db8:1:2:ffff::1")).toBe(one);
    expect(keyOf("client_ip", "/", {}, "2001:db8:1:3::7")).not.toBe(one);
    expect(keyOf("client_ip", "/", {}, "")).toBe("");
  });

  it("path: without the query", () => {
    expect(keyOf("path", "/a/b?c=1")).toBe("/a/b");
  });

  it("header:NAME, in any case", () => {
    expect(keyOf("header:X-Tenant", "/", { "x-tenant": "t1" })).toBe("t1");
    expect(keyOf("header:x-tenant", "/")).toBe("");
  });

  it("cookie:NAME, the exact name", () => {
    expect(keyOf("cookie:sid", "/", { cookie: "xsid=1; sid=2; sidx=3" })).toBe("2");
    expect(keyOf("cookie:sid", "/", { cookie: "SID=2" })).toBe("");
    expect(keyOf("cookie:sid", "/")).toBe("");
  });

  it.each([
    ["/?user=7", "7"],
    ["/p?a=1&user=7&user=8", "7"],
    ["/p?xuser=1&user=7", "7"],
    ["/p?user=7=8&b", "7=8"],
    ["/p?%75ser=7", "7"],
    ["/p?%zz=1&user=7", "7"],
    ["/p?user&user=7", "7"],
    ["/p?user=&user=7", ""],
    ["/p?a=user=7", ""],
    ["/p?", ""],
    ["/user=7", ""],
  ])("query:user of %s is '%s'", (target, key) => {
    expect(keyOf("query:user", target)).toBe(key);
  });

  it("is empty for all other algorithms", () => {
    expect(compileHashKey({ algorithm: "round_robin", hash_key: "path" })(request("/a"))).toBe("");
  });
});
