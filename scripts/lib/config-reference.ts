/**
 * Makes the published descriptions of the configuration, its JSON Schema and its reference page, from the schema that
 * validates configurations.
 * @module
 */
import * as z from "zod";
import { configFileSchema } from "../../src/config/schema.ts";

type Schema = z.core.JSONSchema.JSONSchema;

/** JSON Schema (draft 2020-12) of a configuration file, in which fields with defaults may be left out. */
export function configJsonSchema(): Schema {
  const schema = z.toJSONSchema(configFileSchema, { io: "input", target: "draft-2020-12" });
  return { title: "Edge balancer configuration", ...schema };
}

/** The reference page, as Markdown. */
export function configReference(): string {
  return [INTRODUCTION, ...sections("", configJsonSchema())].join("\n");
}

const INTRODUCTION = `<!-- Made by \`npm run schema\` from src/config/. Do not edit. -->
# Configuration

A file contains routes and pools. In KV each is a document of its own: the routes under the key \`routes\`, a pool under
\`pool:<id>\`. Comments and trailing commas are allowed in files. Unknown keys are errors. Times are in seconds,
fractions allowed. Ids are 1 to 63 lower-case letters, digits, \`_\` or \`-\`, the first a letter or a digit.

Examples: [simple](../examples/simple.jsonc), [canary](../examples/canary.jsonc),
[everything](../examples/everything.jsonc). \`npm run pools -- check FILE\` reports the errors of a file.
For completion in an editor, set \`"$schema"\` to [schema/config.schema.json](../schema/config.schema.json).
`;

/** A section for the object at `path`, and one for each object below it. */
function sections(path: string, schema: Schema): string[] {
  const properties = Object.entries(schema.properties ?? {}).filter(hasSchema);
  const rows = properties.map(([field, property]) => {
    const fallback = schema.required?.includes(field) === true ? "required" : defaultOf(property);
    return `| \`${field}\` | ${typeOf(property)} | ${fallback} | ${property.description ?? ""} |`;
  });
  const head = ["| field | type and range | default | meaning |", "| --- | --- | --- | --- |"];
  const own = [`## ${path === "" ? "The file" : `\`${path}\``}`, "", ...head, ...rows, ""].join("\n");
  const below = properties.flatMap(([field, property]) =>
    sectionsIn(path === "" ? field : `${path}.${field}`, property),
  );
  return [own, ...below];
}

/** The sections for the objects that a field holds: itself, the items of a list, the values of a map. */
function sectionsIn(path: string, schema: Schema): string[] {
  return variantsOf(schema).flatMap((variant) => {
    if (variant.properties !== undefined) return sections(path, variant);
    if (isSchema(variant.items)) return sectionsIn(`${path}[]`, variant.items);
    if (isSchema(variant.additionalProperties))
      return sectionsIn(`${path}.<id>`, variant.additionalProperties);
    return [];
  });
}

function typeOf(schema: Schema): string {
  const types = variantsOf(schema).map(variantType);
  return types.at(-1) === "null" ? `${types.slice(0, -1).join(" or ")}, or null` : types.join(" or ");
}

function variantType(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => code(value)).join(", ");
  if (schema.const !== undefined) return code(schema.const);
  switch (schema.type) {
    case "integer":
      return `whole number ${range(schema.minimum, schema.maximum)}`;
    case "number":
      return `number ${range(schema.minimum, schema.maximum)}`;
    case "boolean":
      return "true or false";
    case "array":
      return listType(schema);
    case "object":
      return "object";
    case "string":
      return "text";
    default:
      return String(schema.type);
  }
}

function listType({ items, minItems, maxItems }: Schema): string {
  const size = `list of ${range(minItems, maxItems)}`;
  if (!isSchema(items)) return size;
  return items.type === "object" ? `${size} objects` : `${size}, each ${typeOf(items)}`;
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  return `${minimum} to ${maximum}`;
}

function defaultOf(schema: Schema): string {
  if (schema.default === undefined) return "";
  const hasOwnDefaults =
    isSchema(schema.default) && variantsOf(schema).some((each) => each.properties !== undefined);
  return hasOwnDefaults ? "its defaults" : code(schema.default);
}

/** `anyOf` and lists of types, flattened. */
function variantsOf(schema: Schema): Schema[] {
  if (schema.anyOf !== undefined) return schema.anyOf.filter(isSchema).flatMap(variantsOf);
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return [schema];
}

function hasSchema(entry: [string, unknown]): entry is [string, Schema] {
  return isSchema(entry[1]);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}
