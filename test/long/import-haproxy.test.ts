/**
 * HAProxy itself beside what is imported of its files: the same requests, and no difference but those that the report
 * names. Needs HAProxy, as of Debian's package haproxy; without it only CI fails.
 */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RequestOptions } from "../system/support/client.ts";
import { eventually } from "../system/support/eventually.ts";
import { type Asked, HAPROXY, SideBySide, World } from "./support/haproxy.ts";

const canRun = existsSync(HAPROXY) || process.env.CI !== undefined;
const world = new World();

beforeAll(async () => {
  if (canRun) await world.start();
});

afterAll(() => world.stop());

function product<A, B>(ones: readonly A[], others: readonly B[], join: (one: A, other: B) => Asked): Asked[] {
  return ones.flatMap((one) => others.map((other) => join(one, other)));
}

describe.runIf(canRun)("routing.cfg", () => {
  const side = new SideBySide("routing.cfg", world);
  beforeAll(() => side.start());
  afterAll(() => side.stop());

  const HOSTS = [
    "any.test",
    "shop.test",
    "www.shop.test",
    "a.wild.test",
    "a.b.wild.test",
    "wild.test",
    "badwild.test",
  ];
  const MORE = [
    "dom.test",
    "x.dom.test",
    "dom.test.other.test",
    "m.any.test",
    "M.Any.test",
    "m.wild.test",
    "both.test",
    "SHOP.test",
  ];
  const PATHS = [
    ..."/ /x /api /api/ /api/x /api-and-more /files /files/ /files/x /exact /exact/ /exact2 /docs /docs/".split(
      " ",
    ),
    ..."/redoc/x /docs-and-more /v1/x /v10/ /vx/ /a.png /files/a.jpg /two /two/ /two/x /twox /deep/x /deep".split(
      " ",
    ),
    ..."/x?y=1 /api/x?y=1 /none /cased/x /Cased/x /CASED/x /Cased".split(" "),
  ];

  test("every host with every path goes where HAProxy sends it, or the report says so", async () => {
    const at = (pattern: RegExp) => (asked: Asked) => pattern.test(asked.url);
    await side.compare(
      product([...HOSTS, ...MORE], PATHS, (host, path) => ({ url: host + path })),
      [
        {
          at: at(/\/v\d+\//),
          said: /path_reg \^\/v\\d\+\/: no route has a regular expression; such requests went to c/,
        },
        {
          at: at(/\.(png|jpg)$/),
          said: /path_end \.png: no route goes by how a text ends; such requests went to c/,
        },
        {
          at: at(/\/api-and-more/),
          said: /use_backend b if shop api: .*\/api-and-more matched too; such requests went to b/,
        },
        { at: at(/^SHOP\.test/), said: /hosts are compared in any case and without a port/ },
        {
          at: at(/^dom\.test\.other/),
          said: /hdr_dom\(host\) dom\.test: hosts such as dom\.test\.other\.example matched too/,
        },
        {
          at: at(/\/(cased|CASED)\//),
          said: /path_beg -i: paths in other cases of letters matched too; such requests went to b/,
        },
      ],
    );
  });
});

const from = (address: string) => ({ "cf-connecting-ip": address });

describe.runIf(canRun)("gates.cfg", () => {
  const side = new SideBySide("gates.cfg", world);
  beforeAll(() => side.start());
  afterAll(() => side.stop());

  const PATHS = [
    ..."/ /admin /admin/ /admin/x /admin/none /open /open/x /tarpit/x /closed/x /closed /post/x /beta/x".split(
      " ",
    ),
    ..."/beta/x?beta= /x?beta=1 /%61dmin/x".split(" "),
  ];
  const WHO: readonly RequestOptions[] = [
    {},
    { headers: from("203.0.113.9") },
    { headers: from("198.51.100.7") },
    { headers: from("198.51.100.8") },
    { headers: from("192.0.2.127") },
    { headers: from("192.0.2.128") },
    { headers: from("2001:db8::9") },
    { headers: from("2001:db9::9") },
    { method: "HEAD" },
    { method: "OPTIONS" },
    { method: "PUT" },
    { method: "POST", body: "x" },
    { method: "POST", body: "x", headers: from("203.0.113.9") },
    { headers: { cookie: "a=b; beta=1" } },
    { headers: { cookie: "beta=2" } },
    { headers: { "x-staff": "yes, indeed" } },
    { headers: { "x-staff": "yes", ...from("203.0.113.9"), cookie: "beta=1" } },
    { headers: { "x-staff": "no, yes" } },
    { headers: { "x-banned": "" } },
    { headers: { "x-again": "2" } },
    { headers: { "x-again": "1" } },
    { headers: { "x-secret": "1", "x-client": "from the client" } },
  ];

  test("every client with every path is let through and sent on as by HAProxy, or the report says so", async () => {
    await side.compare(
      product(PATHS, WHO, (path, who) => ({ ...who, url: `any.test${path}` })),
      [
        {
          at: (_, { status }) => status === 401,
          said: /http-request auth .*: no password is asked for here: everybody gets through/,
        },
        {
          at: ({ headers }) => headers?.["x-staff"] === "no, yes",
          said: /hdr\(x-staff\): only the whole value of a header is compared, not the parts between its commas/,
        },
      ],
    );
  });
});

describe.runIf(canRun)("answers.cfg", () => {
  const side = new SideBySide("answers.cfg", world);
  beforeAll(() => side.start());
  afterAll(() => side.stop());

  test("answers, redirects, changes of paths and headers, and other pools are as by HAProxy, or the report says so", async () => {
    const paths = [
      ..."/ /x?y=1 /alive /alive/x /statistics /statistics/x /old/x?y=1 /old /moved?y=1 /hello /hello/x /empty".split(
        " ",
      ),
      ..."/whoami/x /prefixed/x?y=1 /mortal/x /dynamic/a /api/x?y=1 /api /api/ /added/x?y=1 /off/x /closed/x".split(
        " ",
      ),
    ];
    const at = (pattern: RegExp) => (asked: Asked) => pattern.test(asked.url);
    await eventually("the fallback", async () => {
      const { there, here } = await side.ask({ url: "any.test/mortal/x" });
      return there.status === 200 && here.status === 200;
    });
    await side.compare(
      [
        { url: "any.test/again/x" },
        ...product(paths, ["GET", "POST"], (path, method) => ({ method, url: `any.test${path}` })),
      ],
      [
        { at: at(/\/statistics/), said: /stats: \/statistics showed statistics, and is answered 404 here/ },
        {
          at: at(/\/dynamic\//),
          said: /use_backend %\[path.*: which backend it is is only known when a request comes/,
        },
      ],
    );
    expect(side.report).toMatch(/backend off: was switched off/);
    expect(side.report).toMatch(/listen office: stays closed: it listens at port 9090/);
  });
});
