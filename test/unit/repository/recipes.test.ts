import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { loadConfigText } from "../../../scripts/lib/config-file.ts";

const recipes = readFileSync(new URL("../../../docs/recipes.md", import.meta.url), "utf8");
const blocks = [...recipes.matchAll(/^( *)```jsonc\n([\s\S]*?)^\1```$/gm)].map(([, , text = ""]) => text);

describe("the configurations in docs/recipes.md", () => {
  test("exist", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(3);
  });

  test.each(blocks.map((text, index) => [index + 1, text] as const))(
    "number %i is valid and warns of nothing",
    (_, text) => {
      const loaded = loadConfigText(text, "recipe");
      expect(loaded.ok ? loaded.warnings : loaded.errors).toEqual([]);
    },
  );

  test("are on a page whose links within the page all have a target", () => {
    const anchors = new Set(
      [...recipes.matchAll(/^## (.+)$/gm)].map(([, title = ""]) =>
        title
          .toLowerCase()
          .replace(/[^\w -]/g, "")
          .replaceAll(" ", "-"),
      ),
    );
    for (const [, anchor = ""] of recipes.matchAll(/\]\(#([^)]+)\)/g)) expect([...anchors]).toContain(anchor);
  });
});

describe("the additions to wrangler.toml in docs/recipes.md", () => {
  const toml = readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8");
  const [staging = "", domain = ""] = [...recipes.matchAll(/^```toml\n([\s\S]*?)^```$/gm)].map(
    ([, text = ""]) => text,
  );

  /** As wrangler reads it. */
  function read(text: string, env?: string) {
    const directory = mkdtempSync(join(tmpdir(), "recipes-"));
    try {
      const config = join(directory, "wrangler.toml");
      writeFileSync(config, text);
      return unstable_readConfig(env === undefined ? { config } : { config, env });
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  test("make an environment with all bindings of the Worker itself", () => {
    const bindings = ({ kv_namespaces, durable_objects, migrations, triggers, secrets }: typeof own) => ({
      ...{ kv_namespaces, durable_objects, migrations, triggers, secrets },
    });
    const own = read(toml);
    const other = read(`${toml}\n${staging}`, "staging");
    expect(other.name).toBe("edge-balancer-staging");
    expect(bindings(other)).toEqual(bindings(own));
  });

  test("give the Worker its domain where the recipe says", () => {
    expect(recipes).toContain("near the top of `wrangler.toml`, before `[build]`");
    const { routes, workers_dev } = read(toml.replace("[build]", `${domain}\n[build]`));
    expect(routes).toEqual([{ pattern: "www.example.com", custom_domain: true }]);
    expect(workers_dev).toBe(false);
  });
});
