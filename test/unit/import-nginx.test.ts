import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { importNginx } from "../../scripts/lib/import/nginx/index.ts";
import type { ImportOptions } from "../../scripts/lib/import/origin-url.ts";
import { parseConfigFile } from "../../src/config/parse.ts";

const AS_IT_SAYS: ImportOptions = { scheme: null, names: new Map(), local: false };
const directory = mkdtempSync(join(tmpdir(), "import-nginx-"));
afterAll(() => rmSync(directory, { recursive: true }));
let written = 0;

/** Writes the files into a directory of their own; the first is imported. */
function importing(files: Record<string, string> | string, options: Partial<ImportOptions> = {}) {
  const root = join(directory, String(written++));
  const all = typeof files === "string" ? { "nginx.conf": files } : files;
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const main = join(root, Object.keys(all)[0] ?? "");
  const { config, findings } = importNginx([main], { ...AS_IT_SAYS, ...options });
  const said = findings.all.map(
    ({ kind, at, message }) => `${kind}: ${at.replace(`${root}/`, "")}: ${message}`,
  );
  return { config, said };
}

const TWO = "server a.example.com; server b.example.com;";
const poolOf = (block: string) => importing(`upstream up { ${block} }`).config.pools.up;
/** The failover of the pool behind a server with `directives`. */
const failoverOf = (directives: string, servers = TWO) =>
  importing(`upstream up { ${servers} } server { ${directives} location / { proxy_pass http://up; } }`).config
    .pools.up?.failover;
const serverWith = (locations: string, names = "www.example.com") =>
  importing(`upstream up { ${TWO} } server { server_name ${names}; ${locations} }`);

describe("a whole configuration with includes", () => {
  const main = fileURLToPath(new URL("fixtures/import/nginx/nginx.conf", import.meta.url));
  const { config, findings } = importNginx([main], AS_IT_SAYS);

  it("becomes the expected configuration, which is valid", () => {
    const expected: unknown = JSON.parse(
      readFileSync(new URL("fixtures/import/nginx.expected.json", import.meta.url), "utf8"),
    );
    expect(config).toEqual(expected);
    expect(parseConfigFile(config)).toMatchObject({ ok: true });
  });

  it("keeps the order of upstreams and servers, also where includes stand between them", () => {
    expect(Object.keys(config.pools)).toEqual(["shop", "api", "api-2", "unused", "legacy-origins-example"]);
    expect(config.pools.shop?.origins.map(({ id }) => id)).toEqual([
      "shop-1-origins-example-8080",
      "shop-2-origins-example-8080",
      "spare-origins-example",
      "10-0-3-17-8080",
    ]);
  });

  it.each([
    ["todo", "nginx.conf:20:9: server 10.0.3.17:8080", "--name 10.0.3.17=HOSTNAME"],
    ["todo", "conf.d/20-shop.conf:17:22", "the part /old/ of a path was replaced by /app/"],
    ["todo", "conf.d/20-shop.conf:18:23", "write the route by hand"],
    ["lost", "conf.d/10-api.conf:19:9", "limit_req"],
    ["lost", "conf.d/10-api.conf:22:5", "fastcgi_pass"],
    ["lost", "conf.d/20-shop.conf:9:5", "server_name www.example.*"],
    ["lost", "conf.d/20-shop.conf:16:5", "nginx answered itself"],
  ])("says %s at %s: %s", (kind, at, words) => {
    const about = findings.all.filter((finding) => finding.at.endsWith(at));
    expect(about).toEqual([{ kind, at: expect.any(String), message: expect.stringContaining(words) }]);
  });
});

describe("include", () => {
  it("goes by the directory of the first file, sorted, and takes several files and levels", () => {
    const { config } = importing({
      "nginx.conf": "http { include sites/*.conf; }",
      "sites/b.conf": "upstream b { server b.example.com; }",
      "sites/a.conf": "include sites/more/one; upstream a { server a.example.com; }",
      "sites/more/one": "upstream one { server one.example.com; }",
    });
    expect(Object.keys(config.pools)).toEqual(["one", "a", "b"]);
  });

  it("says which file is not there, but not for what nginx ships", () => {
    const { said } = importing(
      `include mime.types; include /gone/*.conf; upstream a { server a.example.com; }`,
    );
    expect(said).toEqual([
      "todo: nginx.conf:1:21: include /gone/*.conf: there is no such file, so what it holds is missing",
    ]);
  });

  it("gives the place in the file that is included", () => {
    expect(() => importing({ "nginx.conf": "include x.conf;", "x.conf": "upstream a {\n server a" })).toThrow(
      /x\.conf:2:2: "server" is not ended by ";"$/,
    );
  });

  it("ends files that include themselves", () => {
    expect(() => importing("include nginx.conf;")).toThrow("include each other too deeply");
  });
});

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
    const { said } = importing(`upstream up { ${directives} server a.example.com; }`);
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
    const { config, said } = importing("upstream up { server 10.0.0.1:8080; }", { names });
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

describe("failover", () => {
  const nginxDefault = { retry_on: ["connect_failure", "timeout"], attempt_timeout: 60, total_timeout: 120 };
  it.each<[string, object]>([
    ["", nginxDefault],
    ["proxy_next_upstream error;", { ...nginxDefault, retry_on: ["connect_failure"] }],
    [
      "proxy_next_upstream error timeout invalid_header http_500 http_429;",
      { ...nginxDefault, retry_on: ["connect_failure", "timeout", 500, 429] },
    ],
    ["proxy_next_upstream error timeout non_idempotent;", { ...nginxDefault, retry_non_idempotent: true }],
    ["proxy_next_upstream off;", { max_attempts: 1, retry_on: [], attempt_timeout: 60, total_timeout: 60 }],
    ["proxy_next_upstream_tries 1;", { ...nginxDefault, max_attempts: 1, total_timeout: 60 }],
    ["proxy_next_upstream_tries 0;", nginxDefault],
    ["proxy_read_timeout 5s;", { ...nginxDefault, attempt_timeout: 5, total_timeout: 10 }],
    ["proxy_read_timeout 1h;", { ...nginxDefault, attempt_timeout: 600, total_timeout: 600 }],
    [
      "proxy_next_upstream_timeout 7s; proxy_read_timeout 3s;",
      { ...nginxDefault, attempt_timeout: 3, total_timeout: 10 },
    ],
  ])("%s", (directives, expected) => {
    expect(failoverOf(directives)).toEqual(expected);
  });

  it("nginx tries every server, but those that are down", () => {
    const servers = ["a", "b", "c", "d"].map((name) => `server ${name}.example.com;`).join(" ");
    expect(failoverOf("", servers)).toMatchObject({ max_attempts: 4, total_timeout: 240 });
    expect(failoverOf("", `${servers} server e.example.com down;`)).toMatchObject({ max_attempts: 4 });
  });

  it("is inherited from http and server, and replaced where a place says it itself", () => {
    const { config, said } = importing(`http {
      proxy_read_timeout 9s; proxy_next_upstream error;
      upstream up { ${TWO} }
      server { proxy_read_timeout 8s;
        location / { proxy_pass http://up; }
        location /slow/ { proxy_pass http://up; proxy_read_timeout 60s; } } }`);
    expect(config.pools.up?.failover).toMatchObject({ attempt_timeout: 8, retry_on: ["connect_failure"] });
    expect(config.pools["up-2"]?.failover).toMatchObject({
      attempt_timeout: 60,
      retry_on: ["connect_failure"],
    });
    expect(config.routes).toEqual([{ path: "/slow/*", pool: "up-2" }, { pool: "up" }]);
    expect(said).toContain(
      "changed: nginx.conf:3:7: upstream up is also written as up-2: scheme, path and failover are a pool's here",
    );
  });
});

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

it.each([
  ["events {}", "it passes nothing on by HTTP: no upstream, no proxy_pass"],
  ["upstream a { server a.example.com; } upstream a { server b.example.com; }", "upstream a stands twice"],
  ["upstream { server a.example.com; }", "upstream takes one name"],
])("refuses %s", (text, message) => {
  expect(() => importing(text)).toThrow(message);
});
