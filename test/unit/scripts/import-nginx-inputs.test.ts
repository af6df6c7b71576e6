/** Inputs as people have them, one file for each kind. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { importNginx } from "../../../scripts/lib/import/nginx/index.ts";
import { destination } from "../../support/destinations.ts";
import { AS_IT_SAYS } from "../../support/nginx-configs.ts";
import type { Asking } from "../../support/where-request.ts";

function importing(file: string, options = {}) {
  const path = fileURLToPath(new URL(`../fixtures/import/inputs/${file}`, import.meta.url));
  const { config, findings } = importNginx([path], { ...AS_IT_SAYS, ...options });
  const said = (kind: string) =>
    findings.all.filter((each) => each.kind === kind).map(({ at, message }) => `${at}: ${message}`);
  return { config, todo: said("todo"), changed: said("changed"), left: said("left") };
}

describe("where requests go", () => {
  it.each<[file: string, url: string, expected: string, asked?: Asking]>([
    ["implicit-default-server.conf", "localhost/x", "shop"],
    ["implicit-default-server.conf", "any.example.com/x", "shop"],
    ["servers-by-port.conf", "www.example.com/api/x", "api"],
    ["servers-by-port.conf", "www.example.com/x", "404"],
    ["includes-elsewhere/nginx.conf", "any.example.com/x", "app"],
    ["constant-variable.conf", "a.example.com/api/x", "api-example-com-3000"],
    ["constant-variable.conf", "a.example.com/x", "app-example-com-8080"],
    ["glued-modifiers.conf", "a.example.com/health", "health"],
    ["glued-modifiers.conf", "a.example.com/health/x", "web"],
    ["glued-modifiers.conf", "a.example.com/files/x", "files"],
    ["glued-modifiers.conf", "a.example.com/x", "web"],
    ["gates-elsewhere.conf", "a.example.com/x", "web", { clientIp: "203.0.113.7" }],
    ["gates-elsewhere.conf", "a.example.com/x", "403", { clientIp: "198.51.100.7" }],
    ["only-pool-takes-all.conf", "other.example.org/secret", "404"],
    ["only-pool-takes-all.conf", "admin.example.com/secret", "404"],
    ["plain-regexes.conf", "a.example.com/api/x", "api"],
    ["plain-regexes.conf", "a.example.com/api", "web"],
    ["plain-regexes.conf", "a.example.com/docs", "docs"],
    ["plain-regexes.conf", "a.example.com/redoc", "docs"],
    ["plain-regexes.conf", "a.example.com/docs/x", "web"],
    ["fallback-by-error-page.conf", "a.example.com/x", "main > spare"],
    ["split-clients.conf", "a.example.com/x", "canary:1 stable:9"],
    ["unix-socket-by-proxy-pass.conf", "a.example.com/app/x", "unix-run-app-sock"],
    ["path-stripped-by-rewrite.conf", "a.example.com/api/x", "api"],
    ["nginx-T-dump.conf", "a.example.com/x", "app"],
    ["upstream-of-another-file.conf", "a.example.com/x", "app_servers"],
    ["regex-between-prefixes.conf", "a.example.com/api/store/x", "relay"],
    ["regex-between-prefixes.conf", "a.example.com/api/7/x", "web"],
    ["if-in-location.conf", "a.example.com/x", "stable"],
    ["if-in-location.conf", "a.example.com/only/x", "404"],
    ["if-in-location.conf", "a.example.com/only", "stable"],
    ["same-host-two-ports.conf", "a.example.com/a/x", "app-example-net-3000"],
    ["same-host-two-ports.conf", "a.example.com/b/x", "app-example-net-4000"],
    ["http-and-https-differ.conf", "www.example.com/pub/x", "app"],
    ["http-and-https-differ.conf", "www.example.com/x", "app"],
  ])("%s: %s: %s", (file, url, expected, asked) => {
    expect(destination(importing(file).config, url, asked)).toBe(expected);
  });
});

describe("what needs a hand", () => {
  it.each([
    ["implicit-default-server.conf", /:6:1: server localhost: is the first one of port 80/],
    ["servers-by-port.conf", /:10:1: server www\.example\.com: stays closed, with location \/: .*port 9090/],
    ["includes-elsewhere/nginx.conf", /:6:5: include \/etc\/nginx\/sites-enabled\/\*: there is no such file/],
    ["gates-elsewhere.conf", /:3:5: limit_req /],
    ["gates-elsewhere.conf", /:6:5: auth_basic staff/],
    ["gates-elsewhere.conf", /:12:9: ssl_verify_client on/],
    ["gates-elsewhere.conf", /:13:9: client_max_body_size 1m/],
    ["gates-elsewhere.conf", /:16:13: access_by_lua_block: Lua does not run here/],
    ["only-pool-takes-all.conf", /:10:5: .*went to admin, and now are answered 404/],
    ["only-pool-takes-all.conf", /no route could be made. Without one, pool admin would get every request/],
    ["fallback-by-error-page.conf", /:8:9: .*fallback_pool spare: .*not after an answer such as 502/],
    ["unix-socket-by-proxy-pass.conf", /:5:22: .*--name unix:\/run\/app\.sock=HOSTNAME/],
    ["base-without-slash.conf", /:5:18: .*\/x became \/basex there, and becomes \/base\/x here/],
    [
      "upstream-of-another-file.conf",
      /:4:18: .*there is no upstream app_servers in these files: give the file/,
    ],
    ["regex-between-prefixes.conf", /:7:5: .*went to relay, and now go to web/],
    ["if-in-location.conf", /:6:9: location \/: if .*proxy_pass http:\/\/beta/],
    ["if-in-location.conf", /:9:5: location \/only\/: passed on under a condition only/],
    [
      "http-and-https-differ.conf",
      /:4:1: .*is left out for www\.example\.com.* at port 80.*location \/pub\//,
    ],
    ...["web.shop.svc.cluster.local", "app.service.consul", "db01.corp.internal"].map(
      (name) => ["names-of-the-inside.conf", new RegExp(`${name} is a name of a local network`)] as const,
    ),
    ...["printer.local", "nas.home.arpa", "gw.lan"].map(
      (name) => ["names-of-the-inside.conf", new RegExp(`${name} is a name of a local network`)] as const,
    ),
  ] as const)("%s: %s", (file, words) => {
    expect(importing(file).todo.filter((line) => words.test(line))).toHaveLength(1);
  });

  it.each([
    "constant-variable.conf",
    "glued-modifiers.conf",
    "nginx-T-dump.conf",
    "plain-regexes.conf",
    "plus-health-check.conf",
    "path-stripped-by-rewrite.conf",
    "same-host-two-ports.conf",
    "split-clients.conf",
  ])("%s: nothing", (file) => {
    expect(importing(file).todo).toEqual([]);
  });
});

describe("what is made of it", () => {
  it("health_check and match", () => {
    expect(importing("plus-health-check.conf").config.pools.app?.health_check).toEqual({
      path: "/healthz",
      port: 8_081,
      interval: 7,
      unhealthy_threshold: 4,
      healthy_threshold: 3,
      expected_codes: "200-299",
      expected_body: "OK",
    });
  });

  it("addresses behind constant variables", () => {
    const { pools } = importing("constant-variable.conf").config;
    expect(Object.values(pools).map(({ origins }) => origins[0]?.url)).toEqual([
      "http://app.example.com:8080",
      "http://api.example.com:3000",
    ]);
  });

  it("allow, deny and add_header, which are said", () => {
    const { config, changed } = importing("gates-elsewhere.conf");
    expect(config.routes?.[0]?.response_headers).toEqual({
      add: { "strict-transport-security": "max-age=63072000" },
    });
    for (const words of ["allow 203.0.113.0/24", "deny all", "add_header Strict-Transport-Security"]) {
      expect(changed.filter((line) => line.includes(words))).toHaveLength(1);
    }
  });

  it("origins at names of the inside, switched off", () => {
    const { pools } = importing("names-of-the-inside.conf").config;
    expect(Object.values(pools).flatMap(({ origins }) => origins.map(({ enabled }) => enabled))).toEqual(
      Array.from({ length: 6 }, () => false),
    );
  });

  it("a socket file by proxy_pass, with a name", () => {
    const names = new Map([["unix:/run/app.sock", "app.example.com"]]);
    const { config, todo } = importing("unix-socket-by-proxy-pass.conf", { names });
    expect(config.pools["unix-run-app-sock"]?.origins).toEqual([
      { id: "unix-run-app-sock", url: "http://app.example.com" },
    ]);
    expect(config.routes?.[0]).not.toHaveProperty("rewrite");
    expect(todo).toEqual([]);
  });

  it("rewrite ... break", () => {
    expect(importing("path-stripped-by-rewrite.conf").config.routes?.[0]?.rewrite).toEqual({
      strip_prefix: "/api",
      rewrite_location: true,
    });
  });

  it("a dump, as if its files were read from disk, with places in the dump", () => {
    const { config, changed } = importing("nginx-T-dump.conf");
    expect(config.pools.app?.failover?.attempt_timeout).toBe(15);
    expect(changed).toContainEqual(expect.stringMatching(/nginx-T-dump\.conf:9:1: max_fails/));
  });
});

it.each([
  ["only-fastcgi.conf", /only-fastcgi\.conf: it passes requests on by fastcgi_pass only/],
  ["template.conf", /template\.conf:1:23: this looks like a template \("\{\{"\): render it first/],
])("refuses %s, with the reason", (file, reason) => {
  expect(() => importing(file)).toThrow(reason);
});
