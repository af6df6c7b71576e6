import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importCloudflare } from "../../../scripts/lib/import/cloudflare/index.ts";
import { parseConfigFile } from "../../../src/config/parse.ts";
import { AS_IT_HINTS, importing, said } from "../../support/cloudflare-exports.ts";

describe("a whole export in three files", () => {
  const sources = ["pools", "monitors", "load-balancers"].map((kind) => {
    const name = `cloudflare-${kind}.json`;
    return { name, text: readFileSync(new URL(`../fixtures/import/${name}`, import.meta.url), "utf8") };
  });
  const { config, findings } = importCloudflare(sources, AS_IT_HINTS);

  it("becomes the expected configuration, which is valid", () => {
    const expected: unknown = JSON.parse(
      readFileSync(new URL("../fixtures/import/cloudflare.expected.json", import.meta.url), "utf8"),
    );
    expect(config).toEqual(expected);
    expect(parseConfigFile(config)).toMatchObject({ ok: true });
  });

  it("keeps the order of pools and origins, and puts exact hosts before wildcards", () => {
    expect(Object.keys(config.pools)).toEqual([
      "web-eu",
      "web-eu-2",
      "web_us",
      "web_us-2",
      "static",
      "static-2",
      "legacy",
    ]);
    expect(config.pools["web-eu"]?.origins.map(({ id }) => id)).toEqual([
      "fra-1",
      "fra-2",
      "fra-3-spare",
      "fra-4",
    ]);
    expect(config.routes?.map(({ host }) => host)).toEqual([
      "www.shop.example",
      "www.shop.example",
      "www.shop.example",
      "canary.shop.example",
      "*.shop.example",
    ]);
  });

  it.each([
    ["todo", "cloudflare-pools.json", "pools[web-eu].origins[FRA 3 (spare)].address"],
    ["left", "cloudflare-pools.json", "pools[web-eu].check_regions"],
    ["left", "cloudflare-pools.json", "pools[web-eu].notification_email"],
    ["todo", "cloudflare-pools.json", "pools[legacy].origins[old].virtual_network_id"],
    ["changed", "cloudflare-load-balancers.json", "load_balancers[www.shop.example].region_pools"],
    ["todo", "cloudflare-load-balancers.json", "load_balancers[www.shop.example].rules[checkout to the US]"],
    ["left", "cloudflare-monitors.json", "monitors[12ab12ab12ab12ab12ab12ab12ab12ab]"],
    ["changed", "cloudflare-monitors.json", "monitors[a1d2c3b4e5f60718293a4b5c6d7e8f90].retries"],
  ])("says %s: %s: %s", (kind, file, path) => {
    const about = findings.all.filter(({ at }) => at.startsWith(`${file}:`) && at.endsWith(`: ${path}`));
    expect(about).toMatchObject([{ kind }]);
  });

  it("says nothing about fields that are empty or switched off", () => {
    const places = findings.all.map(({ at }) => at).join("\n");
    expect(places).not.toMatch(/pools\[Web_US\]\.(check_regions|notification|load_shedding)/);
    expect(places).not.toMatch(/monitors\[ffee/);
  });
});

it("says where in the file", () => {
  const text = [
    '{"result": [',
    '  {"id": "p", "name": "web", "origins": [{"name": "a", "address": "a.example.com"}],',
    '    "check_regions": ["WEU"]}]}',
  ].join("\n");
  const { findings } = importCloudflare([{ name: "x/cf.json", text }], AS_IT_HINTS);
  expect(findings.all.map(({ at }) => at)).toContain("x/cf.json:3:22: pools[web].check_regions");
});

describe("the forms in which an export may come", () => {
  const pool = { id: "p", name: "web", origins: [{ name: "a", address: "a.example.com" }] };
  it.each([
    ["an answer of the API", { result: [pool], success: true }],
    ["an answer with a single pool", { result: pool, success: true }],
    ["a bare list", [pool]],
    ["one object", { pools: [pool] }],
    ["answers in one object", { pools: { result: [pool], success: true }, monitors: { result: null } }],
  ])("%s", (_form, document) => {
    expect(Object.keys(importing(document).config.pools)).toEqual(["web"]);
  });

  it("takes a pool that stands in two files once", () => {
    const source = { name: "cf.json", text: JSON.stringify([pool]) };
    expect(Object.keys(importCloudflare([source, source], AS_IT_HINTS).config.pools)).toEqual(["web"]);
  });

  const page = (number: number, info: object) => ({
    result: [{ ...pool, id: `p${number}`, name: `web-${number}` }],
    result_info: { page: number, ...info },
  });
  it.each([
    ["by their number", { total_pages: 2 }, "this is page 1 of 2: give the other pages as further files"],
    ["by the number of things", { total_count: 2 }, "1 of 2: give the other pages as further files"],
  ])("says that pages are missing, %s, and nothing if all are given", (_how, info, words) => {
    const asked = (...pages: object[]) => {
      const sources = pages.map((each) => ({ name: "cf.json", text: JSON.stringify(each) }));
      return said(importCloudflare(sources, AS_IT_HINTS).findings.all, "result_info");
    };
    expect(asked(page(1, info))).toEqual([`todo: ${words}`]);
    expect(asked(page(1, info), page(2, info))).toEqual([]);
  });

  it.each([
    ["{", "cf.json:1:2: not valid JSON"],
    [
      '{"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]}',
      "Authentication error",
    ],
    ['[{"hello": 1}]', "cf.json:1:2: neither a pool"],
    ['{"pools": []}', "there are no pools"],
    [
      '[{"id": "p", "name": "web", "origins": [{"address": 7}]}]',
      "origins[0].address: must be a text, found 7",
    ],
  ])("refuses %s", (text, message) => {
    expect(() => importCloudflare([{ name: "cf.json", text }], AS_IT_HINTS)).toThrow(message);
  });
});
