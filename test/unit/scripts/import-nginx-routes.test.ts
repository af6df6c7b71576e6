import { describe, expect, it } from "vitest";
import { destination } from "../../support/destinations.ts";
import { importing, serverWith, TWO } from "../../support/nginx-configs.ts";

describe("routes", () => {
  it.each<[string, string, object[]]>([
    ["an exact host", "a.example.com", [{ host: "a.example.com" }]],
    ["upper case", "A.Example.COM", [{ host: "a.example.com" }]],
    ["a wildcard", "*.example.com", [{ host: "*.example.com" }]],
    ["a name and all below it", ".example.com", [{ host: "example.com" }, { host: "*.example.com" }]],
    ["several", "a.example.com b.test", [{ host: "a.example.com" }, { host: "b.test" }]],
    ["a name below its wildcard", "*.example.com a.example.com", [{ host: "*.example.com" }]],
    ["the default server", "_; listen 80 default_server", [{}]],
    ["the default server with a name", "a.example.com; listen 80 default_server", [{}]],
    ["a regular expression", "~^www\\d+ a.example.com", [{ host: "a.example.com" }]],
  ])("by host: %s", (_what, names, expected) => {
    const { config } = serverWith("location / { proxy_pass http://up; }", names);
    expect(config.routes).toEqual(expected.map((route) => ({ ...route, pool: "up" })));
  });

  it("by path: exact ones first, then the longest prefix, as nginx chooses", () => {
    const to = (name: string) => `{ proxy_pass http://${name}.example.com; }`;
    const { config } = serverWith(
      `location / ${to("o")} location /a ${to("a")} location ^~ /a/b/ ${to("b")} location = /a/b/c ${to("c")}
       location ~ ^/(a|x)/ ${to("r")} location /y/ ${to("o")}`,
    );
    const went = (path: string) => destination(config, `www.example.com${path}`);
    expect(["/", "/a", "/a/z", "/a/b/z", "/a/b/c", "/x/", "/y/z"].map(went)).toEqual(
      ["o", "a", "r", "b", "c", "r", "o"].map((name) => `${name}-example-com`),
    );
    expect(config.routes?.map(({ path }) => path)).toEqual([
      "/a/b/c",
      "/a",
      "/x",
      "/a/b/*",
      "/a/*",
      "/x/*",
      undefined,
    ]);
  });

  const APP = "location @app { proxy_pass http://up; proxy_read_timeout 7s; }";
  it.each([
    ["a location", `location / { try_files $uri @app; } ${APP}`, "location /"],
    ["the server", `try_files $uri/index.html $uri @app; ${APP}`, "server www.example.com"],
  ])("follows try_files of %s to a named location", (_what, block, label) => {
    const { config, said } = serverWith(block);
    expect(config.routes).toEqual([{ host: "www.example.com", pool: "up" }]);
    expect(config.pools.up?.failover?.attempt_timeout).toBe(7);
    expect(said.filter((line) => line.includes("@app"))).toEqual([
      expect.stringContaining(`${label}: no files are looked for; all requests go where @app sends them`),
    ]);
  });

  it("lets through who both a location and the one that it sends on to let through", () => {
    const app = "location @app { allow 10.0.0.0/8; allow 192.0.2.7; deny all; proxy_pass http://up; }";
    const { config, said } = serverWith(
      `location / { allow 10.1.0.0/16; allow 192.0.2.0/24; deny all; try_files $uri @app; } ${app}`,
    );
    const at = (clientIp: string) => destination(config, "www.example.com/x", { clientIp });
    expect(["10.1.0.1", "10.2.0.1", "192.0.2.7", "192.0.2.8", "198.51.100.1"].map(at)).toEqual([
      "up",
      "403",
      "up",
      "403",
      "403",
    ]);
    expect(said.filter((line) => line.includes("joined"))).toEqual([]);
  });

  it("follows error_page 404 of files to a named location", () => {
    const { config, said } = serverWith(`root /srv; location / { error_page 404 = @app; } ${APP}`);
    expect(config.routes).toEqual([{ host: "www.example.com", pool: "up" }]);
    expect(said).toContainEqual(
      expect.stringMatching(/^todo: .*no files are looked for; .* where @app sends them/),
    );
  });

  const MOVED = { status: 301, location: "https://new.test{target}" };
  it.each<[string, object]>([
    ["return 301 https://new.test$request_uri;", { redirect: MOVED }],
    ["rewrite ^ https://new.test$request_uri? permanent;", { redirect: MOVED }],
    ["rewrite ^/(.*)$ https://new.test/$1 permanent;", { redirect: MOVED }],
    [
      "rewrite ^(.*)$ $scheme://new.test$1;",
      { redirect: { status: 302, location: "https://new.test{target}" } },
    ],
    ["return https://new.test/;", { redirect: { status: 302, location: "https://new.test/" } }],
    ["return 307 /at/$host?from=$uri;", { redirect: { status: 307, location: "/at/{host}?from={path}" } }],
    ['return 200 "up {1}";', { respond: { status: 200, content_type: "text/plain", body: "up {1}" } }],
    ["return 403;", { respond: { status: 403 } }],
  ])("%s answers by itself", (directive, action) => {
    const tls = `server { listen 443 ssl; ${directive} }`;
    expect(importing(`upstream up { ${TWO} } ${tls}`).config.routes).toEqual([action]);
  });

  it.each([
    "https://$host$request_uri",
    "https://www.example.com$request_uri",
    "https://$server_name$request_uri",
  ])("return 301 %s of a server by http is no route, which would lead to itself", (to) => {
    const { config, said } = serverWith(`set $server_name www.example.com; return 301 ${to};`);
    expect(destination(config, "www.example.com/x")).toBe("404");
    expect(said).toContainEqual(expect.stringMatching(/^todo: .*turn on Always Use HTTPS/));
  });

  it("leaves an upstream out that is spoken to by something else than HTTP", () => {
    const { config, said } = importing(`
      upstream php { server unix:/run/php.sock; } upstream rpc { server rpc.example.com:50051; }
      upstream web { server a.example.com; }
      server { location / { proxy_pass http://web; } location /x/ { fastcgi_pass php; }
        location /y/ { grpc_pass grpc://rpc; } }`);
    expect(Object.keys(config.pools)).toEqual(["web"]);
    expect(said.filter((line) => line.includes("upstream"))).toEqual([
      "todo: nginx.conf:2:7: upstream php: origins are spoken to by HTTP only; it is left out",
      "todo: nginx.conf:2:51: upstream rpc: origins are spoken to by HTTP only; it is left out",
    ]);
  });

  it("finds locations within locations", () => {
    const { config } = serverWith("location /a/ { location /a/b/ { proxy_pass http://up; } }");
    expect(config.routes?.map(({ path }) => path)).toEqual(["/a/b/*"]);
  });

  it.each([["location / { proxy_pass https://up; }", "https://a.example.com:80"]])(
    "%s has its origins at %s",
    (location, url) => {
      const { config, said } = serverWith(location);
      expect(config.pools.up?.origins[0]?.url).toBe(url);
      expect(said.filter((line) => line.startsWith("todo"))).toEqual([]);
    },
  );

  it.each<[string, object | undefined]>([
    ["location / { proxy_pass http://up/; }", undefined],
    ["location /x/ { proxy_pass http://up/x/; }", undefined],
    ["location /x/ { proxy_pass http://up$request_uri; }", undefined],
    ["location / { proxy_pass http://up/base/; }", { add_prefix: "/base", rewrite_location: true }],
    [
      "location /x/ { proxy_pass http://up/base$request_uri; }",
      { add_prefix: "/base", rewrite_location: true },
    ],
    ["location /x/ { proxy_pass http://up/; }", { strip_prefix: "/x", rewrite_location: true }],
    ["location /x { proxy_pass http://up/; proxy_redirect off; }", { strip_prefix: "/x" }],
    [
      "location /x/ { proxy_pass http://up/y/; }",
      { strip_prefix: "/x", add_prefix: "/y", rewrite_location: true },
    ],
    ["location = /x { proxy_pass http://up/y; }", { replace: "/y" }],
    ["location = /x { proxy_pass http://up/x; }", undefined],
    ["location /x/ { set $u http://up; proxy_pass $u/y/; }", { replace: "/y/" }],
    [
      "location /x/ { rewrite ^/x/(.*)$ /$1 break; proxy_pass http://up; }",
      { strip_prefix: "/x", rewrite_location: true },
    ],
    [
      "location /x { rewrite ^/x(/.*)$ $1 break; proxy_pass http://up; }",
      { strip_prefix: "/x", rewrite_location: true },
    ],
    [
      "location /x { rewrite ^/x/?(.*)$ /y/$1 break; proxy_pass http://up; }",
      { strip_prefix: "/x", add_prefix: "/y", rewrite_location: true },
    ],
    [
      "location ~ ^/x/(.*)$ { proxy_pass http://up/$1$is_args$args; }",
      { strip_prefix: "/x", rewrite_location: true },
    ],
    [
      "location ~ ^/x(/.*)$ { proxy_pass http://up/y$1; }",
      { strip_prefix: "/x", add_prefix: "/y", rewrite_location: true },
    ],
    ["location ~ ^/x/(a|b)/(.*)$ { proxy_pass http://up/$1; }", undefined],
    ["location /x { rewrite ^(.*)$ /y break; proxy_pass http://up; }", { replace: "/y" }],
    ["location /x { rewrite ^/x/(\\d+)$ /y/$1 break; proxy_pass http://up; }", undefined],
    ["location /x { rewrite ^/x/(.*)$ /y/$1 last; proxy_pass http://up; }", undefined],
  ])("%s rewrites by %j", (location, rewrite) => {
    expect(serverWith(location).config.routes?.at(-1)?.rewrite).toEqual(rewrite);
  });

  it("makes a pool of an address that is no upstream, at the scheme's own port", () => {
    const { config } = serverWith("location / { proxy_pass https://lone.example.com; }");
    expect(config.pools["lone-example-com"]?.origins).toEqual([
      { id: "lone-example-com", url: "https://lone.example.com" },
    ]);
  });
});
