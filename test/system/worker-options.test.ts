/** What `npm start` runs the Worker with is what wrangler makes of wrangler.toml and .dev.vars. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { readWorkerOptions, writeWorkerOptions } from "../../scripts/lib/worker-options.ts";
import { temporaryDirectory } from "./support/processes.ts";

const TOML = `name = "odd"
main = "index.js"
compatibility_date = "2026-10-01"
compatibility_flags = ["enable_request_signal"]
[vars]
A = "from the file"
B = "kept"
N = 5
[[kv_namespaces]]
binding = "POOLS"
[[durable_objects.bindings]]
name = "OBJECT"
class_name = "Thing"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Thing"]
[secrets]
required = ["C"]
`;
const LOCAL = `# a comment
A="quoted, with # no comment"
C='single'
D=plain # comment
E=
export F=exported
G="two\\nlines"
`;

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test.each([
  ["without .dev.vars", null],
  ["with .dev.vars", LOCAL],
])("%s", async (_, local) => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "wrangler.toml"), TOML);
  if (local !== null) writeFileSync(join(directory, ".dev.vars"), local);
  await writeWorkerOptions(directory, directory);
  const config = { ...unstable_readConfig({ config: join(directory, "wrangler.toml") }), secrets: undefined };
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  expect(await readWorkerOptions(directory, directory)).toEqual(plain(workerOptions));
});
