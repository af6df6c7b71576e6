import { describe, expect, it } from "vitest";
import { importing, serverWith } from "../../support/nginx-configs.ts";

describe("the report on locations", () => {
  it.each([
    [
      "location / { proxy_pass http://$backend; }",
      "todo",
      "where it goes is only known when a request comes",
    ],
    ["location / { proxy_pass http://up; rewrite ^/a$ /b last; }", "todo", "a route cannot do this"],
    ["rewrite ^/a$ /b last; location / { proxy_pass http://up; }", "todo", "write it into routes by hand"],
    ["location / { proxy_pass http://up/base; }", "todo", "/x became /basex there, and becomes /base/x here"],
    ["location /x { proxy_pass http://up/; }", "todo", "/x/x became //x there, and becomes /x here"],
    [
      "location ~ ^/a\\d { proxy_pass http://up; }",
      "todo",
      "such requests went to up, and now are answered 404",
    ],
    ["location ~* ^/a { proxy_pass http://up; }", "todo", "in other cases of letters"],
    [
      "location @named { proxy_pass http://up; } location / { proxy_pass http://up; }",
      "left",
      "no location sends on to it",
    ],
    [
      "location / { try_files $uri @gone; } location /x/ { proxy_pass http://up; }",
      "todo",
      "nginx answered itself, with files",
    ],
    ['location "/with blank/" { proxy_pass http://up; }', "todo", "no route has such a path"],
    [
      "location /a { proxy_pass http://up; }",
      "todo",
      "/a-and-more matched too (go to up), and now are answered 404",
    ],
    ["auth_basic staff; location / { proxy_pass http://up; }", "todo", "requests get through without it"],
    [
      "location / { proxy_pass http://up; proxy_read_timeout 1h; }",
      "changed",
      "proxy_read_timeout: at most 600 s",
    ],
    ["location / { proxy_pass http://up; proxy_cache c; }", "todo", "origins get every request"],
    ["location / { proxy_pass http://up; proxy_method POST; }", "todo", "origins get the client's method"],
    ["location / { proxy_pass http://up; sub_filter a b; }", "todo", "sub_filter a b: is not known here"],
    [
      "location / { proxy_pass http://up; proxy_set_header X-A $upstream_addr; }",
      "todo",
      "a route has no such value",
    ],
    [
      "location / { proxy_pass http://up; proxy_set_header Host $host; }",
      "changed",
      "is in X-Forwarded-Host",
    ],
    ["location / { proxy_pass http://up; proxy_set_header Host a.test; }", "todo", "must serve that name"],
    [
      "location / { content_by_lua_block { ngx.say(1) } } location /x/ { proxy_pass http://up; }",
      "todo",
      "Lua does not run here",
    ],
    [
      "location / { proxy_pass http://up; error_page 502 /50x.html; }",
      "left",
      "errors of origins and of this balancer",
    ],
    [
      "location / { proxy_pass http://up; } location /i/ { internal; proxy_pass http://up; }",
      "changed",
      "stays closed, 404",
    ],
  ])("%s: %s: %s", (location, kind, words) => {
    const { said } = serverWith(location);
    expect(said.filter((line) => line.includes(words))).toEqual([
      expect.stringMatching(`^${kind}: nginx.conf:`),
    ]);
  });

  it("says nothing about a gate that is off", () => {
    const { said } = serverWith(
      "auth_basic off; client_max_body_size 0; location / { proxy_pass http://up; }",
    );
    expect(said.filter((line) => /auth_basic|client_max_body_size/.test(line))).toEqual([]);
  });

  it.each([
    "proxy_set_header X-Forwarded-Proto $scheme",
    "proxy_set_header Upgrade $http_upgrade",
    "proxy_set_header Host $proxy_host",
    "proxy_http_version 1.1",
    "proxy_buffering off",
    "chunked_transfer_encoding off",
  ])("says nothing about %s, which holds anyway", (directive) => {
    const { said } = importing(
      `upstream up { server a.example.com; } server { ${directive}; proxy_redirect off; client_max_body_size 0; location / { proxy_pass http://up; } }`,
    );
    expect(said).toEqual([]);
  });
});
