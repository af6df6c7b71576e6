/**
 * Small configurations of HAProxy, and what an import makes of them.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importHaproxy } from "../../scripts/lib/import/haproxy/index.ts";
import type { FileImportOptions } from "../../scripts/lib/import/origin-url.ts";

const AS_IT_SAYS: FileImportOptions = { scheme: null, names: new Map(), prefix: null, local: false };

/** Imports the first of the files; places in what is said are relative to it. */
export function importing(files: Record<string, string> | string, options: Partial<FileImportOptions> = {}) {
  const root = mkdtempSync(join(tmpdir(), "import-haproxy-"));
  try {
    const all = typeof files === "string" ? { "haproxy.cfg": files } : files;
    for (const [name, text] of Object.entries(all)) writeFileSync(join(root, name), text);
    const main = join(root, Object.keys(all)[0] ?? "");
    const { config, findings } = importHaproxy([main], { ...AS_IT_SAYS, ...options });
    const said = findings.all.map(
      ({ kind, at, message }) => `${kind}: ${at.replace(`${root}/`, "")}: ${message}`,
    );
    return { config, said, todo: said.filter((line) => line.startsWith("todo")) };
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(`${root}/`, "");
    throw error;
  } finally {
    rmSync(root, { recursive: true });
  }
}

const SERVER = (name: string) => `backend ${name}\n server ${name} ${name}.example.com:80\n`;

/** A frontend with `lines`, and backends a, b and c of which a is the default. */
export const frontend = (lines: string, files: Record<string, string> = {}) =>
  importing({
    "haproxy.cfg": `defaults
 mode http
 timeout server 10s
frontend www
 bind :443 ssl crt x.pem
 ${lines.trim().replaceAll("\n", "\n ")}
 default_backend a
${["a", "b", "c"].map(SERVER).join("")}`,
    ...files,
  });

/** The pool of a backend with `lines`. */
export const backend = (lines: string) => {
  const { config, said, todo } = importing(`defaults
 mode http
 timeout server 10s
backend up
 ${lines.trim().replaceAll("\n", "\n ")}
`);
  return { pool: config.pools.up, said, todo };
};

export const TWO = "server a a.example.com:80\nserver b b.example.com:80";
