import { describe, expect, it } from "vitest";
import { destination } from "../../support/destinations.ts";
import { frontend, importing } from "../../support/haproxy-configs.ts";
import type { Asking } from "../../support/where-request.ts";

const went = (lines: string, url: string, asked?: Asking) => destination(frontend(lines).config, url, asked);

describe("what a test says", () => {
  it.each<[test: string, url: string, expected: string, asked?: Asking]>([
    ["hdr(host) -i A.Test", "a.test/", "b"],
    ["req.hdr(Host),lower a.test:443", "a.test/", "b"],
    ["hdr(host),field(1,:) a.test", "b.a.test/", "a"],
    ["hdr_end(host) .a.test", "b.a.test/", "b"],
    ["hdr_end(host) .a.test", "a.test/", "a"],
    ["hdr_end(host) a.test", "a.test/", "b"],
    ["hdr_beg(host) m.", "m.a.test/", "b", { headers: { host: "m.a.test" } }],
    ["hdr_reg(host) ^a\\.test$", "a.test/", "b"],
    ["hdr_reg(host) \\.a\\.test$", "b.a.test/", "b"],
    ["path /x", "a.test/x", "b"],
    ["path /x", "a.test/x/", "a"],
    ["path_beg /x/", "a.test/x/y", "b"],
    ["path_beg /x/", "a.test/x", "a"],
    ["path -m beg /x", "a.test/x", "b"],
    ["path_reg ^/(x|y)/", "a.test/y/z", "b"],
    ["url_beg /x/", "a.test/x/y", "b"],
    ["base a.test/x", "a.test/x", "b"],
    ["base a.test/x", "b.test/x", "a"],
    ["method POST", "a.test/", "b", { method: "POST" }],
    ["src 10.1.2.3/8", "a.test/", "b", { clientIp: "10.200.0.1" }],
    ["src 192.168.0.0/255.255.0.0", "a.test/", "b", { clientIp: "192.168.9.9" }],
    ["src 10.1", "a.test/", "b", { clientIp: "10.0.0.1" }],
    ["src -f list.lst", "a.test/", "b", { clientIp: "192.0.2.9" }],
    ["req.fhdr(X-A) 1 2", "a.test/", "b", { headers: { "x-a": "2" } }],
    ["req.fhdr(Upgrade) -i WebSocket", "a.test/", "b", { headers: { upgrade: "websocket" } }],
    ["hdr_cnt(x-a) gt 0", "a.test/", "b", { headers: { "x-a": "" } }],
    ["hdr_cnt(x-a) eq 0", "a.test/", "b"],
    ["hdr_cnt(x-a) eq 0", "a.test/", "a", { headers: { "x-a": "1" } }],
    ["req.cook(Sid) -m found", "a.test/", "b", { headers: { cookie: "Sid=" } }],
    ["urlp(v) -m beg 2", "a.test/", "b", { query: "v=21" }],
    ["ssl_fc", "a.test/", "b"],
    ["dst_port 443", "a.test/", "b"],
    ["dst_port lt 400", "a.test/", "a"],
    ["always_false", "a.test/", "a"],
  ])("%s: %s goes to %s", (test, url, expected, asked) => {
    const files = { "list.lst": "# office\n192.0.2.0/24\n" };
    const { config, todo } = frontend(`use_backend b if { ${test} }`, files);
    expect(destination(config, url, asked)).toBe(expected);
    expect(todo.filter((line) => !/matched too/.test(line))).toEqual([]);
  });

  it.each([
    ["path_end .png", "path_end .png: no route goes by how a text ends"],
    ["path_sub x", "path_sub x: no route goes by a part of a text"],
    ["path_reg ^/[0-9]+", "path_reg ^/[0-9]+: no route has a regular expression"],
    ["path_beg /x", "path_beg /x: whole segments of a path match: /x-and-more matched too"],
    ["path -i /x", "path -i: paths in other cases of letters matched too"],
    ["hdr_dom(host) a", "hdr_dom(host) a: no route goes by a part of a text"],
    ["hdr_dom(host) a.test", "hosts such as a.test.other.example matched too"],
    ["hdr_end(host) a.test", "hosts such as othera.test matched too"],
    ["hdr(x-a) 1", "hdr(x-a): only the whole value of a header is compared"],
    ["hdr(x-a) -m len 3", "hdr(x-a) 3: no route goes by a length"],
    ["hdr_cnt(x-a) gt 2", "hdr_cnt(x-a) gt 2: no route counts"],
    ["src office.example.com", "src office.example.com: is no range of addresses: write its address"],
    ["src -f nowhere.lst", "nowhere.lst cannot be read: give the directory that has it with --prefix"],
    [
      "sc_http_req_rate(0) gt 10",
      "sc_http_req_rate(0) gt 10: nothing is counted here: use Cloudflare's rate limiting",
    ],
    ["rand gt 10", "rand gt 10: no condition of a route goes by this"],
    ["path,url_dec -m beg /x/", "path,url_dec: what is done to it before is not known here"],
  ])("%s, which routes cannot say or not quite, needs a hand", (test, reason) => {
    const { todo } = frontend(`use_backend b if { ${test} }`);
    expect(todo).toHaveLength(1);
    expect(todo[0]).toMatch(/^todo: haproxy.cfg:6:2: use_backend b if \{ .* \}: /);
    expect(todo[0]).toContain(reason);
    expect(todo[0]).toMatch(/; such requests went to b, and now go where the lines after it say$/);
  });

  it.each([
    ["use_backend b if !{ path_end .png }", "the line now holds for such requests as well"],
    ["use_backend b unless { path_end .png }", "the line now holds for such requests as well"],
    ["use_backend b unless !{ path_end .png }", "such requests went to b"],
    ["http-request deny if { path_end .png }", "such requests were refused, and now get through"],
    [
      "http-request allow if { path_end .png }",
      "such requests passed over the lines after it, and now do not",
    ],
    [
      "http-request redirect location /x if { path_end .png }",
      "such requests were redirected, and now go on",
    ],
    ["http-request set-header x-a 1 if { path_end .png }", "such requests had it done, and now have not"],
  ])("%s: %s", (line, consequence) => {
    expect(frontend(line).todo.join("\n")).toContain(`no route goes by how a text ends; ${consequence}`);
  });
});

describe("conditions", () => {
  const ACLS = "acl x path_beg /x/\nacl x path /y\nacl h hdr(host) a.test\n";
  it.each<[line: string, url: string, expected: string]>([
    ["use_backend b if x", "b.test/y", "b"],
    ["use_backend b if x h", "b.test/y", "a"],
    ["use_backend b if x h", "a.test/y", "b"],
    ["use_backend b if x or h", "a.test/z", "b"],
    ["use_backend b if x || h", "b.test/x/1", "b"],
    ["use_backend b if h !x", "a.test/z", "b"],
    ["use_backend b if h ! x", "a.test/y", "a"],
    ["use_backend b unless x", "b.test/x/1", "a"],
    ["use_backend b unless x", "b.test/x", "b"],
    ["use_backend b if METH_GET", "b.test/", "b"],
    ["use_backend c if h\nuse_backend b if x", "a.test/y", "c"],
    ["use_backend b", "a.test/", "b"],
  ])("%s: %s goes to %s", (lines, url, expected) => {
    expect(went(ACLS + lines, url)).toBe(expected);
  });
});

describe("answers and changes", () => {
  it.each<[line: string, url: string, expected: string]>([
    ["http-request deny", "a.test/", "403"],
    ["http-request deny deny_status 429", "a.test/", "429"],
    ["http-request tarpit", "a.test/", "500"],
    ["http-request silent-drop", "a.test/", "403"],
    ["tcp-request connection reject if { src 10.0.0.0/8 }", "a.test/", "403"],
    ["http-request return status 204", "a.test/", "204"],
    ["http-request use-service prometheus-exporter if { path /metrics }", "a.test/metrics", "404"],
    ["http-request redirect location https://b.test%[path]", "a.test/", "302 https://b.test{path}"],
    ["redirect prefix https://b.test code 301", "a.test/", "301 https://b.test{target}"],
    [
      "redirect scheme https code 301 if { hdr(host) a.test } { path /x }",
      "a.test/x",
      "301 https://{host}{target}",
    ],
    ["redirect scheme https if !{ ssl_fc }", "a.test/", "a"],
    ["redirect scheme https", "a.test/", "404"],
    ["redirect location %[var(txn.x)]", "a.test/", "404"],
    ["use_backend %[req.hdr(host),map(hosts.map)]", "a.test/", "404"],
    ["stats uri /stats", "a.test/stats", "404"],
    ["monitor-uri /alive", "a.test/alive", "200"],
    ["acl down nbsrv(a) lt 1\nuse_backend b if down", "a.test/", "a > b"],
  ])("%s: %s: %s", (lines, url, expected) => {
    expect(went(lines, url, { clientIp: "10.0.0.1" })).toBe(expected);
  });

  it.each<[line: string, route: object]>([
    ["http-request set-header X-A %[src]", { request_headers: { set: { "x-a": "{client_ip}" } } }],
    ["http-request set-header X-Forwarded-Proto https", {}],
    ["http-request set-header X-A 1\nhttp-request del-header X-A", { request_headers: { remove: ["x-a"] } }],
    [
      "http-request add-header X-A 1\nhttp-request set-header X-A 2",
      { request_headers: { set: { "x-a": "2" } } },
    ],
    ["option forwardfor header X-Client", { request_headers: { set: { "x-client": "{client_ip}" } } }],
    ["http-response set-header X-B {b}", { response_headers: { set: { "x-b": "{{b}}" } } }],
    ["http-request set-path /base%[path]", { rewrite: { add_prefix: "/base" } }],
    ["http-request set-path /one", { rewrite: { replace: "/one" } }],
    ["http-request set-path %[path,regsub(^/api/,/)]", { rewrite: { strip_prefix: "/api" } }],
    [
      "http-request replace-path ^/api/(.*)$ /v2/\\1",
      { rewrite: { strip_prefix: "/api", add_prefix: "/v2" } },
    ],
    ["http-request replace-path (.*) /v2\\1", { rewrite: { add_prefix: "/v2" } }],
  ])("%s", (lines, route) => {
    const { config, todo } = frontend(lines);
    expect(config.routes).toEqual([{ pool: "a", ...route }]);
    expect(todo).toEqual([]);
  });

  it.each([
    ["http-request auth", /no password is asked for here: everybody gets through/],
    ["http-request lua.check", /lua.check: is not done here/],
    ["http-request set-header Host x", /an origin is asked by the name in its url/],
    ["http-request set-header X-A %[rand]", /a route has no such value; it is left out/],
    ["http-request replace-uri ^/(.)(.*) /\\2\\1", /a route cannot change a path so/],
    ["http-response deny if { status 500 }", /answers of origins are passed on/],
    ["http-request set-path /x\nuse_backend b if { path /y }", /reads what a line before it changes/],
    ["filter spoe engine x", /what it does is not done here/],
    ["rate-limit sessions 10", /requests are not limited so here/],
    ["bind :8443 ssl crt x verify required", /clients' certificates are not asked for here/],
    ["unheard of", /unheard of: is not known here/],
  ])("%s needs a hand", (lines, message) => {
    expect(frontend(lines).todo.join("\n")).toMatch(message);
  });
});

describe("which section is imported", () => {
  const SECTION = (name: string, lines: string) =>
    `listen ${name}\n ${lines.replaceAll("; ", "\n ")}\n server s ${name}.example.com:80\n`;
  const sections = (...parts: string[]) => importing(`defaults\n mode http\n${parts.join("")}`);

  it("takes the one at port 443, and leaves what else listens closed", () => {
    const { config, todo } = sections(
      SECTION("clear", "bind :80; http-request redirect scheme https"),
      SECTION("office", "bind :9090"),
      SECTION("machine", "bind 127.0.0.1:443"),
      SECTION("www", "bind :80,:443 ssl crt x"),
      SECTION("off", "bind :443 ssl crt x; disabled"),
      SECTION("tcp", "bind :25; mode tcp"),
    );
    expect(config.routes).toEqual([{ pool: "www" }]);
    expect(todo.map((line) => line.replace(/^.*?: (listen \w+: .*)$/, "$1"))).toEqual([
      "listen off: was switched off; what came by it stays closed",
      "listen tcp: it is in mode tcp, and only HTTP is balanced here; it is left out",
      "listen clear: stays closed: it listens at port 80; listen www at port 443 is what is imported. It sent clients from http to https: turn on Always Use HTTPS for the zone",
      "listen office: stays closed: it listens at port 9090; listen www at port 443 is what is imported",
      "listen machine: stays closed: only the machine itself reaches it; listen www at port 443 is what is imported",
    ]);
  });

  it("gives nothing to everybody where no section takes requests", () => {
    const { config, todo } = importing("defaults\n mode http\nbackend b\n server s s.example.com:80");
    expect(config.routes).toEqual([{ respond: { status: 404 } }]);
    expect(todo.join("\n")).toMatch(/no route could be made/);
  });

  it("answers 503 where HAProxy has no backend, none that is on, or none with servers", () => {
    const { config } = importing(`defaults
 mode http
frontend f
 bind :443 ssl crt x
 use_backend off if { path /off }
 use_backend empty if { path /empty }
 use_backend b if { path /b }
backend off
 disabled
 server s s.example.com:80
backend empty
backend b
 server s s.example.com:80`);
    expect(["/off", "/empty", "/b", "/"].map((path) => destination(config, `a.test${path}`))).toEqual([
      "503",
      "503",
      "b",
      "503",
    ]);
  });

  it("refuses what no configuration has room for", () => {
    const lines = Array.from(
      { length: 14 },
      (_, n) => `http-request set-header x-${n} 1 if { req.fhdr(y-${n}) 1 }`,
    );
    expect(() => frontend(lines.join("\n"))).toThrow(
      /^haproxy.cfg:4:1: frontend www: becomes more than 1000 routes: leave out lines that change headers/,
    );
  });
});
