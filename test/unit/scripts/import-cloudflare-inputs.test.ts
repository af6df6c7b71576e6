/** Inputs as people have them, one file for each kind. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importCloudflare } from "../../../scripts/lib/import/cloudflare/index.ts";
import { AS_IT_HINTS } from "../../support/cloudflare-exports.ts";
import { destination } from "../../support/destinations.ts";
import type { Asking } from "../../support/where-request.ts";

function importing(...files: string[]) {
  const sources = files.map((name) => ({
    name,
    text: readFileSync(new URL(`../fixtures/import/inputs/${name}`, import.meta.url), "utf8"),
  }));
  const { config, findings } = importCloudflare(sources, AS_IT_HINTS);
  const said = (kind: string) =>
    findings.all.filter((each) => each.kind === kind).map(({ at, message }) => `${at}: ${message}`);
  return { config, todo: said("todo"), changed: said("changed"), left: said("left") };
}

const from = (cf: object): Asking => ({ cf });

describe("where requests go", () => {
  it.each<[file: string, url: string, asked: Asking, expected: string]>([
    ["terraform-show-v4.json", "www.example.com/api/x", {}, "us"],
    ["terraform-show-v4.json", "www.example.com/api", {}, "eu > us-2"],
    ["terraform-show-v4.json", "www.example.com/x", {}, "eu > us-2"],
    ["terraform-show-v4.json", "other.example.com/", {}, "404"],
    ["terraform-show-v5.json", "www.example.com/x", {}, "web"],
    ["rule-conditions.json", "www.example.com/docs/x", {}, "docs"],
    ["rule-conditions.json", "www.example.com/help", {}, "docs"],
    ["rule-conditions.json", "www.example.com/v2", {}, "old"],
    ["rule-conditions.json", "www.example.com/v2", { method: "POST" }, "web"],
    ["rule-conditions.json", "www.example.com/x", {}, "web"],
    ["maintenance-page.json", "www.example.com/x", {}, "503"],
    ["geo.json", "www.example.com/", from({ country: "JP" }), "asia > us"],
    ["geo.json", "www.example.com/", from({ country: "JP", colo: "LAX" }), "us"],
    ["geo.json", "www.example.com/", from({ country: "FR" }), "eu > us"],
    ["geo.json", "www.example.com/", from({ country: "US", regionCode: "CA" }), "us > eu"],
    ["geo.json", "www.example.com/", from({ country: "SG" }), "asia > us"],
    ["geo.json", "www.example.com/", from({ country: "BR" }), "eu > us > asia > us"],
    ["fallback-is-the-first-pool.json", "www.example.com/", {}, "main > spare"],
    ["wildcard-and-names.json", "example.com/", {}, "web-pool-eu-2"],
    ["wildcard-and-names.json", "a.example.com/", {}, "web-pool-eu"],
    ["same-pool-with-and-without-affinity.json", "a.example.com/", {}, "web"],
    ["same-pool-with-and-without-affinity.json", "b.example.com/", {}, "web-2"],
  ])("%s: %s %j: %s", (file, url, asked, expected) => {
    expect(destination(importing(file).config, url, asked)).toBe(expected);
  });
});

describe("pools", () => {
  it("of a state of provider v4 have algorithm, weights, sessions, drain and checks", () => {
    const { pools } = importing("terraform-show-v4.json").config;
    expect(pools.eu).toEqual({
      algorithm: "least_connections",
      sticky: { method: "cookie", ttl: 1_800 },
      drain_timeout: 60,
      origins: [
        { id: "eu-1", url: "https://eu1.example.com", weight: 3 },
        { id: "eu-2", url: "https://eu2.example.com" },
      ],
      health_check: {
        path: "/health",
        expected_codes: "2xx",
        interval: 20,
        timeout: 5,
        healthy_threshold: 1,
        unhealthy_threshold: 3,
      },
    });
    expect(pools["us-2"]?.panic_threshold).toBe(0.01);
  });

  it("have the times of their monitors", () => {
    const { pools } = importing("monitor-times.json").config;
    expect(pools.web?.health_check).toMatchObject({
      interval: 2,
      unhealthy_threshold: 12,
      healthy_threshold: 3,
      port: 8_443,
    });
    expect(pools.tcp?.health_check).toMatchObject({ type: "tcp", port: 25 });
    expect(pools.ping?.health_check).toBeUndefined();
  });

  it("serve as the last resort whatever their health, also if they are the first as well", () => {
    const { pools } = importing("fallback-is-the-first-pool.json").config;
    expect(pools.main?.panic_threshold).toBe(0.01);
    expect(pools.spare?.panic_threshold).toBeUndefined();
  });
});

describe("what needs a hand", () => {
  it.each([
    ["terraform-show-v4.json", /:68:27: .*origins\[eu-1\]\.header: Host www\.example\.com is not sent/],
    ["rule-conditions.json", /rules\[a\]: no route has the condition/],
    ["rule-conditions.json", /rules\[b\]: no route has the condition/],
    ["rule-conditions.json", /rules\[c\]: .*paths such as \/docsx went there too/],
    ["maintenance-page.json", /rules\[maintenance\]: every request to www\.example\.com gets this fixed/],
    ["first-page-of-many.json", /:35:18: result_info: 2 of 37: give the other pages/],
    ["monitor-times.json", /pool ping/],
  ])("%s: %s", (file, words) => {
    expect(importing(file).todo.filter((line) => words.test(line))).toHaveLength(1);
  });

  it.each(["geo.json", "wildcard-and-names.json", "fallback-is-the-first-pool.json"])(
    "%s: nothing",
    (file) => {
      expect(importing(file).todo).toEqual([]);
    },
  );
});

it("says that a list by place is not used where steering is not geo", () => {
  expect(importing("terraform-show-v4.json").left).toContainEqual(
    expect.stringContaining("region_pools: is not used there: steering is not geo"),
  );
});

it("refuses Terraform's HCL, and says how to make JSON of it", () => {
  expect(() => importing("terraform.tf.conf")).toThrow(
    /^terraform\.tf\.conf: this is Terraform's HCL, .* `terraform show -json > state\.json`/,
  );
});
