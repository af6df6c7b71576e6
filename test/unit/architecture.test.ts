import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../../src");

/** What each room may import from, itself aside. Roles never import one another. */
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

const PACKAGES: Record<string, readonly string[]> = {
  config: ["zod"],
  platform: ["zod"],
  pool: ["cloudflare:workers", "cloudflare:sockets", "zod"],
  edge: [],
  admin: ["hono", "zod", "jose"],
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

function roomOf(file: string): string {
  const [room = "", inner = ""] = relative(SRC, file).split("/");
  return `${room}/${inner}` in ALLOWED ? `${room}/${inner}` : room;
}

/** Every import of `text`, taken as the content of `file`, that the layout forbids. */
function forbidden(file: string, text: string): string[] {
  const room = roomOf(file);
  return imports(file, text)
    .filter(({ specifier, target }) => {
      if (target !== null) return roomOf(target) !== room && !(ALLOWED[room] ?? []).includes(roomOf(target));
      return !(PACKAGES[room] ?? []).some((name) => specifier === name || specifier.startsWith(`${name}/`));
    })
    .map(({ specifier }) => `${relative(SRC, file)} imports ${specifier}`);
}

describe("the layout of src", () => {
  it("has only the rooms of the design", () => {
    const rooms = new Set(sources(SRC).map(roomOf));
    for (const room of rooms)
      expect(Object.keys(ALLOWED), `${room} is no room of the design`).toContain(room);
  });

  it("has no forbidden arrow", () => {
    expect(sources(SRC).flatMap((file) => forbidden(file, readFileSync(file, "utf8")))).toEqual([]);
  });

  it("would notice a forbidden arrow, in each way one can be written", () => {
    const file = join(SRC, "core/server.ts");
    expect(forbidden(file, 'import type { A } from "../config/schema.ts";')).toHaveLength(1);
    expect(forbidden(file, 'export {\n  a,\n  b,\n} from "../edge/proxy.ts";')).toHaveLength(1);
    expect(forbidden(file, 'const a = await import("zod");')).toHaveLength(1);
    expect(
      forbidden(join(SRC, "edge/proxy.ts"), 'import { A } from "../pool/upstream-pool.ts";'),
    ).toHaveLength(1);
    expect(forbidden(join(SRC, "edge/proxy.ts"), 'import { a } from "../core/server.ts";')).toEqual([]);
    const part = join(SRC, "admin/dashboard/parts/mark.tsx");
    expect(forbidden(part, 'import { Problem } from "../../problems.ts";')).toHaveLength(1);
    expect(forbidden(part, 'import { Hono } from "hono";')).toHaveLength(1);
    expect(forbidden(join(SRC, "admin/door.ts"), 'import { App } from "./dashboard/app.tsx";')).toHaveLength(
      1,
    );
  });

  it("lets only index.ts import the object's class", () => {
    const importers = sources(SRC).filter((file) =>
      imports(file, readFileSync(file, "utf8")).some(({ specifier }) =>
        specifier.endsWith("/upstream-pool.ts"),
      ),
    );
    expect(importers.map((file) => relative(SRC, file))).toEqual(["index.ts"]);
  });

  it("keeps the system's clock and randomness out of core, but for the one file of defaults", () => {
    const users = sources(join(SRC, "core")).filter((file) =>
      /\bDate\.now\b|\bMath\.random\b|\bperformance\.now\b|\bnew Date\(\)/.test(readFileSync(file, "utf8")),
    );
    expect(users.map((file) => relative(SRC, file))).toEqual(["core/system.ts"]);
  });
});
