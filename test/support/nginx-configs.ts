/**
 * Makes small configurations of nginx for tests, and imports them.
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { importNginx } from "../../scripts/lib/import/nginx/index.ts";
import type { FileImportOptions } from "../../scripts/lib/import/origin-url.ts";

export const AS_IT_SAYS: FileImportOptions = { scheme: null, names: new Map(), prefix: null, local: false };
export const TWO = "server a.example.com; server b.example.com;";

/** Imports the first of the files. Places in messages are relative to it. */
export function importing(files: Record<string, string> | string, options: Partial<FileImportOptions> = {}) {
  const root = mkdtempSync(join(tmpdir(), "import-nginx-"));
  try {
    const all = typeof files === "string" ? { "nginx.conf": files } : files;
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    const main = join(root, Object.keys(all)[0] ?? "");
    const prefix = options.prefix == null ? null : join(root, options.prefix);
    const { config, findings } = importNginx([main], { ...AS_IT_SAYS, ...options, prefix });
    const said = findings.all.map(
      ({ kind, at, message }) => `${kind}: ${at.replace(`${root}/`, "")}: ${message}`,
    );
    return { config, said };
  } finally {
    rmSync(root, { recursive: true });
  }
}

export const poolOf = (block: string) => importing(`upstream up { ${block} }`).config.pools.up;

/** The failover of the pool behind a server with `directives`. */
export const failoverOf = (directives: string, servers = TWO) =>
  importing(`upstream up { ${servers} } server { ${directives} location / { proxy_pass http://up; } }`).config
    .pools.up?.failover;

/** A server with `names`, beside a default server that is closed. */
export const serverWith = (locations: string, names = "www.example.com") =>
  importing(`upstream up { ${TWO} } server { return 404; } server { server_name ${names}; ${locations} }`);
