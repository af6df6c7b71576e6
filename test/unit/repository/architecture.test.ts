import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../../../src");

/** What each layer may import from, itself aside. Roles never import one another. */
const ALLOWED: Record<string, readonly string[]> = {
  core: [],
  config: ["core"],
  contract: ["core", "config"],
  platform: ["core", "config", "contract"],
  pool: ["core", "config", "contract", "platform"],
  edge: ["core", "config", "contract", "platform"],
  admin: ["core", "config", "contract", "platform"],
  // Runs in the browser: nothing of the Worker, whose code and types are not there.
  "admin/dashboard": ["contract"],
  "index.ts": ["config", "platform", "pool", "edge", "admin"],
};

/** Each folder of a layer, and each file beside them, may import only from those before it. */
const ORDER: Record<string, readonly string[]> = {
  core: [
    "system.ts",
    "own-value.ts",
    "hash",
    "server",
    "cursor",
    "metrics",
    "rate-limit",
    "health",
    "retry",
    "affinity",
    "algorithms",
    "steering",
    "load-balancer.ts",
    "index.ts",
  ],
  pool: [
    "object-clock.ts",
    "storage",
    "config",
    "events",
    "origins",
    "health",
    "leases",
    "status",
    "stats",
    "alarm",
    "admin",
    "routes",
    "routes-link.ts",
    "snapshot-publisher.ts",
    "components.ts",
    "controller.ts",
    "pool-runtime.ts",
    "upstream-pool.ts",
  ],
  edge: [
    "model",
    "location",
    "response",
    "pool",
    "log",
    "steering",
    "sync",
    "tools",
    "forward",
    "worker-surroundings.ts",
    "proxy.ts",
  ],
  admin: ["generated", "http", "auth", "endpoints", "app.ts", "admin.ts"],
};

const PACKAGES: Record<string, readonly string[]> = {
  config: ["zod"],
  platform: ["zod"],
  pool: ["cloudflare:workers", "cloudflare:sockets", "zod"],
  edge: [],
  admin: ["hono", "zod", "jose", "jsonc-parser"],
  "admin/dashboard": ["hono/jsx/dom", "uplot", "jsonc-parser"],
  "index.ts": [],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))
    .map((file) => join(folder, file));
}

function imports(file: string, text: string): { specifier: string; target: string | null }[] {
  const found = text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g);
  return [...found].map((match) => {
    const specifier = match[1] ?? match[2] ?? "";
    return { specifier, target: specifier.startsWith(".") ? resolve(dirname(file), specifier) : null };
  });
}

function layerOf(file: string): string {
  const [layer = "", inner = ""] = relative(SRC, file).split("/");
  return `${layer}/${inner}` in ALLOWED ? `${layer}/${inner}` : layer;
}

/** Every import of `text`, taken as the content of `file`, that the layout forbids. */
function forbidden(file: string, text: string): string[] {
  const layer = layerOf(file);
  return imports(file, text)
    .filter(({ specifier, target }) => {
      if (target !== null)
        return layerOf(target) !== layer && !(ALLOWED[layer] ?? []).includes(layerOf(target));
      return !(PACKAGES[layer] ?? []).some((name) => specifier === name || specifier.startsWith(`${name}/`));
    })
    .map(({ specifier }) => `${relative(SRC, file)} imports ${specifier}`);
}

/** Layer and folder of a file, or its name if it stands beside the folders. */
function partOf(file: string): [layer: string, part: string] {
  const [layer = "", part = ""] = relative(SRC, file).split("/");
  return [layer, part];
}

/** Every import of `text`, taken as the content of `file`, that climbs within its layer. */
function climbing(file: string, text: string): string[] {
  const [layer, part] = partOf(file);
  const order = ORDER[layer];
  if (order === undefined) return [];
  return imports(file, text)
    .filter(({ target }) => target !== null && partOf(target)[0] === layer)
    .filter(({ target }) => order.indexOf(partOf(target ?? "")[1]) > order.indexOf(part))
    .map(({ specifier }) => `${relative(SRC, file)} imports ${specifier}`);
}

/** Files of the layers whose folders have an order; the dashboard's are one program. */
const ordered = () =>
  sources(SRC).filter((file) => partOf(file)[0] in ORDER && layerOf(file) !== "admin/dashboard");

describe("the layout of src", () => {
  it("has only the layers of the design", () => {
    const layers = new Set(sources(SRC).map(layerOf));
    for (const layer of layers)
      expect(Object.keys(ALLOWED), `${layer} is no layer of the design`).toContain(layer);
  });

  it("has no forbidden arrow", () => {
    expect(sources(SRC).flatMap((file) => forbidden(file, readFileSync(file, "utf8")))).toEqual([]);
  });

  it("has only folders that have a place in the list", () => {
    const unknown = ordered()
      .map(partOf)
      .filter(([layer, part]) => !ORDER[layer]?.includes(part))
      .map((place) => place.join("/"));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it("has no arrow from a folder to one that builds on it", () => {
    expect(ordered().flatMap((file) => climbing(file, readFileSync(file, "utf8")))).toEqual([]);
  });

  it("would notice such an arrow", () => {
    const file = join(SRC, "core/server/server.ts");
    expect(climbing(file, 'import { a } from "../algorithms/first.ts";')).toHaveLength(1);
    expect(climbing(file, 'import { a } from "../hash/murmur3.ts";')).toEqual([]);
    expect(climbing(join(SRC, "edge/sync/isolate.ts"), 'export { a } from "../proxy.ts";')).toHaveLength(1);
  });

  it("would notice a forbidden arrow, in each way one can be written", () => {
    const file = join(SRC, "core/server/server.ts");
    expect(forbidden(file, 'import type { A } from "../../config/schema.ts";')).toHaveLength(1);
    expect(forbidden(file, 'export {\n  a,\n  b,\n} from "../../edge/proxy.ts";')).toHaveLength(1);
    expect(forbidden(file, 'const a = await import("zod");')).toHaveLength(1);
    expect(
      forbidden(join(SRC, "edge/proxy.ts"), 'import { A } from "../pool/upstream-pool.ts";'),
    ).toHaveLength(1);
    expect(forbidden(join(SRC, "edge/proxy.ts"), 'import { a } from "../core/server.ts";')).toEqual([]);
    const part = join(SRC, "admin/dashboard/parts/status-icon.tsx");
    expect(forbidden(part, 'import { Problem } from "../../problems.ts";')).toHaveLength(1);
    expect(forbidden(part, 'import { Hono } from "hono";')).toHaveLength(1);
    expect(
      forbidden(join(SRC, "admin/auth/sign-in.ts"), 'import { App } from "../dashboard/app.tsx";'),
    ).toHaveLength(1);
  });

  it("lets only index.ts import the object's class", () => {
    const importers = sources(SRC).filter((file) =>
      imports(file, readFileSync(file, "utf8")).some(({ specifier }) =>
        specifier.endsWith("/upstream-pool.ts"),
      ),
    );
    expect(importers.map((file) => relative(SRC, file))).toEqual(["index.ts"]);
  });

  it("keeps the system's clock and randomness out of core, except in the file of defaults", () => {
    const users = sources(join(SRC, "core")).filter((file) =>
      /\bDate\.now\b|\bMath\.random\b|\bperformance\.now\b|\bnew Date\(\)/.test(readFileSync(file, "utf8")),
    );
    expect(users.map((file) => relative(SRC, file))).toEqual(["core/system.ts"]);
  });

  it("has the edge ask the world through its surroundings alone", () => {
    const world =
      /\bDate\.now\b|\bMath\.random\b|\bscheduler\.|\bcaches\.|platform\/(?:log|object-client|config-source)\.ts"/;
    const users = sources(join(SRC, "edge")).filter((file) => world.test(readFileSync(file, "utf8")));
    expect(users.map((file) => relative(SRC, file))).toEqual(["edge/worker-surroundings.ts"]);
  });
});
