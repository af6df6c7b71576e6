/**
 * `npm run schema`: writes `schema/config.schema.json` and `docs/configuration.md` from the configuration's schema.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configJsonSchema, configReference } from "./lib/config-reference.ts";

const root = new URL("../", import.meta.url);
const schemaFile = fileURLToPath(new URL("schema/config.schema.json", root));
const referenceFile = fileURLToPath(new URL("docs/configuration.md", root));

mkdirSync(new URL("schema/", root), { recursive: true });
writeFileSync(schemaFile, JSON.stringify(configJsonSchema()));
writeFileSync(referenceFile, configReference());
// In the repository's own format, so that the lint gate has nothing to say about generated files.
const biome = fileURLToPath(new URL("node_modules/.bin/biome", root));
execFileSync(biome, ["format", "--write", schemaFile, referenceFile]);
console.log(`${schemaFile}\n${referenceFile}`);
