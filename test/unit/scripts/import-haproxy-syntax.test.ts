import { describe, expect, it } from "vitest";
import { wordsOf } from "../../../scripts/lib/import/haproxy/words.ts";
import { frontend, importing } from "../../support/haproxy-configs.ts";

const NOTHING = new Map<string, string>();

describe("words", () => {
  it.each<[line: string, words: string[]]>([
    ["  a\tb  # comment", ["a", "b"]],
    ["a#b", ["a"]],
    ["a\\#b a\\ b a\\\\b a\\.b", ["a#b", "a b", "a\\b", "a\\.b"]],
    ["\\x41\\n", ["A\n"]],
    [`"a b" 'a "b" \\n $c'`, ["a b", `a "b" \\n $c`]],
    [`a"b c"'d e'f ""`, ["ab cd ef", ""]],
    [`"a \\" \\$b 'c' #d"`, [`a " $b 'c' #d`]],
    [`$A "$A-\${A}" "\${B-two words}" "\${C-}"`, ["$A", "one-one", "two words", ""]],
    [`"%[req.hdr(Host)]" %{+Q}o`, ["%[req.hdr(Host)]", "%{+Q}o"]],
  ])("of %s", (line, words) => {
    expect(wordsOf(line, new Map([["A", "one"]]))).toEqual(words);
  });

  it.each([
    [`a "b`, 'this " is never closed'],
    ["a 'b", "this ' is never closed"],
    [`server a "\${HOST}:80"`, "the environment variable HOST is not known here: write"],
    ["server a {{ host }}:80", 'this looks like a template ("{{"): render it first'],
  ])("refuses %s", (line, message) => {
    expect(() => wordsOf(line, NOTHING)).toThrow(message);
  });
});

const BACKEND = "backend b\n server b b.example.com:80\n";

describe("sections", () => {
  it("take what stands in the last defaults before them, or in those that they name", () => {
    const { config } = importing(`
defaults slow
 mode http
 timeout server 7s
defaults quick from slow
 timeout server 3s
backend one from slow
 server a a.example.com:80
backend two
 server a a.example.com:80
defaults
 mode http
backend three
 server a a.example.com:80`);
    const times = Object.values(config.pools).map(({ failover }) => failover?.attempt_timeout);
    expect(times).toEqual([7, 3, 600]);
  });

  it("have their own lines on checks in the place of those of their defaults", () => {
    const { config } = importing(`defaults
 mode http
 option httpchk GET /
 http-check expect string OK
backend one
 server a a.example.com:80 check
backend two
 http-check expect status 204
 server a a.example.com:80 check`);
    const { one, two } = config.pools;
    expect([one, two].map((pool) => pool?.health_check?.expected_body)).toEqual(["OK", undefined]);
    expect(two?.health_check?.expected_codes).toBe("204");
  });

  it("know what setenv gives, and read several files as one", () => {
    const { config } = importing(`global
 setenv HOST a.example.com
defaults
 mode http
listen l
 bind :80
 server a "\${HOST}:8080"`);
    expect(config).toMatchObject({
      pools: { l: { origins: [{ url: "http://a.example.com:8080" }] } },
      routes: [{ pool: "l" }],
    });
  });

  it.each([
    ["mode http", /^haproxy.cfg:1:1: "mode" stands before any section/],
    ["frontend", /^haproxy.cfg:1:1: frontend takes a name/],
    ["listen l :80", /^haproxy.cfg:1:1: listen l: unexpected ":80": addresses belong on a line of "bind"/],
    ["backend b from none", /^haproxy.cfg:1:1: there is no section "defaults none" before this/],
    [`${BACKEND}${BACKEND}`, /^haproxy.cfg:3:1: backend b stands twice, first at haproxy.cfg:1:1/],
    [
      "global\n .if defined(X)\n .endif",
      /^haproxy.cfg:2:2: \.if is decided when HAProxy starts: leave the lines that are in force/,
    ],
    ["defaults\n mode http\nbackend b\n server a 'x", /^haproxy.cfg:4:11: this ' is never closed/],
    [
      "frontend f\n bind :80",
      /^haproxy.cfg:1:1: frontend f: no line says "mode http", so it is in mode tcp, and only HTTP is balanced here$/,
    ],
    [
      "listen f\n mode tcp\n bind :80\n server a a.example.com:80",
      /^haproxy.cfg:1:1: listen f: it is in mode tcp, and only HTTP/,
    ],
    [
      "defaults\n mode http\nfrontend f\n bind :80",
      /haproxy.cfg: it has no backend with servers: give the file that has them$/,
    ],
  ])("refuses %j", (text, message) => {
    expect(() => importing(text)).toThrow(message);
  });

  it.each([
    ["use_backend nobody", /^haproxy.cfg:6:2: there is no backend nobody in these files/],
    ["use_backend b if nothing", /^haproxy.cfg:6:2: there is no acl nothing in this section/],
    ["use_backend b if { path /x", /^haproxy.cfg:6:2: this "\{" is never closed by "\}"/],
    ["use_backend b if", /^haproxy.cfg:6:2: no condition stands behind "if"/],
    ["use_backend b if TRUE or", /^haproxy.cfg:6:2: a condition is missing beside "or"/],
    ["use_backend b if { src 10.0.0.300 }", /^haproxy.cfg:6:2: "10.0.0.300" is not a range of addresses/],
  ])("refuses a frontend with %s", (line, message) => {
    expect(() => frontend(line)).toThrow(message);
  });

  it.each([
    ["server a a.example.com:99999", /"a.example.com:99999" is not an address/],
    ["server a a.example.com:+80", /"a.example.com:\+80" is not an address with a port of its own/],
    ["server a", /server takes a name and an address/],
    ["server a a.example.com:80 weight", /weight takes a value/],
    ["server a a.example.com:80 weight x", /weight: "x" is not a whole number/],
    ["server a a.example.com:80 check inter 1x", /inter: "1x" is not a time/],
    ["server-template a x b.example.com:80", /server-template takes a prefix, a number of servers/],
    ["retries many\nserver a a.example.com:80", /retries: "many" is not a whole number/],
  ])("refuses a backend with %s", (lines, message) => {
    expect(() => importing(`defaults\n mode http\nbackend b\n ${lines}`)).toThrow(message);
  });
});
