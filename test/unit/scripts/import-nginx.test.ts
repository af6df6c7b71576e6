import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { importNginx } from "../../../scripts/lib/import/nginx/index.ts";
import { parseConfigFile } from "../../../src/config/parse.ts";
import { AS_IT_SAYS, failoverOf, importing, TWO } from "../../support/nginx-configs.ts";

describe("a whole configuration with includes", () => {
  const main = fileURLToPath(new URL("../fixtures/import/nginx/nginx.conf", import.meta.url));
  const { config, findings } = importNginx([main], AS_IT_SAYS);

  it("becomes the expected configuration, which is valid", () => {
    const expected: unknown = JSON.parse(
      readFileSync(new URL("../fixtures/import/nginx.expected.json", import.meta.url), "utf8"),
    );
    expect(config).toEqual(expected);
    expect(parseConfigFile(config)).toMatchObject({ ok: true });
  });

  it("keeps the order of upstreams and servers, also where includes stand between them", () => {
    expect(Object.keys(config.pools)).toEqual([
      "shop",
      "api",
      "api-2",
      "unused",
      "legacy-origins-example-8088",
    ]);
    expect(config.pools.shop?.origins.map(({ id }) => id)).toEqual([
      "shop-1-origins-example-8080",
      "shop-2-origins-example-8080",
      "spare-origins-example",
      "10-0-3-17-8080",
    ]);
  });

  it.each([
    ["todo", "nginx.conf:20:9: server 10.0.3.17:8080", "--name 10.0.3.17=HOSTNAME"],
    ["todo", "conf.d/20-shop.conf:1:1", "turn on Always Use HTTPS"],
    ["todo", "conf.d/20-shop.conf:18:23", "write the route by hand"],
    ["todo", "conf.d/10-api.conf:19:9", "limit_req"],
    ["todo", "conf.d/10-api.conf:22:5", "did not go to an origin, and now go to api"],
    ["todo", "conf.d/10-api.conf:22:25", "fastcgi_pass"],
    ["todo", "conf.d/20-shop.conf:9:5", "server_name www.example.*"],
    ["changed", "conf.d/10-api.conf:7:1", "is the first one of port 443"],
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
    expect(said.filter((line) => line.includes("include"))).toEqual([
      "todo: nginx.conf:1:21: include /gone/*.conf: there is no such file, so what it holds is missing: give the directory that has it with --prefix",
    ]);
  });

  it.each<[string, string, string | null]>([
    ["a copy of nginx's own directory", "nginx.conf", null],
    ["a part of it", "sites-enabled/nginx.conf", null],
    ["a directory that is given", "elsewhere/nginx.conf", "copy"],
  ])("goes by %s", (_what, main, prefix) => {
    const below = prefix === null ? "" : `${prefix}/`;
    const { config } = importing(
      {
        [main]: "include /etc/nginx/conf.d/*.conf; include snippets/b.conf;",
        [`${below}conf.d/a.conf`]: "upstream a { server a.example.com; }",
        [`${below}snippets/b.conf`]: "upstream b { server b.example.com; }",
      },
      { prefix },
    );
    expect(Object.keys(config.pools)).toEqual(["a", "b"]);
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
      "changed: nginx.conf:3:7: upstream up is also written as up-2: scheme and failover are a pool's here",
    );
  });
});

it.each([
  ["events {}", "it has no upstream, and no proxy_pass that leads anywhere: give the file that has them"],
  ["server { location / { proxy_pass http://$x; } }", "nginx.conf:1:23: proxy_pass http://$x: where it goes"],
  ["stream { server { listen 53; } }", "it has a stream block, and only HTTP is balanced"],
  ["upstream a { server a.example.com; } upstream a { server b.example.com; }", "upstream a stands twice"],
  ["upstream { server a.example.com; }", "upstream takes one name"],
])("refuses %s", (text, message) => {
  expect(() => importing(text)).toThrow(message);
});
