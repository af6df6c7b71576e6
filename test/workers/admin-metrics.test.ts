import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { ENDPOINTS } from "../../src/admin/endpoints/all.ts";
import { Exposition } from "../../src/admin/endpoints/exposition.ts";
import { openApiPath } from "../../src/admin/endpoints/openapi.ts";
import { ask } from "./admin-support.ts";
import { parseExposition } from "./exposition-parser.ts";
import { clock } from "./test-clock.ts";

const [url] = inject("origins");

beforeAll(async () => {
  const origins = [
    { id: "a", url },
    { id: "b", url },
  ];
  await ask("PUT /pools/metered", { body: { origins } });
  await ask("POST /pools/metered/origins/b/drain");
  await ask("PUT /routes", { body: [{ pool: "metered" }] });
});

describe("metrics", () => {
  it("are valid, and say how each origin is", async () => {
    const { status, headers, body } = await ask("GET /metrics");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const samples = parseExposition(body);
    const value = (name: string, labels: object) =>
      samples.find((each) => each.name === name && JSON.stringify(each.labels) === JSON.stringify(labels))
        ?.value;
    expect(value("lb_pool_up", { pool: "metered" })).toBe(1);
    expect(value("lb_pool_config_version", { pool: "metered" })).toBe(1);
    expect(value("lb_pool_config_error", { pool: "metered" })).toBe(0);
    expect(value("lb_origin_healthy", { pool: "metered", origin: "a" })).toBe(1);
    expect(value("lb_origin_draining", { pool: "metered", origin: "a" })).toBe(0);
    expect(value("lb_origin_draining", { pool: "metered", origin: "b" })).toBe(1);
  });

  it("count requests, errors and latency", async () => {
    for (let i = 0; i < 3; i++) await (await exports.default.fetch("http://metered.example/")).text();
    await clock.until(async () => {
      await (await exports.default.fetch("http://metered.example/")).text();
      const counted = parseExposition((await ask("GET /metrics")).body)
        .filter(({ name, labels, value }) => labels.origin === "a" && value > 0 && name.includes("_total"))
        .map(({ name }) => name);
      expect(counted).toContain("lb_origin_requests_total");
    });
    const samples = parseExposition((await ask("GET /metrics")).body);
    const quantiles = samples.filter(
      ({ name, labels }) => name === "lb_origin_latency_seconds" && labels.origin === "a",
    );
    expect(quantiles.map(({ labels }) => labels.quantile)).toEqual(["0.5", "0.9", "0.99"]);
    expect((await ask("GET /pools/metered/stats")).body.requests_per_server.a).toBeGreaterThan(0);
    expect((await ask("GET /pools/metered/history?range=day")).body.step_s).toBe(300);
    expect((await ask("GET /pools/metered/history?range=year")).status).toBe(400);
  });

  it("escape special characters in labels", () => {
    const text = new Exposition();
    text.gauge("x", "back\\slash\nline", { l: 'q"b\\n\n' }, 1);
    expect(parseExposition(text.toString())).toEqual([{ name: "x", labels: { l: 'q"b\\n\n' }, value: 1 }]);
  });
});

describe("the parser of these tests", () => {
  it("refuses what Prometheus refuses", () => {
    const bad = [
      "x 1\n",
      "# TYPE x gauge\nx one\n",
      "# TYPE x gauge\nx{l=v} 1\n",
      "# TYPE x gauge\nx 1",
      "# TYPE x gauge\n# TYPE x gauge\nx 1\n",
      "# TYPE x gauge\nx 1\nx 2\n",
      '# TYPE x gauge\nx 1\n# TYPE y gauge\ny 1\nx{a="b"} 1\n',
      "# TYPE x_total counter\nx_total -1\n",
    ];
    for (const text of bad) expect(() => parseExposition(text), text).toThrow();
  });
});

describe("the OpenAPI document", () => {
  it("has every endpoint, and nothing else", async () => {
    const { status, body } = await ask("GET /openapi.json");
    expect([status, body.openapi]).toEqual([200, "3.1.0"]);
    const documented = Object.entries(body.paths).flatMap(([path, item]) =>
      Object.keys(item as object).map((method) => `${method} ${path}`),
    );
    const served = ENDPOINTS.map(({ method, path }) => `${method} ${openApiPath(path)}`);
    expect(documented.sort()).toEqual(served.sort());
    const ids = Object.values(body.paths).flatMap((item) =>
      Object.values(item as Record<string, { operationId: string }>).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size, "operation ids are unique").toBe(ids.length);
  });

  it("covers the design's list", async () => {
    const { paths } = (await ask("GET /openapi.json")).body;
    const design = {
      "/pools": ["get"],
      "/pools/{pool}": ["get", "put", "delete"],
      "/routes": ["get", "put"],
      "/pools/{pool}/origins": ["post"],
      "/pools/{pool}/origins/{origin}": ["patch", "delete"],
      "/pools/{pool}/origins/{origin}/drain": ["post"],
      "/pools/{pool}/origins/{origin}/undrain": ["post"],
      "/pools/{pool}/stats": ["get"],
      "/pools/{pool}/events": ["get"],
      "/pools/{pool}/history": ["get"],
      "/pools/{pool}/versions": ["get"],
      "/pools/{pool}/check": ["post"],
      "/pools/{pool}/rollback": ["post"],
      "/explain": ["post"],
      "/metrics": ["get"],
    };
    for (const [path, methods] of Object.entries(design)) {
      expect(Object.keys(paths[`/_lb${path}`] ?? {}), path).toEqual(expect.arrayContaining(methods));
    }
  });

  it("says what each parameter, body and answer is", async () => {
    const { paths } = (await ask("GET /openapi.json")).body;
    const put = paths["/_lb/pools/{pool}"].put;
    expect(put.parameters.map(({ name }: { name: string }) => name)).toEqual(["pool", "message", "If-Match"]);
    expect(put.requestBody.content["application/json"].schema.properties.origins.type).toBe("array");
    expect(Object.keys(put.responses)).toEqual(expect.arrayContaining(["200", "201", "401", "412", "422"]));
    const patch = paths["/_lb/pools/{pool}/origins/{origin}"].patch.requestBody.content["application/json"];
    expect(patch.schema.required ?? []).toEqual([]);
    expect(JSON.stringify(patch.schema)).not.toContain('"default"');
  });
});
