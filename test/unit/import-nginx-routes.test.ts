import { describe, expect, it } from "vitest";
import { importing, serverWith } from "../support/nginx-configs.ts";

describe("routes", () => {
  it.each<[string, string, object[]]>([
    ["an exact host", "a.example.com", [{ host: "a.example.com" }]],
    ["upper case", "A.Example.COM", [{ host: "a.example.com" }]],
    ["a wildcard", "*.example.com", [{ host: "*.example.com" }]],
    ["a name and all below it", ".example.com", [{ host: "example.com" }, { host: "*.example.com" }]],
    ["several", "*.example.com a.example.com", [{ host: "a.example.com" }, { host: "*.example.com" }]],
    ["the catch-all", "_", [{}]],
    ["the default server", "a.example.com; listen 80 default_server", [{ host: "a.example.com" }, {}]],
    ["a regular expression", "~^www\\d+ a.example.com", [{ host: "a.example.com" }]],
  ])("by host: %s", (_what, names, expected) => {
    const { config } = serverWith("location / { proxy_pass http://up; }", names);
    expect(config.routes).toEqual(expected.map((route) => ({ ...route, pool: "up" })));
  });

  it("by path: exact ones first, then the longest prefix, as nginx chooses", () => {
    const { config } = serverWith(`
      location / { proxy_pass http://up; }
      location /a { proxy_pass http://up; }
      location ^~ /a/b/ { proxy_pass http://up; }
      location = /a/b/c { proxy_pass http://up; }`);
    expect(config.routes?.map(({ path }) => path)).toEqual(["/a/b/c", "/a/b/*", "/a/*", undefined]);
  });

  const APP = "location @app { proxy_pass http://up; proxy_read_timeout 7s; }";
  it.each([
    ["a location", `location / { try_files $uri @app; } ${APP}`, "location /"],
    ["the server", `try_files $uri/index.html $uri @app; ${APP}`, "server"],
  ])("follows try_files of %s to a named location", (_what, block, label) => {
    const { config, said } = serverWith(block);
    expect(config.routes).toEqual([{ host: "www.example.com", pool: "up" }]);
    expect(config.pools.up?.failover?.attempt_timeout).toBe(7);
    expect(said.filter((line) => line.includes("@app"))).toEqual([
      expect.stringContaining(`${label}: no files are looked for; all requests go where @app sends them`),
    ]);
  });

  it("leaves an upstream out that is spoken to by something else than HTTP", () => {
    const { config, said } = importing(`
      upstream php { server unix:/run/php.sock; } upstream rpc { server rpc.example.com:50051; }
      upstream web { server a.example.com; }
      server { location / { proxy_pass http://web; } location /x/ { fastcgi_pass php; }
        location /y/ { grpc_pass grpc://rpc; } }`);
    expect(Object.keys(config.pools)).toEqual(["web"]);
    expect(said.filter((line) => line.includes("upstream"))).toEqual([
      "lost: nginx.conf:2:7: upstream php: origins are spoken to by HTTP only",
      "lost: nginx.conf:2:51: upstream rpc: origins are spoken to by HTTP only",
    ]);
  });

  it("finds locations within locations", () => {
    const { config } = serverWith("location /a/ { location /a/b/ { proxy_pass http://up; } }");
    expect(config.routes?.map(({ path }) => path)).toEqual(["/a/b/*"]);
  });

  it.each([
    ["location / { proxy_pass https://up; }", "https://a.example.com:80"],
    ["location / { proxy_pass http://up/base/; }", "http://a.example.com/base"],
    ["location / { proxy_pass http://up/; }", "http://a.example.com"],
    ["location /x/ { proxy_pass http://up/x/; }", "http://a.example.com"],
  ])("%s has its origins at %s", (location, url) => {
    const { config, said } = serverWith(location);
    expect(config.pools.up?.origins[0]?.url).toBe(url);
    expect(said.filter((line) => line.startsWith("todo"))).toEqual([]);
  });

  it("makes a pool of an address that is no upstream, at the scheme's own port", () => {
    const { config } = serverWith("location / { proxy_pass https://lone.example.com; }");
    expect(config.pools["lone-example-com"]?.origins).toEqual([
      { id: "lone-example-com", url: "https://lone.example.com" },
    ]);
  });

  it.each([
    [
      "location / { proxy_pass http://$backend; }",
      "todo",
      "where it goes is only known when a request comes",
    ],
    ["location / { proxy_pass http://unix:/run/a.sock; }", "todo", "is not an address by HTTP"],
    ["location /x/ { proxy_pass http://up/; }", "todo", "the part /x/ of a path was replaced by /"],
    ["location ~ ^/a { proxy_pass http://up; }", "lost", "a route's path is exact or a prefix"],
    [
      "location @named { proxy_pass http://up; } location / { proxy_pass http://up; }",
      "lost",
      "no location sends on to it",
    ],
    [
      "location / { try_files $uri @gone; } location /x/ { proxy_pass http://up; }",
      "lost",
      "nginx answered itself",
    ],
    ['location "/with blank/" { proxy_pass http://up; }', "lost", "cannot be the path of a route"],
    ["location /a { proxy_pass http://up; }", "changed", "but not /a-and-more"],
    ["location / { proxy_pass http://up; deny all; }", "lost", "location /: deny all: has no counterpart"],
    ["auth_basic off; location / { proxy_pass http://up; }", "lost", "auth_basic off: has no counterpart"],
    [
      "location / { proxy_pass http://up; proxy_read_timeout 1h; }",
      "changed",
      "proxy_read_timeout: at most 600 s",
    ],
    ["location / { proxy_pass http://up; proxy_cache c; }", "lost", "proxy_cache c: has no counterpart"],
    [
      "location / { proxy_pass http://up; proxy_set_header X-A b; }",
      "lost",
      "headers for origins cannot be set",
    ],
    [
      "location / { proxy_pass http://up; proxy_set_header Host $host; }",
      "changed",
      "is in X-Forwarded-Host",
    ],
    [
      "location / { root /srv; } } server { location / { proxy_pass http://up; }",
      "lost",
      "passes nothing on",
    ],
  ])("%s: %s", (location, kind, words) => {
    const { said } = serverWith(location);
    expect(said.filter((line) => line.includes(words))).toEqual([
      expect.stringMatching(`^${kind}: nginx.conf:`),
    ]);
  });

  it.each([
    "proxy_set_header X-Forwarded-Proto $scheme",
    "proxy_set_header Upgrade $http_upgrade",
    "proxy_set_header Host $proxy_host",
    "proxy_http_version 1.1",
    "proxy_buffering off",
    "proxy_redirect off",
  ])("says nothing about %s, which holds anyway", (directive) => {
    const { said } = importing(
      `upstream up { server a.example.com; } server { ${directive}; location / { proxy_pass http://up; } }`,
    );
    expect(said).toEqual([]);
  });
});
