import { describe, expect, it } from "vitest";
import { importing, poolOf, TWO } from "../../support/nginx-configs.ts";

const USED = "server { client_max_body_size 0; proxy_redirect off; location / { proxy_pass http://up; } }";

describe("how a server is chosen", () => {
  it.each<[string, object]>([
    ["", {}],
    ["least_conn;", { algorithm: "least_connections" }],
    ["ip_hash;", { algorithm: "consistent_hash" }],
    ["random;", { algorithm: "random" }],
    ["random two;", { algorithm: "p2c" }],
    ["random two least_conn;", { algorithm: "p2c" }],
    ["random two least_time=header;", { algorithm: "peak_ewma" }],
    ["least_time header;", { algorithm: "peak_ewma" }],
    ["hash $remote_addr;", { algorithm: "consistent_hash" }],
    ["hash $binary_remote_addr consistent;", { algorithm: "consistent_hash" }],
    ["hash $request_uri consistent;", { algorithm: "consistent_hash", hash_key: "path" }],
    ["hash $uri consistent;", { algorithm: "consistent_hash", hash_key: "path" }],
    ["hash $scheme$proxy_host$request_uri;", { algorithm: "consistent_hash", hash_key: "path" }],
    ["hash $http_x_user_id consistent;", { algorithm: "consistent_hash", hash_key: "header:x-user-id" }],
    [`hash \${cookie_sid} consistent;`, { algorithm: "consistent_hash", hash_key: "cookie:sid" }],
    ["hash $arg_k consistent;", { algorithm: "consistent_hash", hash_key: "query:k" }],
    ["hash $host;", { algorithm: "consistent_hash", hash_key: "header:host" }],
    ["hash $custom consistent;", { algorithm: "consistent_hash" }],
    [
      "sticky cookie srv expires=2h path=/ httponly;",
      { sticky: { method: "cookie", cookie_name: "srv", ttl: 7_200 } },
    ],
    ["sticky cookie srv expires=max;", { sticky: { method: "cookie", cookie_name: "srv", ttl: 34_560_000 } }],
    ["sticky;", { sticky: { method: "cookie", cookie_name: "route" } }],
    ["sticky name=sid expires=1h;", { sticky: { method: "cookie", cookie_name: "sid", ttl: 3_600 } }],
    [
      "least_conn; sticky cookie s;",
      { algorithm: "least_connections", sticky: { method: "cookie", cookie_name: "s" } },
    ],
    ["zone up 64k; keepalive 16; keepalive_timeout 60s;", {}],
  ])("%s", (directives, expected) => {
    const { algorithm, hash_key, sticky } = poolOf(directives + TWO) ?? {};
    expect(JSON.parse(JSON.stringify({ algorithm, hash_key, sticky }))).toEqual(expected);
  });

  it.each([
    [
      "hash $custom consistent;",
      "hash $custom: has no counterpart as a key; the client's address is the key",
    ],
    [
      "hash $request_uri consistent;",
      "hash $request_uri: the path alone is the key, without the query or anything else",
    ],
    ["hash $uri;", "hash: becomes consistent"],
    ["ip_hash;", "ip_hash: the whole IPv4 address counts"],
    ["sticky cookie s domain=.example.com expires=1h;", "sticky domain: the cookie is HttpOnly"],
    ["sticky learn create=$upstream_cookie_x;", "sticky learn: sessions are kept by a cookie"],
    ["queue 100 timeout=70;", "queue: a request that finds no origin is answered at once"],
    ["check interval=3000;", "check: is not known here"],
  ])("%s is reported", (directives, words) => {
    const { said } = importing(`upstream up { ${directives} server a.example.com; } ${USED}`);
    expect(said).toEqual([expect.stringContaining(words)]);
  });
});

describe("servers of an upstream", () => {
  it.each<[string, object]>([
    ["a.example.com", { id: "a-example-com", url: "http://a.example.com" }],
    ["a.example.com:8080", { id: "a-example-com-8080", url: "http://a.example.com:8080" }],
    ["a.example.com backup", { id: "a-example-com", url: "http://a.example.com", backup: true }],
    ["a.example.com down", { id: "a-example-com", url: "http://a.example.com", enabled: false }],
    ["a.example.com max_conns=50", { id: "a-example-com", url: "http://a.example.com", max_connections: 50 }],
    ["a.example.com max_conns=0", { id: "a-example-com", url: "http://a.example.com" }],
    ["a.example.com resolve", { id: "a-example-com", url: "http://a.example.com" }],
    ["10.0.0.1:80", { id: "10-0-0-1-80", url: "http://10-0-0-1.invalid", enabled: false }],
    ["[2001:db8::1]:81", { id: "2001-db8-1-81", url: "http://2001-db8-1.invalid:81", enabled: false }],
    ["app:3000", { id: "app-3000", url: "http://app.invalid:3000", enabled: false }],
    ["unix:/run/app.sock", { id: "unix-run-app-sock", url: "http://socket.invalid", enabled: false }],
  ])("%s", (server, expected) => {
    expect(poolOf(`server ${server};`)?.origins).toEqual([expected]);
  });

  it("takes the name that is given for an address", () => {
    const names = new Map([["10.0.0.1:8080", "a.example.com"]]);
    const { config, said } = importing(`upstream up { server 10.0.0.1:8080; } ${USED}`, { names });
    expect(config.pools.up?.origins[0]?.url).toBe("http://a.example.com:8080");
    expect(said).toEqual([]);
  });

  it("takes the name that is given for a socket file", () => {
    const names = new Map([["unix:/run/a.sock", "a.example.com"]]);
    const { config } = importing("upstream up { server unix:/run/a.sock; }", { names });
    expect(config.pools.up?.origins[0]).toEqual({ id: "unix-run-a-sock", url: "http://a.example.com" });
  });

  it("leaves addresses as they are for a run on one machine", () => {
    const { config } = importing("upstream up { server 127.0.0.1:8080; server app:81; }", { local: true });
    expect(config.pools.up?.origins.map(({ url }) => url)).toEqual([
      "http://127.0.0.1:8080",
      "http://app:81",
    ]);
  });

  it.each([
    ["server a.example.com weight=2; server b.example.com;", "weighted_round_robin", [2, undefined]],
    ["server a.example.com weight=4; server b.example.com weight=2;", "weighted_round_robin", [2, undefined]],
    ["server a.example.com weight=5; server b.example.com weight=5;", undefined, [undefined, undefined]],
    ["server a.example.com weight=2001; server b.example.com;", "weighted_round_robin", [1_000, undefined]],
    ["least_conn; server a.example.com weight=3; server b.example.com;", "least_connections", [3, undefined]],
  ])("weights: %s", (block, algorithm, weights) => {
    const pool = poolOf(block);
    expect(pool?.algorithm).toBe(algorithm);
    expect(pool?.origins.map(({ weight }) => weight)).toEqual(weights);
  });

  it.each<[string, string, object | undefined]>([
    ["nginx's defaults", "", { base_ejection_time: 10 }],
    [
      "max_fails and fail_timeout",
      "max_fails=3 fail_timeout=1m",
      { consecutive_failures: 3, base_ejection_time: 60 },
    ],
    ["max_fails=0: never", "max_fails=0", undefined],
  ])("passive checks, %s", (_what, parameters, expected) => {
    const pool = poolOf(`server a.example.com ${parameters}; server b.example.com ${parameters};`);
    const { outlier_detection: outliers } = pool ?? {};
    expect(outliers).toEqual(
      expected && {
        ...expected,
        failure_percent: 0,
        max_ejection_time: (expected as { base_ejection_time: number }).base_ejection_time,
        max_ejection_percent: 100,
      },
    );
  });

  it("a lone server is never taken out", () => {
    expect(poolOf("server a.example.com max_fails=3;")).not.toHaveProperty("outlier_detection");
  });

  it("slow_start is the longest of the servers'", () => {
    expect(poolOf("server a.example.com slow_start=30s; server b.example.com;")?.slow_start).toBe(30);
  });

  it.each([
    ["server a.example.com weight=x;", 'weight: "x" is not a whole number'],
    ["server a.example.com fail_timeout=soon;", 'fail_timeout: "soon" is not a time'],
    ["server a.example.com:0;", '"a.example.com:0" is not an address'],
    ["server http://a.example.com;", '"http://a.example.com" is not an address'],
    ["server;", "server takes an address"],
  ])("refuses %s", (block, message) => {
    expect(() => poolOf(block)).toThrow(`nginx.conf:1:15: ${message}`);
  });
});
