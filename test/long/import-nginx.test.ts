/**
 * nginx itself beside what is imported of its files: the same requests, and no difference but those that the report names.
 * Left out where there is no nginx.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importNginx } from "../../scripts/lib/import/nginx/index.ts";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { fetchRaw, type Reply, type RequestOptions } from "../system/support/client.ts";
import { freePort } from "../system/support/ports.ts";
import { dumpNginx, HAS_NGINX, startNginx } from "./support/nginx.ts";

const FILES = join(import.meta.dirname, "nginx");
const OPTIONS = { scheme: null, names: new Map<string, string>(), prefix: null, local: true };

const directory = mkdtempSync(join(tmpdir(), "import-nginx-"));
const origins: Server[] = [];
let nginx: ChildProcess;
let https: string;
let http: string;
let balancer: Balancer;
let report: string;

/** Says who it is and what it got, and answers with the Location that the query asks for. */
async function startOrigin(name: string): Promise<string> {
  const origin = createServer((request, response) => {
    const { host: _, ...headers } = request.headers;
    const seen = Object.entries(headers).filter(([header]) => /^x-(client|constant|secret)$/.test(header));
    const to = new URL(request.url ?? "", "http://origin.test").searchParams.get("go");
    response.setHeader("x-powered-by", "Test");
    if (to !== null) response.setHeader("location", to);
    response.writeHead(to === null ? 200 : 302);
    response.end(JSON.stringify({ name, method: request.method, url: request.url, seen }));
  }).listen(0, "127.0.0.1");
  await once(origin, "listening");
  origins.push(origin);
  return `127.0.0.1:${(origin.address() as AddressInfo).port}`;
}

/** Writes the files with `change` made to them. @returns the path of the main one */
function writeFiles(name: string, change: (text: string) => string): string {
  const to = join(directory, name);
  mkdirSync(to);
  cpSync(FILES, to, { recursive: true });
  for (const file of ["nginx.conf", ...readdirSync(join(to, "conf.d")).map((each) => `conf.d/${each}`)]) {
    writeFileSync(join(to, file), change(readFileSync(join(to, file), "utf8")));
  }
  return join(to, "nginx.conf");
}

beforeAll(async () => {
  if (!HAS_NGINX) return;
  const addresses: Record<string, string> = {
    ORIGIN_A: await startOrigin("a"),
    ORIGIN_B: await startOrigin("b"),
    ORIGIN_C: await startOrigin("c"),
    ORIGIN_DOWN: `127.0.0.1:${await freePort()}`,
  };
  const ports: Record<string, number> = {
    80: await freePort(),
    443: await freePort(),
    9090: await freePort(),
  };
  const withOrigins = (text: string) => text.replace(/ORIGIN_\w+/g, (name) => addresses[name] ?? name);
  const onLoopback = (text: string) =>
    withOrigins(text).replace(/listen (\d+)( ssl)?/g, (_, port: string) => `listen 127.0.0.1:${ports[port]}`);
  const { config, findings } = importNginx([writeFiles("imported", withOrigins)], OPTIONS);
  report = findings.report();
  https = `http://127.0.0.1:${ports[443]}`;
  http = `http://127.0.0.1:${ports[80]}`;
  const main = writeFiles("served", onLoopback);
  nginx = await startNginx(directory, main, https);
  balancer = await startBalancer({ config });
});

afterAll(async () => {
  nginx?.kill();
  await balancer?.stop();
  for (const origin of origins) origin.close();
  rmSync(directory, { recursive: true });
});

/** An answer as far as both must agree: a page of their own about an error is each one's own. */
function answer({ status, headers, body }: Reply, host: string) {
  const text = body.toString();
  const location = headers.location?.replace(new RegExp(`^https?://${host}(:\\d+)?(?=/)`), "");
  return {
    status,
    location,
    body: text.startsWith("{") ? (JSON.parse(text) as unknown) : status === 200 ? text : "",
    type: status === 200 && !text.startsWith("{") ? headers["content-type"] : "",
    added: ["x-everywhere", "x-own", "x-powered-by"].map((name) => headers[name]),
  };
}

async function both(url: string, options: RequestOptions = {}, base = https) {
  const slash = url.indexOf("/");
  const host = url.slice(0, slash);
  const asked = { ...options, headers: { "cf-connecting-ip": "192.0.2.1", ...options.headers, host } };
  const ask = async (at: string) => answer(await fetchRaw(at, url.slice(slash), asked), host);
  return { there: await ask(base), here: await ask(balancer.url) };
}

const from = (address: string): RequestOptions => ({ headers: { "cf-connecting-ip": address } });
const POST: RequestOptions = { method: "POST" };

describe.runIf(HAS_NGINX)("as nginx", () => {
  test.each<[url: string, options?: RequestOptions]>([
    ["first.test/x?y=1"],
    ["any-other-host.test/"],
    ["ports.test/x"],
    ["names.test/"],
    ["a.b.names.test/"],
    ["locations.test/x"],
    ["locations.test/exact"],
    ["locations.test/exact/x"],
    ["locations.test/files/x"],
    ["locations.test/files/never"],
    ["locations.test/api"],
    ["locations.test/api/x"],
    ["locations.test/api/deep/x"],
    ["locations.test/docs"],
    ["locations.test/docs/"],
    ["locations.test/redoc"],
    ["locations.test/shop/x"],
    ["locations.test/shop"],
    ["gates.test/office/x", from("203.0.113.9")],
    ["gates.test/office/x", from("198.51.100.9")],
    ["gates.test/office/x", from("198.51.7.9")],
    ["gates.test/office/x", from("192.0.2.9")],
    ["gates.test/office/x", from("2001:db8::9")],
    ["gates.test/closed/x"],
    ["gates.test/inside/x"],
    ["gates.test/reading/x"],
    ["gates.test/reading/x", { method: "HEAD" }],
    ["gates.test/reading/x", POST],
    ["only-below.test/api/x"],
    ["only-below.test/x"],
    ["only-below.test/"],
    ["paths.test/x"],
    ["paths.test/api/"],
    ["paths.test/api/x?y=1"],
    ["paths.test/v1/x"],
    ["paths.test/v1/x", POST],
    ["paths.test/one?y=1"],
    ["paths.test/strip/x?y=1"],
    ["answers.test/x"],
    ["answers.test/health"],
    ["answers.test/old/x?y=1"],
    ["answers.test/moved"],
    ["answers.test/gone"],
    ["variables.test/x?y=1"],
    ["variables.test/whole/x?y=1"],
    ["variables.test/inner/x?y=1"],
    ["fallback.test/well/x"],
    ["headers.test/x", { headers: { "x-secret": "from the client", "x-constant": "from the client" } }],
    ["headers.test/own/x"],
  ])("%s %j", async (url, options) => {
    const { there, here } = await both(url, options);
    expect(here).toEqual(there);
  });
});

describe.runIf(HAS_NGINX)("other than nginx, as the report says", () => {
  test.each<[url: string, words: RegExp, options?: RequestOptions]>([
    ["locations.test/api-and-more", /location \/api: whole segments of a path match: \/api-and-more/],
    ["locations.test/api/v1/x", /location ~ \^\/api\/v\[12\]\/: no route has a regular expression/],
    ["locations.test/%66iles/x", /paths are compared as they are sent; nginx decoded them/],
    ["gates.test/%63losed/x", /what is closed by its path must be closed at the origin as well/],
    ["gates.test/staff/x", /auth_basic staff: .* requests get through without it/],
    ["only-below.test/api", /\/p goes where \/p\/ goes; nginx redirects it there/],
    ["paths.test/mangled/x", /proxy_pass http:\/\/b\/base: \/mangled\/x became \/basex there/],
    [
      "paths.test/api/x?go=/next",
      /the Location of answers gets back what was taken away, also where it is a path/,
    ],
    ["variables.test/unknown/x", /proxy_pass http:\/\/\$arg_to: where it goes is only known/],
    ["fallback.test/x", /fallback_pool c: .*not after an answer such as 502/],
  ])("%s: %s", async (url, words, options) => {
    const { there, here } = await both(url, options);
    expect(here).not.toEqual(there);
    expect(report).toMatch(words);
  });

  test("a server of http whose hosts are served by https: its redirect", async () => {
    const { there, here } = await both("ports.test/x", {}, http);
    expect([there.status, here.status]).toEqual([301, 200]);
    expect(report).toMatch(
      /server ports\.test: is left out for ports\.test, other hosts at port 80.*Always Use HTTPS/,
    );
  });

  test("a server of another port, which stays closed", async () => {
    const { here } = await both("office.test/x");
    expect(here.body).toMatchObject({ name: "a" });
    expect(report).toMatch(/server ports\.test office\.test: stays closed, with location \/: .*port 9090/);
  });

  test("answers.test/hung-up: a connection that is closed without an answer", async () => {
    const asked = { headers: { host: "answers.test" } };
    await expect(fetchRaw(https, "/hung-up", asked)).rejects.toThrow("socket hang up");
    expect((await fetchRaw(balancer.url, "/hung-up", asked)).status).toBe(404);
    expect(report).toMatch(/return 444: answered 404 here/);
  });

  test("split_clients: the same shares, by another hash", async () => {
    const clients = Array.from({ length: 64 }, (_, index) => from(`192.0.2.${index}`));
    const names = await Promise.all(
      clients.map(
        async (client) => (await both("variables.test/variant/x", client)).here.body as { name: string },
      ),
    );
    expect(new Set(names.map(({ name }) => name))).toEqual(new Set(["a", "b"]));
    expect(report).toMatch(/split_clients: the client's address decides, by another hash/);
  });
});

test.runIf(HAS_NGINX)("a dump of nginx -T is imported as its files are", () => {
  const main = join(directory, "imported/nginx.conf");
  // TLS has no certificates here.
  for (const file of readdirSync(join(directory, "imported/conf.d"))) {
    const path = join(directory, "imported/conf.d", file);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("listen 443 ssl", "listen 443"));
  }
  const dump = join(directory, "dump.conf");
  writeFileSync(dump, dumpNginx(directory, main));
  expect(importNginx([dump], OPTIONS).config).toEqual(importNginx([main], OPTIONS).config);
});
