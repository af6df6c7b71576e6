import { describe, expect, it } from "vitest";
import { changesTo, describeChange } from "../../../scripts/lib/config-changes.ts";
import { documentsOf } from "../../../scripts/lib/config-documents.ts";
import type { WrittenConfig } from "../../../scripts/lib/config-file.ts";
import type { StoredDocuments } from "../../../scripts/lib/stores/config-store.ts";
import { maskSecrets } from "../../../src/config/secrets.ts";
import { MARKED, PLAIN } from "../../support/plain-paint.ts";

const A = { id: "a", url: "https://a.example.com" };
const B = { id: "b", url: "https://b.example.com" };

const stored = (config: WrittenConfig, problem: string | null = null): StoredDocuments =>
  new Map([...documentsOf(config)].map(([key, text]) => [key, { text, version: 1, problem }]));

const changes = (wanted: WrittenConfig, there: StoredDocuments) => changesTo(documentsOf(wanted), there);

/** The only change, as it is printed. */
function printed(before: WrittenConfig, after: WrittenConfig, paint = PLAIN): string {
  const found = changes(after, stored(before));
  expect(found).toHaveLength(1);
  return found.flatMap((change) => describeChange(change, paint)).join("\n");
}

describe("what a push would change", () => {
  it("is nothing if only the order of keys differs", () => {
    const there = stored({ pools: { web: { origins: [A], slow_start: 5 } } });
    expect(changes({ pools: { web: { slow_start: 5, origins: [A] } } }, there)).toEqual([]);
  });

  it("does not show a route whose keys stand in another order", () => {
    const there = { routes: [{ fallback_pool: "b", pool: "a" }] };
    expect(printed(there, { routes: [{ pool: "a", fallback_pool: "b" }, { pool: "c" }] })).toBe(
      '~ routes\n      1  {"fallback_pool":"b","pool":"a"}\n    + 2  {"pool":"c"}',
    );
  });

  it.each([
    ["no routes", {}],
    ["an empty list of routes", { routes: [] }],
  ])("is nothing between %s here and none there", (_, routes) => {
    const pools = { web: { origins: [A] } };
    expect(changes({ ...routes, pools }, stored({ pools }))).toEqual([]);
    expect(changes({ pools }, stored({ ...routes, pools }))).toEqual([]);
  });

  it("comes in an order in which no route ever names a pool that is not there", () => {
    const there = stored({ routes: [{ pool: "old" }], pools: { old: { origins: [A] } } });
    const wanted = { routes: [{ pool: "new" }], pools: { new: { origins: [A] } } };
    expect(changes(wanted, there).map(({ key, text }) => [key, text !== null])).toEqual([
      ["pool:new", true],
      ["routes", true],
      ["pool:old", false],
    ]);
  });

  it("removes the routes if the file has none, and empties them if it says so", () => {
    const pools = { web: { origins: [A] } };
    const there = stored({ routes: [{ pool: "web" }], pools });
    expect(changes({ pools }, there)).toMatchObject([{ key: "routes", text: null }]);
    expect(changes({ pools, routes: [] }, there)).toMatchObject([{ key: "routes", text: "[]" }]);
  });

  it("includes a document that is refused there, even if a good one with the same content is in force", () => {
    const config = { pools: { web: { origins: [A] } } };
    const [change] = changes(config, stored(config, "pools.web.origins: must be a list"));
    if (change === undefined) throw new Error("there is one");
    expect(describeChange(change, PLAIN)).toEqual([
      "~ pool web",
      "  what is stored there is refused: pools.web.origins: must be a list",
    ]);
  });
});

describe("a change as text", () => {
  it("tells fields that come, go and differ, and origins by name", () => {
    const before = { pools: { web: { origins: [A, B], slow_start: 30, drain_timeout: 10 } } };
    const after = { pools: { web: { origins: [{ ...A, weight: 3 }], drain_timeout: 20, sticky: true } } };
    expect(printed(before, after)).toBe(
      [
        "~ pool web",
        "    + origins[a].weight: 3",
        '    - origins[b]: {"id":"b","url":"https://b.example.com"}',
        "    - slow_start: 30",
        "    ~ drain_timeout: 10 -> 20",
        "    + sticky: true",
      ].join("\n"),
    );
  });

  it("tells a new pool's origins line by line", () => {
    const web = { origins: [A] };
    expect(printed({ pools: { web } }, { pools: { web, api: { origins: [A, B] } } })).toBe(
      [
        "+ pool api",
        '    + origins[a]: {"id":"a","url":"https://a.example.com"}',
        '    + origins[b]: {"id":"b","url":"https://b.example.com"}',
      ].join("\n"),
    );
  });

  it("tells routes line by line with their places and the neighbours", () => {
    const pools = { web: { origins: [A] } };
    const [one, two, three, four, five] = [1, 2, 3, 4, 5].map((n) => ({ host: `${n}.test`, pool: "web" }));
    expect(
      printed({ routes: [one, two, three, five], pools }, { routes: [one, two, four, three, five], pools }),
    ).toBe(
      [
        "~ routes",
        '      2  {"host":"2.test","pool":"web"}',
        '    + 3  {"host":"4.test","pool":"web"}',
        '      4  {"host":"3.test","pool":"web"}',
      ].join("\n"),
    );
  });

  it("tells routes that go as a whole", () => {
    const pools = { web: { origins: [A] } };
    expect(printed({ routes: [{ pool: "web" }], pools }, { pools })).toBe(
      '- routes\n    - 1  {"pool":"web"}',
    );
  });

  it("is red for what goes and green for what comes", () => {
    const web = { origins: [A] };
    expect(printed({ pools: { web, old: web } }, { pools: { web } }, MARKED)).toBe("<red:- pool old>");
    expect(printed({ pools: { web } }, { pools: { web: { ...web, slow_start: 1 } } }, MARKED)).toBe(
      "~ pool web\n    <green:+ slow_start: 1>",
    );
  });

  it("does not take a secret that is shown masked for another one", () => {
    const web = { origins: [A], notify_url: "https://hooks.example.com/x" };
    const checked = { ...web, health_check: { path: "/?k=1", headers: { authorization: "secret" } } };
    const seen = (document: object) => stored({ pools: { web: maskSecrets("", document) } });
    expect(changes({ pools: { web: checked } }, seen(checked))).toEqual([]);
    expect(changes({ pools: { web } }, seen(web))).toEqual([]);
    const [added] = changes({ pools: { web: checked } }, seen(web));
    expect(added?.text, "what is pushed is what was written").toBe(JSON.stringify(checked));
    expect(
      printed(
        { pools: { web: checked } },
        { pools: { web: { ...checked, notify_url: "https://b.example/" } } },
      ),
    ).toBe('~ pool web\n    ~ notify_url: "https://hooks.example.com/***" -> "https://b.example/***"');
  });

  it("shows no secret of routes, and says where one became another", () => {
    const canary = (secret: string, host = "a.test") => ({
      host,
      where: { query: { force: secret } },
      request_headers: { set: { "x-key": secret } },
      pool: "web",
    });
    const pools = { web: { origins: [A] } };
    const last = { pool: "web" };
    const shown =
      '{"host":"a.test","pool":"web","request_headers":{"set":{"x-key":"***"}},"where":{"query":{"force":"***"}}}';
    expect(printed({ routes: [last], pools }, { routes: [canary("s3cret"), last], pools })).toBe(
      `~ routes\n    + 1  ${shown}\n      2  {"pool":"web"}`,
    );
    expect(printed({ routes: [canary("s3cret")], pools }, { routes: [canary("s3cret2")], pools })).toBe(
      `~ routes\n    - 1  ${shown}\n    + 1  ${shown}: another secret`,
    );
    expect(printed({ routes: [canary("s3cret")], pools }, { pools })).toBe(`- routes\n    - 1  ${shown}`);
  });

  it("does not take secrets of routes that are shown masked for others", () => {
    const routes = [{ where: { cookies: { canary: "s3cret" } }, pool: "web" }, { pool: "web" }];
    const there: StoredDocuments = new Map([
      ["routes", { text: JSON.stringify(maskSecrets("", routes)), version: 1, problem: null }],
    ]);
    expect(changes({ routes }, there)).toEqual([]);
    const [more] = changes({ routes: [{ host: "a.test", pool: "web" }, ...routes] }, there);
    expect(more && describeChange(more, PLAIN)).toEqual([
      "~ routes",
      '    + 1  {"host":"a.test","pool":"web"}',
      '      2  {"pool":"web","where":{"cookies":{"canary":"***"}}}',
    ]);
  });

  it("shows no secret", () => {
    const pool = (secret: string) => ({
      origins: [A],
      health_check: { path: "/", headers: { authorization: secret, "x.y": secret } },
      notify_url: `https://hooks.example.com/${secret}`,
    });
    const web = { origins: [A] };
    const texts = [
      printed({ pools: { web: pool("s3cret") } }, { pools: { web: pool("s3cret2") } }),
      printed({ pools: { web: pool("s3cret") } }, { pools: { web } }),
      printed({ pools: { web } }, { pools: { web, new: pool("s3cret") } }),
    ];
    for (const text of texts) expect(text).not.toContain("s3cret");
    expect(texts[0]).toContain("~ health_check.headers.authorization: another secret");
    expect(texts[1]).toContain('- health_check: {"path":"/","headers":{"authorization":"***","x.y":"***"}}');
    expect(texts[2]).toContain('+ notify_url: "https://hooks.example.com/***"');
  });
});
