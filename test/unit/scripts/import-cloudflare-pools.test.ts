import { describe, expect, it } from "vitest";
import type { ImportOptions } from "../../../scripts/lib/import/origin-url.ts";
import { parseConfigFile } from "../../../src/config/parse.ts";
import { importing, oneOf, said, webOf } from "../../support/cloudflare-exports.ts";

describe("origins", () => {
  it.each([
    [{ port: 0 }, {}, "https://a.example.com"],
    [{ port: 443 }, {}, "https://a.example.com"],
    [{ port: 8443 }, {}, "https://a.example.com:8443"],
    [{ port: 80 }, {}, "http://a.example.com"],
    [{ port: 8080 }, {}, "http://a.example.com:8080"],
    [{ port: 9000 }, {}, "https://a.example.com:9000"],
    [{}, { scheme: "http" }, "http://a.example.com"],
    [{ address: "192.0.2.7" }, { names: new Map([["192.0.2.7", "b.example.com"]]) }, "https://b.example.com"],
    [
      { address: "192.0.2.7", port: 8443 },
      { names: new Map([["192.0.2.7:8443", "b.example.com"]]) },
      "https://b.example.com:8443",
    ],
    [{ address: "2001:db8::7", port: 8443 }, { local: true }, "https://[2001:db8::7]:8443"],
  ] as [object, Partial<ImportOptions>, string][])("%j with %j is at %s", (origin, options, url) => {
    expect(webOf({ origin }, options)?.origins).toEqual([{ id: "a", url }]);
  });

  it.each(["192.0.2.7", "2001:db8::7", "localhost", "intranet", "6ff42ae2-765d.cfargotunnel.com"])(
    "switches %s off, which no Worker can fetch, and says so",
    (address) => {
      const { config, findings } = importing(oneOf({ origin: { address } }));
      expect(config.pools.web?.origins).toEqual([
        { id: "a", url: expect.stringMatching(/^https:\/\/[a-z0-9-]+\.invalid$/), enabled: false },
      ]);
      expect(said(findings, "pools[web].origins[a].address")).toEqual([
        expect.stringMatching(`^todo: ${address} .*--name ${address}=HOSTNAME`),
      ]);
      expect(parseConfigFile(config)).toMatchObject({ ok: true });
    },
  );

  it.each([
    [
      [0.6, 0.4],
      [3, 2],
    ],
    [
      [1, 1],
      [undefined, undefined],
    ],
    [
      [0.01, 1],
      [undefined, 100],
    ],
    [
      [0, 0.5],
      [0, undefined],
    ],
    [
      [0.25, 0.5, 0.75],
      [undefined, 2, 3],
    ],
  ])("weights %j become %j", (weights, expected) => {
    const origins = weights.map((weight, i) => ({ name: `o${i}`, address: `o${i}.example.com`, weight }));
    expect(webOf({ pool: { origins } })?.origins.map(({ weight }) => weight)).toEqual(expected);
  });

  it("gives origins of the same name ids that differ", () => {
    const origins = ["x", "X", "x!"].map((name, i) => ({ name, address: `o${i}.example.com` }));
    const { config, findings } = importing(oneOf({ pool: { origins } }));
    expect(config.pools.web?.origins.map(({ id }) => id)).toEqual(["x", "x-2", "x-3"]);
    expect(said(findings, "origins[X].name")).toEqual(["changed: is called x-2 here"]);
  });

  it("reports a Host that is not the name in the url, and a field that it does not know", () => {
    const origin = { header: { Host: ["www.example.com"] }, brand_new: { on: true } };
    const { findings } = importing(oneOf({ origin }));
    expect(said(findings, "origins[a].header")).toEqual([
      "todo: Host www.example.com is not sent: an origin is asked by the name in its url, which it must serve",
    ]);
    expect(said(findings, "origins[a].brand_new")).toEqual([
      "todo: is not known here, and is left out: see whether requests depend on it",
    ]);
  });
});

describe("pools", () => {
  it.each([
    [undefined, "random"],
    ["", "random"],
    ["random", "random"],
    ["hash", "consistent_hash"],
    ["least_connections", "least_connections"],
    ["least_outstanding_requests", "least_connections"],
    ["something_new", "random"],
  ])("origin steering %j becomes %s", (policy, algorithm) => {
    expect(webOf({ pool: { origin_steering: { policy } } })?.algorithm).toBe(algorithm);
  });

  it("a pool that is off has all origins off", () => {
    expect(webOf({ pool: { enabled: false } })?.origins[0]?.enabled).toBe(false);
  });

  it.each<[pool: object, expected: object]>([
    [{ minimum_origins: 1 }, {}],
    [{ minimum_origins: 3 }, { minimum_origins: 3 }],
    [{ latitude: 50.11, longitude: 8.68 }, { location: { latitude: 50.11, longitude: 8.68 } }],
    [{ latitude: 0, longitude: 0 }, {}],
    [{ latitude: null, longitude: null }, {}],
    [{ load_shedding: { default_percent: 25, default_policy: "hash" } }, { shed_percent: 25 }],
    [{ load_shedding: { session_percent: 5, session_policy: "hash" } }, { shed_sessions_percent: 5 }],
    [{ load_shedding: { default_percent: 0 } }, {}],
  ])("%j becomes %j, for routes with several pools", (pool, expected) => {
    const { origins: _, algorithm: __, ...rest } = webOf({ pool }) ?? { origins: [] };
    expect(rest).toEqual(expected);
  });
});

describe("monitors", () => {
  it.each([
    [
      "interval and retries",
      { type: "https", interval: 60, retries: 2 },
      { interval: 20, unhealthy_threshold: 3 },
    ],
    ["no retries", { type: "https", interval: 30, retries: 0 }, { interval: 30, unhealthy_threshold: 1 }],
    [
      "rise and fall",
      { type: "https", consecutive_up: 3, consecutive_down: 4, retries: 1 },
      { healthy_threshold: 3, unhealthy_threshold: 8, interval: 30 },
    ],
    [
      "method and path",
      { type: "https", method: "HEAD", path: "/ok?x=1" },
      { method: "HEAD", path: "/ok?x=1" },
    ],
    ["a path without a slash", { type: "https", path: "ok" }, { path: "/ok" }],
    ["codes", { type: "https", expected_codes: "200-299,304" }, { expected_codes: "200-299,304" }],
    ["no codes", { type: "https", expected_codes: "" }, { expected_codes: "200" }],
    ["body", { type: "https", expected_body: "alive" }, { expected_body: "alive" }],
    [
      "headers but Host",
      { type: "https", header: { Host: ["x"], "X-A": ["1", "2"] } },
      { headers: { "X-A": "1, 2" } },
    ],
    ["redirects", { type: "https", follow_redirects: true }, { follow_redirects: true }],
    ["its own port", { type: "https", port: 8443 }, { port: 8443 }],
    ["tcp", { type: "tcp", port: 22, method: "connection_established" }, { type: "tcp", port: 22 }],
  ])("%s", (_what, monitor, expected) => {
    expect(webOf({ monitor })?.health_check).toMatchObject(expected);
  });

  it("loses the body that an answer to HEAD does not have", () => {
    const monitor = { type: "https", method: "HEAD", expected_body: "alive" };
    expect(webOf({ monitor })?.health_check).not.toHaveProperty("expected_body");
  });

  it("leaves a port out that is the origin's own", () => {
    expect(webOf({ monitor: { type: "https", port: 443 } })?.health_check).not.toHaveProperty("port");
  });

  it("probes by the origin's scheme, not at a port that speaks another one", () => {
    const { config, findings } = importing(oneOf({ monitor: { type: "http", port: 8081 } }));
    expect(config.pools.web?.health_check).not.toHaveProperty("port");
    expect(said(findings, "monitors[m].type")).toEqual([
      "changed: pool web is probed by https, as its traffic goes, at the origin's own port instead of 8081",
    ]);
  });

  it.each([
    ["icmp_ping", "todo: origins cannot be checked by icmp_ping: no health check for pool web"],
    ["smtp", "todo: origins cannot be checked by smtp: no health check for pool web"],
  ])("%s has no counterpart", (type, message) => {
    const { config, findings } = importing(oneOf({ monitor: { type } }));
    expect(config.pools.web?.health_check).toBeUndefined();
    expect(said(findings, "monitors[m].type")).toEqual([message]);
  });

  it("says that a monitor is not in the export", () => {
    const { findings } = importing(oneOf({ pool: { monitor: "gone" } }));
    expect(said(findings, "pools[web].monitor")).toEqual([
      "todo: monitor gone is not in the export: the pool has no health check",
    ]);
  });
});
