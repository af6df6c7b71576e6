/** Imports of very large files cost CPU time in proportion to their size, whether they are refused or not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { importCloudflare } from "../../../scripts/lib/import/cloudflare/index.ts";
import { importHaproxy } from "../../../scripts/lib/import/haproxy/index.ts";
import { importNginx } from "../../../scripts/lib/import/nginx/index.ts";
import { ImportError } from "../../../scripts/lib/import/result.ts";

const OPTIONS = { scheme: null, names: new Map(), prefix: null, local: false };
const folder = mkdtempSync(join(tmpdir(), "edge-balancer-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Sizes that are compared: one is eight times the other. */
const [SMALL, LARGE] = [0.25, 2];
/** What is in proportion costs 8 times as much, and somewhat more with a busy collector; a square costs 64 times as much. */
const MOST_FOR_LARGE = 20;
const ROUNDS = 2;
const MOST_ROUNDS = 5;

const repeated = (count: number, part: (n: number) => string, between = "\n") =>
  Array.from({ length: count }, (_, n) => part(n)).join(between);

const haproxy = (lines: string, more = "") =>
  `defaults\n mode http\nfrontend www\n bind :80\n${lines}\n default_backend a\nbackend a\n server a a.test:80\nbackend b\n server b b.test:80\n${more}`;
const nginx = (lines: string, more = "") =>
  `upstream up { server a.test; } ${more} server { location / { proxy_pass http://up; ${lines} } }`;

type Importer = (text: string) => unknown;
const onDisk =
  (name: string, importer: typeof importHaproxy): Importer =>
  (text) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return importer([file], OPTIONS);
  };
const HAPROXY = onDisk("haproxy.cfg", importHaproxy);
const NGINX = onDisk("nginx.conf", importNginx);
const CLOUDFLARE: Importer = (text) => importCloudflare([{ name: "pools.json", text }], OPTIONS);

/** An import of one text. */
class Import {
  readonly #importer: Importer;
  readonly #text: string;
  /** The fewest microseconds of CPU time that it took. */
  cpuUs = Number.POSITIVE_INFINITY;
  /** Why it was refused; empty: it was not. */
  said = "";

  constructor(importer: Importer, text: string) {
    this.#importer = importer;
    this.#text = text;
  }

  run(): void {
    const before = process.cpuUsage();
    try {
      this.#importer(this.#text);
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      this.said = error.message;
    }
    const { user, system } = process.cpuUsage(before);
    this.cpuUs = Math.min(this.cpuUs, user + system);
  }
}

/**
 * The collector works beside the importer and is counted with it, so what is too much is measured again.
 * @param textOf a text that is so many times as large as a usual one
 * @returns what the larger one was refused with
 */
function expectLinear(importer: Importer, textOf: (times: number) => string): string {
  const small = new Import(importer, textOf(SMALL));
  const large = new Import(importer, textOf(LARGE));
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    for (const each of [small, large]) each.run();
    if (round >= ROUNDS && large.cpuUs < MOST_FOR_LARGE * small.cpuUs) return large.said;
  }
  expect(large.cpuUs / small.cpuUs).toBeLessThan(MOST_FOR_LARGE);
  return large.said;
}

/** Sized so that a square of it takes seconds. */
const HOSTS = 2_500;
const TOO_MANY = "becomes more than 1000 routes: leave out hosts that a wider one says as well";

describe("HAProxy's, with thousands of hosts that have a line each:", () => {
  test.each<[name: string, line: (n: number) => string, said: string]>([
    ["a backend for each", (n) => `use_backend b if { hdr(host) h${n}.test }`, TOO_MANY],
    ["an acl for each", (n) => `acl h${n} hdr(host) h${n}.test\nuse_backend b if h${n}`, TOO_MANY],
    ["a host behind a path", (n) => `use_backend b if { path /x } { hdr(host) h${n}.test }`, TOO_MANY],
    ["wildcards", (n) => `redirect prefix http://x if { hdr_end(host) .h${n}.test }`, TOO_MANY],
    ["all at the default backend", (n) => `use_backend a if { hdr(host) h${n}.test }`, ""],
    ["all in one acl", (n) => `acl all hdr(host) h${n}.test\n${n === 0 ? "use_backend a if all" : ""}`, ""],
    ["all but one refused", (n) => `http-request deny if !{ hdr(host) h${n}.test }`, ""],
  ])("%s", (_, line, said) => {
    const refusal = expectLinear(HAPROXY, (times) => haproxy(repeated(times * HOSTS, line)));
    expect(refusal).toContain(said);
  });
});

describe("eight times as much takes eight times as long, and somewhat:", () => {
  const MILLION = 500_000;
  test.each<[name: string, importer: Importer, text: (times: number) => string]>([
    [
      "HAProxy's backends",
      HAPROXY,
      (times) =>
        haproxy(
          "",
          repeated(1_500 * times, (n) => `backend n${n}\n server s s${n}.test:80`),
        ),
    ],
    [
      "HAProxy's servers",
      HAPROXY,
      (times) => haproxy("", `backend n\n${repeated(6_000 * times, (n) => ` server s${n} s${n}.test:80`)}`),
    ],
    [
      "HAProxy's alternatives in one line",
      HAPROXY,
      (times) => haproxy(`http-request deny if ${"{ path /x } || ".repeat(10_000 * times)}{ path /y }`),
    ],
    [
      "a line of HAProxy's",
      HAPROXY,
      (times) => haproxy(`http-request deny if { path ${"x".repeat(MILLION * times)} }`),
    ],
    [
      "nginx's servers",
      NGINX,
      (times) => nginx("", `upstream n { ${repeated(20_000 * times, (n) => `server s${n}.test;`)} }`),
    ],
    [
      "nginx's upstreams",
      NGINX,
      (times) =>
        nginx(
          "",
          repeated(3_000 * times, (n) => `upstream u${n} { server s${n}.test; }`),
        ),
    ],
    [
      "nginx's virtual hosts",
      NGINX,
      (times) =>
        nginx(
          "",
          repeated(
            3_000 * times,
            (n) => `server { server_name h${n}.test; location / { proxy_pass http://up; } }`,
          ),
        ),
    ],
    [
      "nginx's names of one server",
      NGINX,
      (times) =>
        nginx(
          "",
          `server { server_name ${repeated(30_000 * times, (n) => `h${n}.test`, " ")}; location / { proxy_pass http://up; } }`,
        ),
    ],
    [
      "nginx's locations",
      NGINX,
      (times) =>
        `upstream up { server a.test; } server { ${repeated(1_500 * times, (n) => `location /p${n} { proxy_pass http://up; }`)} }`,
    ],
    [
      "nginx's regular expressions",
      NGINX,
      (times) =>
        `upstream up { server a.test; } server { ${repeated(1_500 * times, (n) => `location ~ ^/p${n} { proxy_pass http://up; }`)} }`,
    ],
    ["a word of nginx's", NGINX, (times) => nginx(`add_header x ${"x".repeat(MILLION * times)};`)],
    [
      "a text of nginx's that is never closed",
      NGINX,
      (times) => nginx(`add_header x "${"x".repeat(MILLION * times)}`),
    ],
    ["nginx's blocks in one another", NGINX, (times) => "a {".repeat(MILLION * times)],
    [
      "Lua's comments that are never closed",
      NGINX,
      (times) => nginx(`access_by_lua_block { ${"--[[ ".repeat(10_000 * times)} }`),
    ],
    [
      "Lua's texts that are never closed",
      NGINX,
      (times) => nginx(`access_by_lua_block { ${"[[ ".repeat(10_000 * times)} }`),
    ],
    [
      "Cloudflare's pools",
      CLOUDFLARE,
      (times) =>
        JSON.stringify(
          Array.from({ length: 3_000 * times }, (_, n) => ({
            id: `p${n}`,
            name: `p${n}`,
            origins: [{ name: "a", address: `a${n}.test` }],
          })),
        ),
    ],
  ])("%s", (_, importer, text) => {
    expectLinear(importer, text);
  });
});
