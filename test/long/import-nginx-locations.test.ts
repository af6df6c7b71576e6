/**
 * Which location a path goes to: nginx's own choice among locations put together by chance, beside that of the routes that are
 * imported of them. Left out where there is no nginx.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importNginx } from "../../scripts/lib/import/nginx/index.ts";
import { destination } from "../support/destinations.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { fetchRaw } from "../system/support/client.ts";
import { freePort } from "../system/support/ports.ts";
import { HAS_NGINX, startNginx } from "./support/nginx.ts";

const SEED = 20_261_130;
const SERVERS = 100;
const LOCATIONS = [
  ...["/", "/a", "/a/", "/a/b/", "/ab", "/b", "/b/c/", "= /", "= /a", "= /a/", "^~ /a/", "^~ /a/b/", "^~ /b"],
  ...[
    "~ ^/",
    "~ ^/a/",
    "~ ^/a/b/c",
    "~ ^/a/?$",
    "~ ^/(a|b)$",
    "~ ^/(a|b)/",
    "~ ^/b(/|$)",
    "~ ^/b/(.*)$",
    "~ ^/c(.*)$",
  ],
];
const PATHS = [
  ...["/", "/a", "/a/", "/a/x", "/a-x", "/ab", "/ab/x", "/a/b", "/a/b/", "/a/b/c", "/a/b/c/d"],
  ...["/b", "/b/", "/b/c", "/b/c/", "/b/c/d", "/bx", "/c", "/c/x", "/d"],
];

const random = seededRandom(SEED);

/** Up to six locations, none of them twice: nginx refuses the same prefix with and without `^~`. */
function someLocations(): string[] {
  const count = 1 + Math.floor(random() * 6);
  const drawn = Array.from(
    { length: count },
    () => LOCATIONS[Math.floor(random() * LOCATIONS.length)] ?? "/",
  );
  return [...new Map(drawn.map((location) => [location.replace("^~ ", ""), location])).values()];
}

/** What only the report says: `/p` beside `/p/`, and prefixes that end within a segment. */
function isNamed(locations: readonly string[], path: string, said: string): boolean {
  const below = locations.some((location) => location.replace("^~ ", "") === `${path}/`);
  return below || said.includes("whole segments of a path match");
}

test.runIf(HAS_NGINX)(`routes choose as nginx does (seed ${SEED})`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "nginx-locations-"));
  const port = await freePort();
  const all = Array.from({ length: SERVERS }, someLocations);
  const write = (
    name: string,
    listen: string,
    does: (pool: number) => string,
    servers: readonly string[][],
  ) => {
    const blocks = servers.map((locations, server) => {
      const inner = locations.map((location, pool) => `location ${location} { ${does(pool)} }`).join("\n");
      return `server { listen ${listen}; server_name s${server}.test; ${inner} }`;
    });
    const text = `events {} http { access_log off; server { listen ${listen}; return 404; } ${blocks.join("\n")} }`;
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const url = `http://127.0.0.1:${port}`;
  const served = write("served.conf", `127.0.0.1:${port}`, (pool) => `return 200 p${pool};`, all);
  const nginx = await startNginx(directory, served, url);
  try {
    for (const [index, locations] of all.entries()) {
      const imported = write("imported.conf", "80", (pool) => `proxy_pass http://p${pool}.test;`, [
        locations,
      ]);
      const { config, findings } = importNginx([imported], {
        scheme: null,
        names: new Map(),
        prefix: null,
        local: false,
      });
      const said = findings.all.map(({ message }) => message).join("\n");
      for (const path of PATHS) {
        const { status, body } = await fetchRaw(url, path, { headers: { host: `s${index}.test` } });
        const there = status === 200 ? body.toString() : `${status}`;
        const here = destination(config, `s0.test${path}`).replace("-test", "");
        if (there !== here && isNamed(locations, path, said)) continue;
        expect({ locations, path, goes: here }).toEqual({ locations, path, goes: there });
      }
    }
  } finally {
    nginx.kill();
    rmSync(directory, { recursive: true });
  }
});
