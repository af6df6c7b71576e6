/**
 * Small configurations of nginx, and what an import makes of them.
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { importNginx } from "../../scripts/lib/import/nginx/index.ts";
import type { ImportOptions } from "../../scripts/lib/import/origin-url.ts";

export const AS_IT_SAYS: ImportOptions = { scheme: null, names: new Map(), local: false };
export const TWO = "server a.example.com; server b.example.com;";

/** Imports the first of the files; places in what is said are relative to it. */
export function importing(files: Record<string, string> | string, options: Partial<ImportOptions> = {}) {
  const root = mkdtempSync(join(tmpdir(), "import-nginx-"));
  try {
    const all = typeof files === "string" ? { "nginx.conf": files } : files;
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    const main = join(root, Object.keys(all)[0] ?? "");
    const { config, findings } = importNginx([main], { ...AS_IT_SAYS, ...options });
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

export const serverWith = (locations: string, names = "www.example.com") =>
  importing(`upstream up { ${TWO} } server { server_name ${names}; ${locations} }`);
