import { readdirSync, readFileSync } from "node:fs";
import { parse } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { loadConfigFile, loadConfigText } from "../../../scripts/lib/config-file.ts";
import { configJsonSchema, configReference } from "../../../scripts/lib/config-reference.ts";
import { parseRoutes } from "../../../src/config/parse.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

describe("the generated file is up to date (if not, run npm run schema):", () => {
  it("schema/config.schema.json", () => {
    expect(JSON.parse(read("schema/config.schema.json"))).toEqual(
      JSON.parse(JSON.stringify(configJsonSchema())),
    );
  });

  it("docs/configuration.md", () => {
    // The formatter pads the tables.
    const unpadded = (text: string) => text.replace(/ +/g, " ").replace(/-{3,}/g, "---").trim();
    expect(unpadded(read("docs/configuration.md"))).toBe(unpadded(configReference()));
  });
});

describe("the reference page", () => {
  const rows = configReference().match(/^\| `.*$/gm) ?? [];

  it("states the type and the meaning of every field", () => {
    const cells = rows.map((row) => row.split(" | "));
    expect(cells.filter(([, type, , meaning]) => !type || !meaning || meaning === "|")).toEqual([]);
  });

  it("has the fields of the schema and no more", () => {
    const fields = rows.map((row) => /`([^`]+)`/.exec(row)?.[1]);
    expect(fields.sort()).toEqual(
      fieldsOf(configJsonSchema())
        .map((path) => path.at(-1))
        .sort(),
    );
  });
});

describe("what pages show can be copied:", () => {
  /** Blocks of configuration in a page, with their lines. */
  const blocksIn = (page: string) =>
    [...read(page).matchAll(/^```jsonc\n([\s\S]*?)^```/gm)].map(({ index, 1: text = "" }) => ({
      at: `${page}:${read(page).slice(0, index).split("\n").length}`,
      text,
    }));
  const pages = ["README.md", "docs/recipes.md", "docs/routing.md"];
  const blocks = pages.flatMap(blocksIn);

  it.each(blocks.filter(({ text }) => text.includes('"pools": {')))("$at, a whole file", ({ at, text }) => {
    expect(loadConfigText(text, at)).toMatchObject({ ok: true, warnings: [] });
  });

  it.each(blocksIn("docs/routing.md"))("$at, routes or a part of one", ({ text }) => {
    const isList = text.startsWith("{ ");
    const shown = parse(isList ? `[${text}]` : text.startsWith("{") ? text : `{${text}}`);
    const routes = isList ? shown : (shown.routes ?? [{ pool: "web", ...shown }]);
    expect(parseRoutes(routes)).toMatchObject({ ok: true });
  });
});

describe("examples", () => {
  const files = readdirSync(new URL("../../../examples/", import.meta.url)).filter((name) =>
    name.endsWith(".jsonc"),
  );

  it("exist", () => {
    expect(files).toEqual(expect.arrayContaining(["simple.jsonc", "canary.jsonc", "everything.jsonc"]));
  });

  it.each(files)("%s is valid", async (name) => {
    expect(await loadConfigFile(`examples/${name}`)).toMatchObject({ ok: true });
  });

  it("everything.jsonc sets every field", () => {
    const document: unknown = parse(read("examples/everything.jsonc"));
    const missing = fieldsOf(configJsonSchema()).filter((path) => !holds(document, path));
    expect(missing.map((path) => path.join("."))).toEqual([]);
  });
});

type Schema = ReturnType<typeof configJsonSchema>;

/** The path of every field; `*` stands for any item of a list and any value of a map. */
function fieldsOf(schema: Schema, path: string[] = []): string[][] {
  const variants = (schema.anyOf ?? [schema]) as Schema[];
  return variants.flatMap((variant) => {
    const below = [variant.items, variant.additionalProperties].filter((each) => typeof each === "object");
    return [
      ...Object.entries(variant.properties ?? {}).flatMap(([key, property]) => [
        [...path, key],
        ...fieldsOf(property as Schema, [...path, key]),
      ]),
      ...below.flatMap((each) => fieldsOf(each as Schema, [...path, "*"])),
    ];
  });
}

function holds(value: unknown, [step, ...rest]: string[]): boolean {
  if (step === undefined) return value !== undefined;
  if (typeof value !== "object" || value === null) return false;
  if (step === "*") return Object.values(value).some((each) => holds(each, rest));
  return holds((value as Record<string, unknown>)[step], rest);
}
